namespace RemoteDispatch;

/// <summary>
/// The one exception of this library for what can go wrong outside it: what failed (the message), where
/// (<see cref="Host"/>, <see cref="TaskId"/>), of what kind (<see cref="Reason"/>) and what to do next (<see cref="Remedy"/>).
/// </summary>
public sealed class DispatchException : Exception
{
    /// <summary>Creates a failure.</summary>
    /// <param name="reason">The kind of failure.</param>
    /// <param name="message">One sentence that says what failed. Never a secret, never a command line.</param>
    /// <param name="remedy">One sentence that says what to do next.</param>
    /// <param name="inner">What was behind it, where there was something.</param>
    public DispatchException(FailureReason reason, string message, string remedy, Exception? inner = null)
        : base(message, inner)
    {
        Reason = reason;
        Remedy = remedy;
    }

    /// <summary>The kind of failure.</summary>
    public FailureReason Reason { get; }

    /// <summary>What to do next.</summary>
    public string Remedy { get; }

    /// <summary>The host it happened on, by its name in the inventory or as it was given; null where no host is concerned.</summary>
    public string? Host { get; init; }

    /// <summary>The task it happened to; null where no task is concerned.</summary>
    public string? TaskId { get; init; }

    /// <summary>What was asked before the connect failed, step by step, the failed one last; empty where no connect is concerned.</summary>
    public IReadOnlyList<PreflightStep> Preflight { get; init; } = [];

    /// <summary>Had the host let us in, when a connect failed?</summary>
    internal bool IsAuthenticated { get; init; }

    /// <summary>The same failure, said of a task.</summary>
    /// <param name="host">The host's name.</param>
    /// <param name="taskId">The task's id.</param>
    public DispatchException About(string host, string? taskId) =>
        new(Reason, Message, Remedy, InnerException) { Host = Host ?? host, TaskId = TaskId ?? taskId, Preflight = Preflight, IsAuthenticated = IsAuthenticated };
}
