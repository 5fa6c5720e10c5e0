using System.Runtime.CompilerServices;
using System.Threading.Channels;
using RemoteDispatch.Hosts;
using RemoteDispatch.Notifications;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Watching;

/// <summary>
/// Follows the state of everything in the ledger, and of what is put into it meanwhile. While nothing changes, nobody is asked anything.
/// Any number of watches may go on at once, in this process and in others.
/// </summary>
/// <param name="dispatcher">The way to the hosts.</param>
/// <param name="options">What it does; null for the defaults.</param>
public sealed class TaskWatch(Dispatcher dispatcher, WatchOptions? options = null)
{
    /// <summary>Watches, and gives each change as it is seen. To leave off is to end it; what is under way then is done by the next watch.</summary>
    /// <exception cref="DispatchException">An option cannot be used, or the ledger's folder cannot be.</exception>
    public async IAsyncEnumerable<TaskChange> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var run = new WatchRun(dispatcher, options ?? new WatchOptions());
        await using (run.ConfigureAwait(false))
        {
            run.Begin(cancellationToken);
            await foreach (var (change, seen) in run.Changes.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return change;
                // Whoever was given it has come back for the next one.
                seen.TrySetResult();
            }
        }
    }
}

/// <summary>One run of a watch: what its parts share.</summary>
internal sealed class WatchRun : IAsyncDisposable
{
    // The ledger has a task before its host does: so long it may be on its way there, and what is not there is not gone. It is longer than
    // a connect, a launch and a second launch may take.
    private static readonly TimeSpan OnItsWay = TimeSpan.FromMinutes(3);

    private readonly Channel<(TaskChange Change, TaskCompletionSource Seen)> _changes = Channel.CreateBounded<(TaskChange, TaskCompletionSource)>(256);
    private readonly Dictionary<DispatchHost, HostWatch> _hosts = [];
    private readonly Dictionary<string, LineWatch> _lines = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<(string Id, string Stamp)> _waited = [];
    private readonly HashSet<string> _unusable = new(StringComparer.OrdinalIgnoreCase);
    private readonly CancellationTokenSource _end = new();
    private readonly NotifierQueue[] _queues;
    private readonly TaskEnds _ends;
    private LedgerScan? _scan;
    private IReadOnlyList<RemoteTask> _tasks = [];
    private HashSet<(string Id, string Host)> _running = [];
    private Task _work = Task.CompletedTask;
    private bool _isSending;

    public WatchRun(Dispatcher dispatcher, WatchOptions options)
    {
        options.Validate();
        (Dispatcher, Options, Records) = (dispatcher, options, new WatchRecords(dispatcher.Options.Ledger));
        _queues = [.. options.Notifiers.Select(n => new NotifierQueue(n, Time, Warn))];
        _ends = new TaskEnds(this);
    }

    public Dispatcher Dispatcher { get; }

    public WatchOptions Options { get; }

    public WatchRecords Records { get; }

    public TimeProvider Time => Dispatcher.Options.Time;

    public CancellationToken Token => _end.Token;

    public ChannelReader<(TaskChange Change, TaskCompletionSource Seen)> Changes => _changes.Reader;

    public void Begin(CancellationToken cancellationToken) => _work = Task.Run(
        async () =>
        {
            using var leave = cancellationToken.UnsafeRegister(_ => _end.Cancel(), null);
            try
            {
                await WorkAsync().ConfigureAwait(false);
                _changes.Writer.TryComplete();
            }
            catch (OperationCanceledException) when (Token.IsCancellationRequested)
            {
                _changes.Writer.TryComplete();
            }
            catch (Exception e)
            {
                _changes.Writer.TryComplete(e);
            }
        },
        CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        foreach (var queue in _queues)
            await queue.DisposeAsync().ConfigureAwait(false);
        await _work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(_hosts.Values.Select(h => h.Work).Concat(_lines.Values.Select(l => l.Work))).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _scan?.Dispose();
        _ends.Dispose();
        _end.Dispose();
    }

    public void Warn(string message) => Options.Warn?.Invoke(message);

    /// <summary>Wakes the run: a task is settled, or the ledger has more.</summary>
    public void Ring() => _scan?.Ring();

    /// <summary>A task has ended, as a look at its host has found.</summary>
    public void End(RemoteTask task)
    {
        _ends.Begin(task);
        RingLine(task.HostName);
    }

    /// <summary>Did it wait for room while this run went on? Then its start is news.</summary>
    public bool HasWaited(RemoteTask task)
    {
        lock (_waited)
            return _waited.Contains((task.Id, WatchRecord.Stamp(task)));
    }

    /// <summary>Gives a change to whoever reads, and to all notifiers. Those are not waited for.</summary>
    /// <returns>What becomes of the notifications: false where one was cut off before it was told or given up.</returns>
    public async Task<Task<bool[]>> TellAsync(TaskChange change)
    {
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var masked = Options.NotifyOn.Contains(change.Kind) && _queues.Length > 0 ? Dispatcher.Mask(change) : null;
        var told = masked is null ? [] : _queues.Select(q => q.Add(masked)).ToArray();
        await _changes.Writer.WriteAsync((change, seen), Token).ConfigureAwait(false);
        await seen.Task.WaitAsync(Token).ConfigureAwait(false);
        return Task.WhenAll(told);
    }

    private async Task WorkAsync()
    {
        var ledger = Dispatcher.Options.Ledger;
        using var scan = _scan = new LedgerScan(ledger, Time);
        await Records.BeginAsync(scan.Read(_ => { }), Time, Token).ConfigureAwait(false);
        for (var isFirst = true; ; isFirst = false)
        {
            Take(scan.Read(e => Warn(e.Message)), isFirst);
            if (Options.Until == WatchUntil.Once)
            {
                await Task.WhenAll(_lines.Values.Select(l => l.StartAsync())).ConfigureAwait(false);
                Take(scan.Read(_ => { }), isFirst);
                await Task.WhenAll(_hosts.Values.Select(h => h.LookOnceAsync())).ConfigureAwait(false);
                await _ends.AllAsync().ConfigureAwait(false);
                break;
            }

            if (Options.Until == WatchUntil.AllEnded && !_isSending && _hosts.Values.All(h => h.IsIdle) && _ends.IsIdle)
                break;
            await scan.ChangedAsync(Token).ConfigureAwait(false);
        }

        await Task.WhenAll(_queues.Select(q => q.DrainAsync())).WaitAsync(Token).ConfigureAwait(false);
    }

    /// <summary>Hands each task to who follows it.</summary>
    private void Take(IReadOnlyList<RemoteTask> tasks, bool isFirst)
    {
        foreach (var gone in _tasks.ExceptBy(tasks.Select(t => (t.Id, t.HostName)), t => (t.Id, t.HostName)))
            Records.Forget(gone);
        _tasks = tasks;
        var meant = tasks.Where(t => Options.Filter is not { } filter || filter(t)).ToArray();
        _ends.Keep(meant);
        foreach (var ended in meant.Where(t => t.State.IsFinal() && !Records.IsOld(t)))
            _ends.Begin(ended);

        TakeWaiting([.. meant.Where(t => t.IsWaiting)], tasks);
        // What waits keeps the run going as what is on its way does.
        _isSending = meant.Any(t => IsBeingSent(t) || t.IsWaiting);
        var places = meant.Where(t => !t.State.IsFinal() && !t.IsWaiting && !IsBeingSent(t)).Select(t => (Task: t, Host: PlaceOf(t))).Where(t => t.Host is not null).ToLookup(t => t.Host!, t => t.Task);
        foreach (var place in places.Where(p => !_hosts.ContainsKey(p.Key)))
            _hosts[place.Key] = new HostWatch(this, place.Key);
        foreach (var (host, watch) in _hosts)
            watch.Follow([.. places[host]], isFirst);
    }

    /// <summary>Hands what waits to its host's line.</summary>
    private void TakeWaiting(IReadOnlyList<RemoteTask> waiting, IReadOnlyList<RemoteTask> all)
    {
        lock (_waited)
            _waited.UnionWith(waiting.Select(t => (t.Id, WatchRecord.Stamp(t))));
        // Of tasks that are not watched too: one that has ended makes room.
        var running = all.Where(t => t.State == TaskState.Running).Select(t => (t.Id, t.HostName)).ToHashSet();
        foreach (var (_, host) in _running.Where(t => !running.Contains(t)))
            RingLine(host);
        _running = running;
        var hosts = waiting.ToLookup(t => t.HostName, StringComparer.OrdinalIgnoreCase);
        lock (_lines)
        {
            foreach (var host in hosts.Where(h => !_lines.ContainsKey(h.Key)))
                _lines[host.Key] = new LineWatch(this, host.Key);
            foreach (var (host, line) in _lines)
                line.Follow([.. hosts[host]]);
        }
    }

    private void RingLine(string host)
    {
        lock (_lines)
        {
            if (_lines.TryGetValue(host, out var line))
                line.Ring();
        }
    }

    /// <summary>Is whoever sends it about to write down that it runs?</summary>
    private bool IsBeingSent(RemoteTask task) => task.State == TaskState.Pending && Time.GetUtcNow() - task.Dispatched < OnItsWay;

    /// <summary>Where a task is; null, and told once, where the host's entry cannot be used.</summary>
    private DispatchHost? PlaceOf(RemoteTask task)
    {
        try
        {
            var host = Dispatcher.PlaceOf(task);
            _unusable.Remove(task.HostName);
            return host;
        }
        catch (DispatchException e)
        {
            if (_unusable.Add(task.HostName))
                Warn(e.Message);
            return null;
        }
    }
}
