using RemoteDispatch.Tasks;

namespace RemoteDispatch.Watching;

/// <summary>What is done about tasks that have ended: the log is collected, the end announced, and both are noted for all watches.</summary>
internal sealed class TaskEnds(WatchRun run) : IDisposable
{
    private const int AtOnce = 8;
    private const int FirstTries = 3;

    // How often to look whether another watch has done what it had begun, or died of it.
    private static readonly TimeSpan Courtesy = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    private readonly Dictionary<(string Id, string Host, string Stamp), Task> _known = [];
    private readonly SemaphoreSlim _places = new(AtOnce);
    private readonly Lock _guard = new();

    /// <summary>Is nothing left to be done?</summary>
    public bool IsIdle
    {
        get
        {
            lock (_guard)
                return _known.Values.All(t => t.IsCompleted);
        }
    }

    /// <summary>Does what is to be done about a task, once, in the background.</summary>
    public void Begin(RemoteTask task)
    {
        lock (_guard)
        {
            if (!_known.ContainsKey(KeyOf(task)))
                _known[KeyOf(task)] = Task.Run(() => EndAsync(task), CancellationToken.None);
        }
    }

    /// <summary>Waits for all that has begun.</summary>
    public Task AllAsync()
    {
        lock (_guard)
            return Task.WhenAll(_known.Values).WaitAsync(run.Token);
    }

    /// <summary>Forgets what is no longer in the ledger.</summary>
    public void Keep(IEnumerable<RemoteTask> tasks)
    {
        lock (_guard)
        {
            var kept = tasks.Select(KeyOf).ToHashSet();
            foreach (var gone in _known.Where(k => k.Value.IsCompleted && !kept.Contains(k.Key)).Select(k => k.Key).ToArray())
                _known.Remove(gone);
        }
    }

    public void Dispose() => _places.Dispose();

    private static (string Id, string Host, string Stamp) KeyOf(RemoteTask task) => (task.Id, task.HostName, WatchRecord.Stamp(task));

    private async Task EndAsync(RemoteTask task)
    {
        try
        {
            for (var pause = TimeSpan.Zero; ;)
            {
                bool isTaken;
                using (var claim = run.Records.TryTake(task))
                {
                    isTaken = claim is not null;
                    if (claim is not null && (claim.Record.IsSettled || await SettleAsync(claim, task).ConfigureAwait(false)))
                        return;
                }

                // Another process does it, or the host does not give the log; who looks once leaves both to the next time.
                if (run.Options.Until == WatchUntil.Once)
                    return;
                pause = !isTaken ? Courtesy : pause == TimeSpan.Zero ? TimeSpan.FromSeconds(10) : pause * 2 < LongestPause ? pause * 2 : LongestPause;
                await Task.Delay(pause, run.Time, run.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (run.Token.IsCancellationRequested)
        {
            // What is left is the next watch's.
        }
        catch (DispatchException e)
        {
            run.Warn(e.Message);
        }
        catch (Exception e)
        {
            // A fault of ours costs this task a new attempt, with the next look at the ledger.
            run.Warn($"The end of the task '{task.Id}' could not be dealt with: {e}");
            lock (_guard)
                _known.Remove(KeyOf(task));
        }
        finally
        {
            run.Ring();
        }
    }

    /// <summary>Collects and announces, as far as that is not done.</summary>
    private async Task<bool> SettleAsync(WatchClaim claim, RemoteTask task)
    {
        string? lack = null;
        if (!claim.Record.IsCollected)
        {
            await _places.WaitAsync(run.Token).ConfigureAwait(false);
            try
            {
                (task, lack) = await CollectAsync(task, claim.Record.IsAnnounced ? 1 : FirstTries).ConfigureAwait(false);
            }
            finally
            {
                _places.Release();
            }

            claim.Save(claim.Record with { IsCollected = lack is null });
        }

        if (!claim.Record.IsAnnounced)
        {
            var kind = task.State == TaskState.Removed ? TaskChangeKind.Removed : TaskChangeKind.Ended;
            var isTold = await run.TellAsync(new TaskChange(kind, task.HostName, run.Time.GetUtcNow()) { Task = task, Detail = lack }).ConfigureAwait(false);
            if ((await isTold.WaitAsync(run.Token).ConfigureAwait(false)).All(t => t))
                claim.Save(claim.Record with { IsAnnounced = true });
        }

        return claim.Record.IsSettled;
    }

    /// <summary>Copies the log, where there is one to be had.</summary>
    /// <returns>The task with the copy, and what is lacking where the host may still give it.</returns>
    private async Task<(RemoteTask Task, string? Lack)> CollectAsync(RemoteTask task, int tries)
    {
        if (task.State is TaskState.LaunchFailed or TaskState.Removed || task is { State: TaskState.Stopped, Started: null })
            return (task, null);
        var pause = TimeSpan.FromSeconds(1);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return (await run.Dispatcher.CollectOnceAsync(task, run.Token).ConfigureAwait(false), null);
            }
            catch (DispatchException e) when (Patience.MayPass(e.Reason))
            {
                if (attempt >= tries)
                    return (task, $"its log could not be collected yet: {e.Message}");
            }
            catch (DispatchException e)
            {
                run.Warn($"The log of the task '{task.Id}' cannot be collected: {e.Message}");
                return (task, null);
            }

            await Task.Delay(pause, run.Time, run.Token).ConfigureAwait(false);
            pause *= 2;
        }
    }
}
