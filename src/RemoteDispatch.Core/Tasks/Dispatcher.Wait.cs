namespace RemoteDispatch.Tasks;

public sealed partial class Dispatcher
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    // What a timer can count; a longer wait is as good as an endless one.
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(48);

    /// <summary>
    /// Waits until a task has ended. A connection that is lost meanwhile is made again, for as long as the caller lets it.
    /// </summary>
    /// <param name="task">The task.</param>
    /// <param name="timeout">How long to wait; null for as long as it takes. It is the wait's limit, not the task's.</param>
    /// <param name="cancellationToken">Ends the wait, never the task.</param>
    /// <returns>The task as it ended.</returns>
    /// <exception cref="DispatchException"><see cref="FailureReason.WaitTimedOut"/>, or the task cannot be looked at.</exception>
    public async Task<RemoteTask> WaitAsync(RemoteTask task, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        if (timeout < TimeSpan.Zero)
            throw new DispatchException(FailureReason.InvalidInput, "A time to wait is not negative.", "Write it as 90s, 10m or 2h.");
        using var limit = new CancellationTokenSource(timeout is { } span && span < LongestWait ? span : Timeout.InfiniteTimeSpan, Options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        var patience = new Patience(Options.Time, Options.Connections.Observer);
        var pause = ShortestPause;
        var since = Options.Time.GetTimestamp();
        try
        {
            while (true)
            {
                task = await patience.AskAsync(() => SeeAsync(task, either.Token), either.Token).ConfigureAwait(false);
                if (task.State.IsFinal())
                {
                    Tell(task.HostName, "ended", since, $"task={task.Id} state={task.State}{(task.ExitCode is { } code ? $" exit_code={code}" : "")}");
                    return task;
                }

                await Task.Delay(pause, Options.Time, either.Token).ConfigureAwait(false);
                pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 3 / 2, LongestPause.Ticks));
            }
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new DispatchException(
                FailureReason.WaitTimedOut, $"The task '{task.Id}' on host '{task.HostName}' has not ended within {timeout!.Value.TotalSeconds:0.#} seconds; it goes on.",
                "Wait again, follow its log, or stop it.") { Host = task.HostName, TaskId = task.Id };
        }
    }
}
