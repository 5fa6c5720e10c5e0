using System.CommandLine;
using System.CommandLine.Parsing;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Cli.Verbs;

/// <summary>What <c>run</c> takes of a task's sandbox.</summary>
internal static class SandboxOptions
{
    public static readonly Option<bool> Sandbox = new("--sandbox")
    {
        Description = "Give the task a home of its own that is gone at the end, few variables, and a boundary where the host can make one (bwrap, docker).",
    };
    public static readonly Option<SandboxAllowance[]> Allow = new("--sandbox-allow")
    {
        Description = "What of the user's own crosses into it: git-identity, agent-settings or agent-login; may be given several times.", HelpName = "WHAT",
        CustomParser = result => [.. result.Tokens.Select(t => ParseAllowance(result, t.Value))],
    };
    public static readonly Option<string[]> Paths = new("--sandbox-path")
    {
        Description = "A file or folder of the host that it lets be read; may be given several times.", HelpName = "PATH",
    };
    public static readonly Option<string[]> WritablePaths = new("--sandbox-writable-path")
    {
        Description = "The same, to be written too; may be given several times. The working directory is one.", HelpName = "PATH",
    };
    public static readonly Option<bool> NoNetwork = new("--no-network") { Description = "No network in the sandbox. Needs a boundary." };
    public static readonly Option<bool> RequireBoundary = new("--require-boundary") { Description = "Refuse the task where no boundary can be made." };

    private static readonly (string Word, SandboxAllowance Value)[] Allowances =
    [
        ("git-identity", SandboxAllowance.GitIdentity), ("agent-settings", SandboxAllowance.AgentSettings), ("agent-login", SandboxAllowance.AgentLogin),
    ];

    /// <summary>All of them, for the verb's options.</summary>
    public static IReadOnlyList<Option> All { get; } = [Sandbox, Allow, Paths, WritablePaths, NoNetwork, RequireBoundary];

    /// <summary>Finds a part of a sandbox where there is none.</summary>
    public static void Validate(CommandResult result)
    {
        if (result.GetValue(Sandbox))
            return;
        if (All.FirstOrDefault(o => o != Sandbox && result.GetResult(o) is { Implicit: false }) is { } lonely)
            result.AddError($"{lonely.Name} is a part of --sandbox.");
    }

    public static SandboxRequest? Read(Invocation run) => !run.Get(Sandbox) ? null : new SandboxRequest
    {
        Allow = (run.Get(Allow) ?? []).Aggregate(SandboxAllowance.None, (all, one) => all | one),
        NoNetwork = run.Get(NoNetwork),
        RequireBoundary = run.Get(RequireBoundary),
        Paths = run.Get(Paths) ?? [],
        WritablePaths = run.Get(WritablePaths) ?? [],
    };

    private static SandboxAllowance ParseAllowance(ArgumentResult result, string word)
    {
        if (Allowances.FirstOrDefault(a => a.Word == word) is { Word: not null } known)
            return known.Value;
        result.AddError($"'{word}' is nothing that may cross into a sandbox: take {string.Join(", ", Allowances.Select(a => a.Word))}.");
        return SandboxAllowance.None;
    }
}
