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
    private readonly LogCollector _collector;

    /// <summary>Creates one. It connects to nothing until it is asked for something.</summary>
    public Dispatcher(DispatcherOptions? options = null)
    {
        Options = options ?? new DispatcherOptions();
        _workspaces = new WorkspaceClient(Options.Connections);
        _feeds = new HostFeeds(_workspaces);
        _logs = new LogReader(_workspaces, _feeds);
        _collector = new LogCollector(_logs, Options.LogFolder);
    }

    /// <summary>What it works with.</summary>
    public DispatcherOptions Options { get; }

    /// <summary>Closes the connections. Tasks go on.</summary>
    public ValueTask DisposeAsync()
    {
        _feeds.Dispose();
        return _workspaces.DisposeAsync();
    }

    /// <summary>
    /// The host of a task as the inventory knows it today (its address may have changed), but always in the container and
    /// with the workspace root that the task was sent to.
    /// </summary>
    private DispatchHost HostOf(RemoteTask task)
    {
        var today = Options.Inventory.Find(task.HostName) ?? task.Host with { IsAddressOnly = true };
        return today with { Container = task.Host.Container, WorkspaceRoot = task.Host.WorkspaceRoot };
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
