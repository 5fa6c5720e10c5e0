using System.Text.Json.Nodes;

namespace RemoteDispatch.Agents;

/// <summary>
/// How an AI agent's command line is found, started, resumed and understood, as data: <c>Agents/*.json</c>, and files of the same form of the
/// user's own (docs/agents.md).
/// </summary>
public sealed partial record AgentProfile
{
    /// <summary>What it is called here: <c>claude</c>, <c>codex</c>, …</summary>
    public required string Name { get; init; }

    /// <summary>The program.</summary>
    public required string Program { get; init; }

    /// <summary>What makes it print its version and end.</summary>
    public IReadOnlyList<string> VersionArguments { get; init; } = ["--version"];

    /// <summary>Files that its sign-in writes: <c>~/PATH</c>, or <c>$VARIABLE/PATH</c> below a folder that a variable names.</summary>
    public IReadOnlyList<string> SignInFiles { get; init; } = [];

    /// <summary>Variables that are its sign-in, or name it.</summary>
    public IReadOnlyList<string> SignInVariables { get; init; } = [];

    /// <summary>Systems (as <c>uname -s</c> calls them) with a keychain, where nobody can tell.</summary>
    public IReadOnlyList<string> Keychains { get; init; } = [];

    /// <summary>Does the profile say how the agent is started? One that does not is only looked for.</summary>
    public bool CanRun => Start is not null;

    /// <summary>Can it go on in a session?</summary>
    public bool CanResume => ResumeOption is not null;

    /// <summary>Does it take the id of a new session (<see cref="NewSession"/>)? Else the id is read from its output.</summary>
    public bool ChoosesSession => SessionOption is not null;

    /// <summary>Does it know a limit of turns?</summary>
    public bool HasTurnLimit => MaxTurnsOption is not null;

    /// <summary>The words that <see cref="AgentCall.PermissionMode"/> may be.</summary>
    public IReadOnlyList<string> PermissionModes => Modes.Keys.ToArray();

    /// <summary>The address of the warm server that the profile names; null for none.</summary>
    public string? Server { get; init; }

    internal AgentOption? Start { get; init; }

    internal AgentOption? ResumeOption { get; init; }

    internal AgentOption? SessionOption { get; init; }

    internal AgentOption? ModelOption { get; init; }

    internal AgentOption? MaxTurnsOption { get; init; }

    internal IReadOnlyDictionary<string, AgentOption> Modes { get; init; } = new Dictionary<string, AgentOption>(StringComparer.Ordinal);

    internal IReadOnlyList<string> Skips { get; init; } = [];

    internal AgentOption? AllowedToolOption { get; init; }

    internal AgentOption? DeniedToolOption { get; init; }

    internal AgentOption? AttachOption { get; init; }

    internal AgentOption? ReportOption { get; init; }

    internal AgentOption? ToolReportOption { get; init; }

    internal AgentOption? ServerOption { get; init; }

    internal JsonObject BaseEnvironment { get; init; } = [];

    /// <summary>Does the agent end as if it were done when its limit of turns is reached? Then as many turns as the limit are that end.</summary>
    internal bool CountsTurns { get; init; }

    internal IReadOnlyList<OutputRule> Output { get; init; } = [];

    internal IReadOnlyDictionary<int, AgentEnd> Exits { get; init; } = new Dictionary<int, AgentEnd>();

    /// <summary>What <c>rd_signed</c> looks at, in its words.</summary>
    internal IEnumerable<string> Proofs => SignInFiles.Select(f => f[0] == '~' ? $"home {f[2..]}" : $"below {f[1..]}")
        .Concat(SignInVariables.Select(v => $"set {v}")).Concat(Keychains.Select(k => $"keychain {k}"));

    /// <summary>The variables that name folders in <see cref="SignInFiles"/>.</summary>
    internal IEnumerable<string> FolderVariables => SignInFiles.Where(f => f[0] == '$').Select(f => f[1..f.IndexOf('/', StringComparison.Ordinal)]);

    /// <summary>An id for a new session of an agent that takes one.</summary>
    public static string NewSession() => Guid.NewGuid().ToString("D");

    /// <summary>Does this mode switch the agent's own permission system off?</summary>
    /// <param name="mode">A word of <see cref="PermissionModes"/>; null for the agent's default, which never does.</param>
    public bool SkipsPermissions(string? mode) => mode is not null && Skips.Contains(mode, StringComparer.OrdinalIgnoreCase);
}
