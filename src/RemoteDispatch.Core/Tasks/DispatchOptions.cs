namespace RemoteDispatch.Tasks;

/// <summary>How a task is dispatched; what is dispatched is the <see cref="TaskRequest"/>.</summary>
public sealed record DispatchOptions
{
    /// <summary>
    /// The caller goes on to wait for the task, or to follow it. So a task that has to wait for room may have secrets that only this process has:
    /// it holds them until it starts the task. Without it, such a task is refused (<see cref="FailureReason.HostBusy"/>).
    /// </summary>
    public bool IsAwaited { get; init; }
}
