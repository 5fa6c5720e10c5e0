namespace RemoteDispatch.Agents;

/// <summary>What one run of an agent is to have, in the words of the caller. The prompt is not here: it always goes over the agent's stdin.</summary>
public sealed record AgentCall
{
    /// <summary>The model, in the agent's own words; null for the agent's default.</summary>
    public string? Model { get; init; }

    /// <summary>After how many turns the agent stops; null for as many as it takes.</summary>
    public int? MaxTurns { get; init; }

    /// <summary>The session: the one to go on in where <see cref="Resume"/> is set, else the id for a new one (<see cref="AgentProfile.ChoosesSession"/>).</summary>
    public string? Session { get; init; }

    /// <summary>Go on in <see cref="Session"/>?</summary>
    public bool Resume { get; init; }

    /// <summary>What the agent may do without being asked, in the agent's own word (<see cref="AgentProfile.PermissionModes"/>); null for its default.</summary>
    public string? PermissionMode { get; init; }

    /// <summary>Tools that the agent may use without being asked, in its own words.</summary>
    public IReadOnlyList<string> AllowedTools { get; init; } = [];

    /// <summary>Tools that the agent may not use, in its own words.</summary>
    public IReadOnlyList<string> DeniedTools { get; init; } = [];

    /// <summary>Files on the host that the prompt is about: absolute, or below <c>{workspace}/</c>.</summary>
    public IReadOnlyList<string> Attachments { get; init; } = [];

    /// <summary>Is it told how to report (<see cref="AgentFrame"/>)? Then it may run <c>rd</c> without being asked, where its profile says how.</summary>
    public bool Reports { get; init; }

    /// <summary>Does it report each use of a tool, by the settings in the task's folder?</summary>
    public bool ReportsTools { get; init; }

    /// <summary>The address of a warm server of the agent that is to do the work; null for a process of its own.</summary>
    public string? Server { get; init; }
}
