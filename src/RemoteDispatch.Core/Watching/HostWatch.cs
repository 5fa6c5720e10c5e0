using RemoteDispatch.Hosts;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Watching;

/// <summary>
/// The tasks at one place that have not ended. It is looked at when something may have changed: the host tells (its feed), the ledger has a new
/// task, or the connection was lost. Otherwise nothing is asked, but for the pulses.
/// </summary>
internal sealed partial class HostWatch(WatchRun run, DispatchHost host)
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    private readonly Dictionary<(string Id, string Stamp), Followed> _followed = [];
    private readonly Bell _bell = new(run.Time);
    private readonly Lock _guard = new();
    private IReadOnlyList<RemoteTask> _wanted = [];
    private bool _isFirst = true;
    private bool _mustLook;
    private bool _isUnreachable;
    private Task? _work;

    /// <summary>Ends when the run does.</summary>
    public Task Work => _work ?? Task.CompletedTask;

    /// <summary>Is there no task to follow?</summary>
    public bool IsIdle
    {
        get
        {
            lock (_guard)
                return _wanted.Count == 0;
        }
    }

    /// <summary>Says which tasks are here, as the ledger has them.</summary>
    /// <param name="tasks">Those that have not ended.</param>
    /// <param name="isFirst">Were they there before the watch?</param>
    public void Follow(IReadOnlyList<RemoteTask> tasks, bool isFirst)
    {
        bool isSame;
        lock (_guard)
        {
            isSame = _wanted.Select(KeyOf).ToHashSet().SetEquals(tasks.Select(KeyOf));
            _wanted = tasks;
            _isFirst = isFirst;
        }

        if (run.Options.Until == WatchUntil.Once || isSame)
            return;
        _work ??= Task.Run(WorkAsync, CancellationToken.None);
        _bell.Ring();
    }

    /// <summary>One look, and one pulse where that is due.</summary>
    public async Task LookOnceAsync()
    {
        TakeWanted();
        if (_followed.Count == 0)
            return;
        try
        {
            await LookAsync().ConfigureAwait(false);
            await PulseAsync().ConfigureAwait(false);
        }
        catch (DispatchException e)
        {
            await NoteLossAsync(e).ConfigureAwait(false);
        }
    }

    private async Task WorkAsync()
    {
        var pause = TimeSpan.Zero;
        while (!run.Token.IsCancellationRequested)
        {
            try
            {
                TakeWanted();
                if (_mustLook)
                    await LookAsync().ConfigureAwait(false);
                await PulseAsync().ConfigureAwait(false);
                pause = TimeSpan.Zero;
                Hear();
                await _bell.WaitAsync(UntilNext(), run.Token).ConfigureAwait(false);
            }
            catch (DispatchException e)
            {
                // Whatever it is: a watch that goes on for weeks outlasts it. Nobody else tries meanwhile.
                Deafen();
                _mustLook = true;
                pause = pause == TimeSpan.Zero ? TimeSpan.FromSeconds(1) : pause * 2 < LongestPause ? pause * 2 : LongestPause;
                await NoteLossAsync(e).ConfigureAwait(false);
                await _bell.WaitAsync(pause, run.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException) when (run.Token.IsCancellationRequested)
            {
                break;
            }
            catch (Exception e)
            {
                // A fault of ours costs one host a pause, and is told.
                run.Warn($"The watch of host '{host.Name}' failed: {e}");
                await _bell.WaitAsync(LongestPause, run.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        Deafen();
    }

    /// <summary>Takes over what the ledger says: new tasks are followed, and those that are gone no more.</summary>
    private void TakeWanted()
    {
        IReadOnlyList<RemoteTask> wanted;
        bool isFirst;
        lock (_guard)
            (wanted, isFirst) = (_wanted, _isFirst);
        var keys = wanted.ToDictionary(KeyOf);
        foreach (var gone in _followed.Keys.Where(k => !keys.ContainsKey(k)).ToArray())
            Leave(gone);
        foreach (var (key, task) in keys)
        {
            if (_followed.ContainsKey(key))
                continue;
            _followed[key] = new Followed(task) { IsNew = !isFirst || run.HasWaited(task) };
            _mustLook = true;
        }
    }

    private async Task LookAsync()
    {
        // What rings from here on may be newer than the answer.
        _mustLook = false;
        var followed = _followed.ToArray();
        if (followed.Length == 0)
            return;
        var looks = await run.Dispatcher.LookAsync([.. followed.Select(f => f.Value.Task)], run.Token).ConfigureAwait(false);
        if (looks.FirstOrDefault(l => l.Failure is not null)?.Failure is { } failure)
            throw failure;
        await NoteAnswerAsync().ConfigureAwait(false);
        foreach (var ((key, one), look) in followed.Zip(looks))
        {
            var hasStarted = look.Task.State == TaskState.Running && (one.IsNew || one.Task.State == TaskState.Pending);
            one.Task = look.Task;
            if (look.Task.State == TaskState.Running)
                one.IsNew = false;
            if (hasStarted)
                await run.TellAsync(new TaskChange(TaskChangeKind.Started, host.Name, run.Time.GetUtcNow()) { Task = look.Task }).ConfigureAwait(false);
            if (!look.Task.State.IsFinal())
                continue;
            Leave(key);
            run.End(look.Task);
        }
    }

    private async Task NoteLossAsync(DispatchException failure)
    {
        if (_isUnreachable)
            return;
        _isUnreachable = true;
        await TellOfHostAsync(TaskChangeKind.Unreachable, failure.Message).ConfigureAwait(false);
    }

    private async Task NoteAnswerAsync()
    {
        if (!_isUnreachable)
            return;
        _isUnreachable = false;
        await TellOfHostAsync(TaskChangeKind.Reachable, null).ConfigureAwait(false);
    }

    private async Task TellOfHostAsync(TaskChangeKind kind, string? why)
    {
        try
        {
            await run.TellAsync(new TaskChange(kind, host.Name, run.Time.GetUtcNow()) { Detail = why }).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (run.Token.IsCancellationRequested)
        {
            // The watch has ended.
        }
    }

    private static (string Id, string Stamp) KeyOf(RemoteTask task) => (task.Id, WatchRecord.Stamp(task));
}
