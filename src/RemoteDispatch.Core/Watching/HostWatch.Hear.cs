using RemoteDispatch.Tasks;

namespace RemoteDispatch.Watching;

/// <summary>How a host tells that something has changed.</summary>
internal sealed partial class HostWatch
{
    // One that ends at once, again and again, is asked for more and more seldom.
    private static readonly TimeSpan Steady = TimeSpan.FromMinutes(1);

    /// <summary>Has the host tell of each task that it does not tell of yet.</summary>
    private void Hear()
    {
        foreach (var one in _followed.Values.Where(f => f.Hearing is null && WaitOf(f) <= TimeSpan.Zero))
        {
            one.Hearing = CancellationTokenSource.CreateLinkedTokenSource(run.Token);
            one.HeardSince = run.Time.GetTimestamp();
            _ = HearAsync(one, one.Task, one.Hearing.Token);
        }
    }

    private async Task HearAsync(Followed one, RemoteTask task, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var state in run.Dispatcher.HearStatesAsync(host, task, Ring, cancellationToken).ConfigureAwait(false))
            {
                if (state != task.State && !state.IsFinal())
                    Ring();
                task = task with { State = state };
            }
        }
        catch (OperationCanceledException)
        {
            return;
        }
        catch (Exception e) when (e is DispatchException or ObjectDisposedException)
        {
            // The look that follows says what it is.
        }

        one.HasEnded = true;
        Ring();
    }

    private void Ring()
    {
        _mustLook = true;
        _bell.Ring();
    }

    /// <summary>Nobody hears of this host any more, until it is asked to tell again.</summary>
    private void Deafen()
    {
        foreach (var one in _followed.Values)
            Hush(one);
    }

    private void Leave((string Id, string Stamp) key)
    {
        if (_followed.Remove(key, out var one))
            Hush(one);
    }

    private static void Hush(Followed one)
    {
        if (one.Hearing is { } hearing)
            _ = EndAsync(hearing);
        (one.Hearing, one.HasEnded) = (null, false);

        // Not here: what hears of it runs on.
        static async Task EndAsync(CancellationTokenSource hearing)
        {
            await hearing.CancelAsync().ConfigureAwait(false);
            hearing.Dispose();
        }
    }

    /// <summary>How long until the host is asked to tell of it again.</summary>
    private TimeSpan WaitOf(Followed one) => one.Pause - run.Time.GetElapsedTime(one.HeardSince);

    /// <summary>What told and ended while the task goes on is asked for again, later.</summary>
    private void Mend()
    {
        foreach (var one in _followed.Values.Where(f => f.HasEnded))
        {
            var isSteady = run.Time.GetElapsedTime(one.HeardSince) > Steady;
            one.Pause = isSteady || one.Pause == TimeSpan.Zero ? TimeSpan.FromSeconds(1) : one.Pause * 2 < LongestPause ? one.Pause * 2 : LongestPause;
            one.HeardSince = run.Time.GetTimestamp();
            Hush(one);
        }
    }

    /// <summary>How long nothing is to be done, as long as nobody rings.</summary>
    private TimeSpan? UntilNext()
    {
        Mend();
        TimeSpan? next = null;
        foreach (var one in _followed.Values)
        {
            if (one.Hearing is null)
                next = Sooner(next, WaitOf(one));
            if (UntilPulse(one) is { } pulse)
                next = Sooner(next, pulse);
        }

        return next is { } span && span < TimeSpan.Zero ? TimeSpan.FromMilliseconds(1) : next;
    }

    private static TimeSpan Sooner(TimeSpan? one, TimeSpan other) => one < other ? one.Value : other;

    /// <summary>A task, and how it is followed.</summary>
    private sealed class Followed(RemoteTask task)
    {
        public RemoteTask Task { get; set; } = task;

        /// <summary>It came while somebody watched, and has not been seen running.</summary>
        public bool IsNew { get; set; }

        /// <summary>Ends the hearing; null while nobody hears.</summary>
        public CancellationTokenSource? Hearing { get; set; }

        public long HeardSince { get; set; }

        public TimeSpan Pause { get; set; }

        /// <summary>The hearing has ended by itself.</summary>
        public bool HasEnded { get; set; }

        /// <summary>When its pulse was last felt; null for never.</summary>
        public long? Felt { get; set; }

        public bool IsStopping { get; set; }
    }
}
