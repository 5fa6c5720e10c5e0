using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Tasks;

public sealed partial class Dispatcher
{
    private static readonly TimeSpan KillPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan WrapperPatience = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Ends a task and every process that belongs to it, daemons that forked twice included: TERM, a grace period, then KILL,
    /// and a look that nothing is left. A task that has ended is stopped of what it left behind, and keeps its state.
    /// </summary>
    /// <param name="task">The task.</param>
    /// <param name="grace">Between TERM and KILL; null for 10 seconds.</param>
    /// <param name="cancellationToken">Ends the wait; signals that were sent stay sent.</param>
    /// <exception cref="DispatchException"><see cref="FailureReason.StopIncomplete"/>: processes are left; or the task cannot be reached.</exception>
    public Task<RemoteTask> StopAsync(RemoteTask task, TimeSpan? grace = null, CancellationToken cancellationToken = default) =>
        StopAsync(task, grace, "", cancellationToken);

    /// <inheritdoc cref="StopAsync(RemoteTask, TimeSpan?, CancellationToken)" path="/summary"/>
    /// <param name="task">The task.</param>
    /// <param name="grace">Between TERM and KILL; null for 10 seconds.</param>
    /// <param name="why">Becomes the task's reason; empty for none.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    internal async Task<RemoteTask> StopAsync(RemoteTask task, TimeSpan? grace, string why, CancellationToken cancellationToken)
    {
        if (task.IsWaiting && await TakeOutAsync(task, cancellationToken).ConfigureAwait(false) is { } taken)
            return taken;
        task = Renew(task);
        var host = HostOf(task);
        var since = Options.Time.GetTimestamp();
        try
        {
            var patience = grace ?? TimeSpan.FromSeconds(10);
            var (left, state) = await _workspaces.StopAsync(host, task.Id, patience > TimeSpan.Zero ? StopStep.Term : StopStep.Kill, cancellationToken, why).ConfigureAwait(false);
            if (state is Absent)
                throw NotOnHost(host.Name, task.Id);
            (left, state) = await UntilGoneAsync(StopStep.Look, patience).ConfigureAwait(false);
            if (!IsGone(left, state))
                (left, state) = await UntilGoneAsync(StopStep.Kill, WrapperPatience).ConfigureAwait(false);
            if (!IsGone(left, state))
                (left, state) = await UntilGoneAsync(StopStep.End, KillPatience).ConfigureAwait(false);
            if (!IsGone(left, state))
            {
                throw new DispatchException(
                    FailureReason.StopIncomplete, $"{left} processes of the task '{task.Id}' are still there on host '{task.HostName}' after KILL.",
                    "They may be another user's (sudo), or hang in the kernel. Look for REMOTE_DISPATCH_ID in /proc/*/environ there.");
            }

            Tell(task.HostName, "stopped", since, $"task={task.Id}");
            return await ExplainAsync(Note(task, await WithRepositoryAsync(task.After(state), cancellationToken).ConfigureAwait(false)), cancellationToken).ConfigureAwait(false);

            // What is seen gone is gone: the count is taken before a step's signals are sent.
            async Task<(int, WorkspaceState)> UntilGoneAsync(StopStep step, TimeSpan limit)
            {
                var start = Options.Time.GetTimestamp();
                var pause = TimeSpan.FromMilliseconds(10);
                (int Left, WorkspaceState State) look = (left, state);
                while (Options.Time.GetElapsedTime(start) <= limit)
                {
                    look = await _workspaces.StopAsync(host, task.Id, step, cancellationToken).ConfigureAwait(false);
                    if (IsGone(look.Left, look.State))
                        break;
                    await Task.Delay(pause, Options.Time, cancellationToken).ConfigureAwait(false);
                    pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, TimeSpan.FromMilliseconds(250).Ticks));
                }

                return look;
            }
        }
        catch (DispatchException e)
        {
            throw e.About(task.HostName, task.Id);
        }
    }

    private static bool IsGone(int left, WorkspaceState state) => left == 0 && state is Ended or Lost or Claimed;
}
