namespace RemoteDispatch;

/// <summary>
/// Outlasts a lost connection: whoever follows or waits asks again after 1, 2, 4 … at most 30 seconds, for as long as the
/// caller lets it, and says so once.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="observer">Hears of the wait.</param>
internal sealed class Patience(TimeProvider time, Action<WorkStep>? observer)
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    private TimeSpan _pause = TimeSpan.Zero;

    /// <summary>
    /// Does a failure of this kind pass by itself? Whoever asks has a task: its host was there once, and a name that nothing knows now
    /// is the network's doing.
    /// </summary>
    public static bool MayPass(FailureReason reason) => reason
        is FailureReason.ConnectionLost or FailureReason.HostUnreachable or FailureReason.ConnectionRefused
        or FailureReason.RequestTimedOut or FailureReason.ConnectFailed or FailureReason.NameNotResolved or FailureReason.ConnectTimedOut or FailureReason.HostNotFound;

    /// <summary>Asks until there is an answer, or a failure that will not pass.</summary>
    public async Task<T> AskAsync<T>(Func<Task<T>> ask, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                var answer = await ask().ConfigureAwait(false);
                Reset();
                return answer;
            }
            catch (DispatchException e) when (MayPass(e.Reason))
            {
                await PauseAsync(e, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Lets some time pass after a failure: more after each one, and the first is told.</summary>
    public Task PauseAsync(DispatchException failure, CancellationToken cancellationToken)
    {
        if (_pause == TimeSpan.Zero)
            observer?.Invoke(new WorkStep(failure.Host ?? "", "waiting", TimeSpan.Zero, failure.Message));
        _pause = _pause == TimeSpan.Zero ? TimeSpan.FromSeconds(1) : TimeSpan.FromTicks(Math.Min(_pause.Ticks * 2, Longest.Ticks));
        return Task.Delay(_pause, time, cancellationToken);
    }

    /// <summary>There was an answer: the next failure is a first one.</summary>
    public void Reset() => _pause = TimeSpan.Zero;
}
