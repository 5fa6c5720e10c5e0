using RemoteDispatch.Credentials;
using RemoteDispatch.Hosts;
using RemoteDispatch.Logs;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Tasks;

/// <summary>
/// The main path: sends tasks to hosts, and looks after them from any session. Safe to use from many threads at once; the
/// connections are shared by all of them. Each verb has a file of its own: <c>Dispatcher.Dispatch.cs</c>, <c>.Look.cs</c>, …
/// </summary>
public sealed partial class Dispatcher : IAsyncDisposable
{
    private readonly WorkspaceClient _workspaces;
    private readonly HostFeeds _feeds;
    private readonly LogReader _logs;
    private readonly LogReader _errors;
    private readonly LogReader _events;
    private readonly LogCollector _collector;
    private readonly WaitingLine _line;

    /// <summary>Creates one. It connects to nothing until it is asked for something.</summary>
    public Dispatcher(DispatcherOptions? options = null)
    {
        Options = options ?? new DispatcherOptions();
        _workspaces = new WorkspaceClient(Options.Connections);
        _line = new WaitingLine(Options.Ledger, Options.Time);
        _tokens = new TokenKeeper(Options.Time);
        _feeds = new HostFeeds(_workspaces);
        _logs = new LogReader(_workspaces, _feeds);
        _errors = new LogReader(_workspaces, _feeds, FeedWhat.Error);
        _events = new LogReader(_workspaces, _feeds, FeedWhat.Events);
        _collector = new LogCollector(_workspaces, Options.LogFolder);
    }

    /// <summary>What it works with.</summary>
    public DispatcherOptions Options { get; }

    /// <summary>Closes the connections. Tasks go on; tokens that nobody else would revoke in time are revoked.</summary>
    public async ValueTask DisposeAsync()
    {
        _feeds.Dispose();
        LetGo();
        await _tokens.DisposeAsync().ConfigureAwait(false);
        await _workspaces.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// The host of a task as the inventory knows it today (its address may have changed), but always in the container and
    /// with the workspace root that the task was sent to. A task that was sent with the SSH agent has it whenever this user connects for it,
    /// until it has ended.
    /// </summary>
    private DispatchHost HostOf(RemoteTask task)
    {
        var today = Options.Inventory.Find(task.HostName) ?? task.Host with { IsAddressOnly = true };
        return today with
        {
            Container = task.Host.Container,
            WorkspaceRoot = task.Host.WorkspaceRoot,
            ForwardAgent = today.ForwardAgent || (task.Host.ForwardAgent && !task.State.IsFinal()),
        };
    }

    /// <summary>
    /// Writes down what became of a task. The ledger is a cache: that it cannot be written is told, and changes nothing about
    /// what is true of the task.
    /// </summary>
    private RemoteTask Record(RemoteTask task)
    {
        try
        {
            Options.Ledger.Write(task);
        }
        catch (DispatchException e)
        {
            Tell(task.HostName, "ledger_failed", Options.Time.GetTimestamp(), $"task={task.Id} {e.Message}");
        }

        return task;
    }

    private void Tell(string host, string step, long since, string detail) =>
        Options.Connections.Observer?.Invoke(new WorkStep(host, step, Options.Time.GetElapsedTime(since), detail));
}
