using RemoteDispatch.Agents;

namespace RemoteDispatch.Health;

/// <summary>One check that can be asked for.</summary>
/// <param name="Name">Its name, for ever.</param>
/// <param name="Question">The function of <c>facts.sh</c> that asks; null where nothing needs to be asked for it.</param>
/// <param name="IsRequired">Does a host's health depend on it where nobody says?</param>
/// <param name="Judge">Makes a finding of what the host answered.</param>
internal sealed record KnownCheck(string Name, string? Question, bool IsRequired, Func<HostFacts, Finding> Judge);

/// <summary>How a check came out, before it is known whether it is required.</summary>
internal sealed record Finding(CheckStatus Status, string Detail, string? Remedy = null, TimeSpan? Took = null)
{
    public static Finding Pass(string detail, TimeSpan? took = null) => new(CheckStatus.Pass, detail, null, took);

    public static Finding Fail(string detail, string remedy, TimeSpan? took = null) => new(CheckStatus.Fail, detail, remedy, took);

    /// <summary>Not there; the remedy is for whoever requires it.</summary>
    public static Finding Skip(string detail, string remedy) => new(CheckStatus.Skip, detail, remedy);
}

/// <summary>All checks, in the order in which they are shown.</summary>
internal static class CheckCatalog
{
    public const string Connect = "connect";

    private const string Agents = "rd_about_agents";

    private static readonly KnownCheck[] BeforeAgents =
    [
        new(Connect, "rd_about_host", true, PlaceFindings.Connect),
        new("workspace", "rd_about_workspace", true, PlaceFindings.Workspace),
        new("detach", "rd_about_detach", true, PlaceFindings.Detach),
        new("survival", "rd_about_survival", true, PlaceFindings.Survival),
        new("disk", "rd_about_disk", true, PlaceFindings.Disk),
        new("inodes", "rd_about_inodes", false, PlaceFindings.Inodes),
        new("tasks", "rd_about_tasks", false, PlaceFindings.Tasks),
        new("system", "rd_about_system", false, MachineFindings.System),
        new("memory", "rd_about_memory", false, MachineFindings.Memory),
        new("load", "rd_about_load", false, MachineFindings.Load),
        new("clock", null, false, MachineFindings.Clock),
        new("gpu", "rd_about_gpu", false, MachineFindings.Gpu),
        new("container", null, false, ToolFindings.Container),
        new("docker", "rd_about_docker", false, f => ToolFindings.Engine(f, "docker", "Start the Docker daemon there, and see that the user may use its socket.")),
        new("podman", "rd_about_podman", false, f => ToolFindings.Engine(f, "podman", "Run 'podman info' there by hand; on macOS, 'podman machine start'.")),
        new("orbstack", "rd_about_orbstack", false, f => ToolFindings.Engine(f, "orbstack", "Start OrbStack there: orbctl start.")),
        new("git", "rd_about_git", false, f => ToolFindings.Tool(f, "git")),
        new("tmux", "rd_about_tmux", false, f => ToolFindings.Tool(f, "tmux")),
    ];

    private static readonly KnownCheck[] BehindAgents =
    [
        new("agent-forwarding", "rd_about_agent_forwarding", false, ToolFindings.AgentForwarding),
    ];

    /// <summary>The checks, with one for each agent.</summary>
    public static IReadOnlyList<KnownCheck> With(IReadOnlyList<AgentProfile> agents) =>
    [
        .. BeforeAgents,
        .. agents.Select(a => new KnownCheck(a.Name, Agents, false, facts => AgentFindings.Agent(facts, a))),
        .. BehindAgents,
    ];
}
