using System.Text.Json.Nodes;
using RemoteDispatch.Connections;

namespace RemoteDispatch.Tasks;

/// <summary>
/// A sandbox that a task asks for: a home of its own that is gone at the end, few variables, umask 077; and where the host can make one, a
/// boundary. <see cref="RemoteTask.Sandbox"/> says what it became.
/// </summary>
public sealed record SandboxRequest
{
    // The sandbox's own: another value would lead out of it.
    private static readonly string[] Own = ["HOME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"];

    /// <summary>What of the user's own crosses into it.</summary>
    public SandboxAllowance Allow { get; init; }

    /// <summary>No network inside. Only a boundary can keep to that: without one the task is refused.</summary>
    public bool NoNetwork { get; init; }

    /// <summary>Refuse the task where no boundary can be made.</summary>
    public bool RequireBoundary { get; init; }

    /// <summary>Files and folders of the host that a boundary lets be read: absolute, below <c>~/</c>, or relative to the real home.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];

    /// <summary>The same, and written too. The task's working directory is one of them.</summary>
    public IReadOnlyList<string> WritablePaths { get; init; } = [];

    /// <summary>As part of a plan, in words.</summary>
    public override string ToString()
    {
        var more = new List<string>();
        if (Allow != SandboxAllowance.None)
            more.Add($"with {Allow}");
        if (Paths.Count > 0)
            more.Add($"reading {string.Join(", ", Paths.Select(p => Text.OneLine(p, 100)))}");
        if (WritablePaths.Count > 0)
            more.Add($"writing {string.Join(", ", WritablePaths.Select(p => Text.OneLine(p, 100)))}");
        if (NoNetwork)
            more.Add("without network");
        var how = more.Count > 0 ? $" ({string.Join("; ", more)})" : "";
        return $"in a sandbox{(RequireBoundary || NoNetwork ? " with a boundary" : "")}{how}";
    }

    internal void Validate(TaskRequest request)
    {
        if (request.LoginShell)
        {
            throw Invalid("A sandbox has no login shell: that reads the profile of the home that is to stay out.",
                "Leave one of the two out, or set PATH as a variable of the task.");
        }

        if ((Allow & ~(SandboxAllowance.GitIdentity | SandboxAllowance.AgentSettings | SandboxAllowance.AgentLogin)) != 0)
            throw Invalid($"{Allow} is nothing that may cross into a sandbox.", "Take GitIdentity, AgentSettings, AgentLogin.");
        if (Paths.Concat(WritablePaths).FirstOrDefault(p => p.Length == 0 || p.Any(c => c is '\0' or '\n' or '\r') || p.Any(char.IsSurrogate)) is { } path)
            throw Invalid($"{Text.Show(path)} is no path for a sandbox.", "Name a file or folder on the host.");
        if (request.Environment.Keys.Concat(request.Credentials.Select(g => g.Name)).FirstOrDefault(n => Own.Contains(n, StringComparer.Ordinal)) is { } name)
            throw Invalid($"The variable {name} is the sandbox's own.", "Leave it out.");
    }

    /// <summary>For <c>task.json</c> and the digest: only what is asked for.</summary>
    internal JsonObject ToJson()
    {
        var json = new JsonObject();
        if (Allow != SandboxAllowance.None)
            json["allow"] = Allow.ToString();
        if (NoNetwork)
            json["noNetwork"] = true;
        if (RequireBoundary)
            json["requireBoundary"] = true;
        if (Paths.Count > 0)
            json["paths"] = new JsonArray([.. Paths.Select(p => JsonValue.Create(p))]);
        if (WritablePaths.Count > 0)
            json["writablePaths"] = new JsonArray([.. WritablePaths.Select(p => JsonValue.Create(p))]);
        return json;
    }

    /// <summary>As <c>sandbox.sh</c> lists them.</summary>
    internal IEnumerable<string> Words()
    {
        yield return "sandbox";
        if (Allow.HasFlag(SandboxAllowance.GitIdentity))
            yield return "sandbox:git";
        if (Allow.HasFlag(SandboxAllowance.AgentSettings))
            yield return "sandbox:settings";
        if (Allow.HasFlag(SandboxAllowance.AgentLogin))
            yield return "sandbox:login";
        if (RequireBoundary || NoNetwork)
            yield return "sandbox:boundary";
        if (NoNetwork)
            yield return "sandbox:offline";
    }

    /// <summary>The text for the wrapper: what may be seen, and how it is done.</summary>
    /// <param name="variables">The names of the task's own variables; secrets too, by name.</param>
    internal string ToShellText(IEnumerable<string> variables)
    {
        var paths = string.Join('\n', [.. Paths.Select(p => "r " + p), .. WritablePaths.Select(p => "w " + p)]);
        return $"rd_box_keep={ShellQuote.Quote($" {string.Join(' ', variables)} ")}\nrd_box_paths={ShellQuote.Quote(paths)}\n{ShellText.Load("sandbox.sh")}\n{ShellText.Load("sandbox-engine.sh")}\n";
    }

    private static DispatchException Invalid(string message, string remedy) => new(FailureReason.InvalidInput, message, remedy);
}

/// <summary>What of the user's own on the host may cross into a sandbox.</summary>
[Flags]
public enum SandboxAllowance
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>git's user.name and user.email, and nothing else of its configuration.</summary>
    GitIdentity = 1,

    /// <summary>The settings and instructions of Claude Code, Codex, Gemini CLI and OpenCode: no logins, unless somebody wrote one into them.</summary>
    AgentSettings = 2,

    /// <summary>The logins that those programs have stored. What they renew in the sandbox is lost with it.</summary>
    AgentLogin = 4,
}
