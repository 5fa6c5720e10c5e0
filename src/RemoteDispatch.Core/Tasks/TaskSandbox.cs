namespace RemoteDispatch.Tasks;

/// <summary>What a task's sandbox is, as its host found when the task began.</summary>
/// <param name="Kind">Whether it is a boundary.</param>
/// <param name="Maker">The program that makes the boundary (<c>bwrap</c>, <c>docker</c>); null where there is none.</param>
/// <param name="HasNetwork">Whether there is a network inside.</param>
public sealed record TaskSandbox(SandboxKind Kind, string? Maker, bool HasNetwork)
{
    /// <summary>What people are told who asked for a sandbox and got no boundary.</summary>
    public const string NoBoundary =
        "no boundary could be made there (neither bubblewrap nor docker makes one), so that the sandbox is a home and an environment alone: the task can still read the user's files.";

    private const string Offline = ":offline";

    /// <summary>As people read it: <c>Boundary (bwrap, no network)</c>.</summary>
    public override string ToString() => Kind == SandboxKind.Environment ? nameof(SandboxKind.Environment) : $"{Kind} ({Maker}{(HasNetwork ? "" : ", no network")})";

    /// <summary>Reads what the wrapper wrote. A word that is not known is no boundary: nothing is claimed that is not known.</summary>
    internal static TaskSandbox Parse(string word) => word switch
    {
        "bwrap" or "docker" => new TaskSandbox(SandboxKind.Boundary, word, true),
        "bwrap" + Offline or "docker" + Offline => new TaskSandbox(SandboxKind.Boundary, word[..^Offline.Length], false),
        _ => new TaskSandbox(SandboxKind.Environment, null, true),
    };

    internal string ToWord() => Kind == SandboxKind.Environment ? "environment" : Maker + (HasNetwork ? "" : Offline);
}

/// <summary>How much a sandbox is.</summary>
public enum SandboxKind
{
    /// <summary>
    /// A home and variables of the task's own, and nothing that keeps it from the rest: it protects against accidents, and not against a
    /// task that looks for the user's files.
    /// </summary>
    Environment,

    /// <summary>The kernel keeps it in: it sees a system that it cannot write, its own home, what was named, and its own processes.</summary>
    Boundary,
}
