using RemoteDispatch.Tasks;

namespace RemoteDispatch.Watching;

/// <summary>
/// Starts what waits for one host, in the order of its dispatch: when a task there has ended, when another one waits, and otherwise when the host
/// said to come again. Two watches that try at once start nothing twice.
/// </summary>
internal sealed class LineWatch(WatchRun run, string host)
{
    // A worker of somebody else's ends without a word to this watch.
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private readonly Bell _bell = new(run.Time);
    private readonly Lock _guard = new();
    private HashSet<string> _waiting = [];
    private string? _said;
    private Task? _work;

    /// <summary>Ends when the run does.</summary>
    public Task Work => _work ?? Task.CompletedTask;

    /// <summary>Says which tasks wait, as the ledger has them.</summary>
    public void Follow(IReadOnlyList<RemoteTask> tasks)
    {
        var waiting = tasks.Select(t => t.Id).ToHashSet();
        bool isNews;
        lock (_guard)
        {
            isNews = !waiting.IsSubsetOf(_waiting);
            _waiting = waiting;
        }

        if (run.Options.Until == WatchUntil.Once)
            return;
        if (isNews)
            _work ??= Task.Run(WorkAsync, CancellationToken.None);
        if (isNews)
            _bell.Ring();
    }

    /// <summary>Something there has ended.</summary>
    public void Ring() => _bell.Ring();

    /// <summary>One attempt.</summary>
    public async Task<TimeSpan?> StartAsync()
    {
        string[] before;
        lock (_guard)
            before = [.. _waiting];
        if (before.Length == 0)
            return null;
        var again = await run.Dispatcher.StartWaitingAsync(host, run.Token).ConfigureAwait(false);
        // Why nothing is started that is no lack of room is said once.
        var now = before.Select(id => run.Dispatcher.Options.Ledger.Find(id, host)).OfType<RemoteTask>().ToArray();
        // What was started is to be followed at once, also where the system does not tell of the ledger (a network's file system, no inotify left).
        if (now.Any(t => !t.IsWaiting))
            run.Ring();
        var lack = now.FirstOrDefault(t => t.IsWaiting && t.Reason?.Contains("started by", StringComparison.Ordinal) is not true)?.Reason;
        if (lack is not null && lack != _said)
            run.Warn($"The tasks for host '{host}' are not started yet: {lack["waits: ".Length..]}");
        _said = lack;
        return again;
    }

    private async Task WorkAsync()
    {
        while (!run.Token.IsCancellationRequested)
        {
            try
            {
                var again = await StartAsync().ConfigureAwait(false);
                await _bell.WaitAsync(again is null ? LongestPause : again > TimeSpan.Zero ? again : Again, run.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (run.Token.IsCancellationRequested)
            {
                break;
            }
            catch (DispatchException e)
            {
                run.Warn($"The tasks that wait for host '{host}' could not be started: {e.Message}");
                await _bell.WaitAsync(LongestPause, run.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (Exception e)
            {
                // A fault of ours costs one host a pause, and is told.
                run.Warn($"The line of host '{host}' failed: {e}");
                await _bell.WaitAsync(LongestPause, run.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
