namespace RemoteDispatch.Agents;

/// <summary>How an agent's process ended, as its exit record has it, and what the task reported meanwhile.</summary>
/// <param name="Code">The exit code; null where there is none (a signal, a host that went down).</param>
public sealed record AgentExit(int? Code)
{
    /// <summary>Did the time limit end it?</summary>
    public bool TimedOut { get; init; }

    /// <summary>Did somebody stop it?</summary>
    public bool Stopped { get; init; }

    /// <summary>What it said last that it needs (<c>rd blocked</c>), where it did not take that back; null for nothing.</summary>
    public string? Question { get; init; }
}
