using RemoteDispatch.Agents;
using RemoteDispatch.Credentials;
using RemoteDispatch.Hosts;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Fleet.Tests.Agents;

/// <summary>
/// A real host on which a real agent's command line is on the PATH of a login shell alone, with a home of its own and a double of its model on
/// loopback; and a dispatcher that sends to it.
/// </summary>
internal sealed class AgentBench : IAsyncDisposable
{
    private readonly SshFleet? _own;

    private AgentBench(string agent, SshFleet fleet, SshFleet? own, Bench bench) => (Agent, Fleet, _own, Bench) = (agent, fleet, own, bench);

    public string Agent { get; }

    public SshFleet Fleet { get; }

    public Bench Bench { get; }

    public ModelDouble Model { get; } = new();

    public Dispatcher Dispatcher => Bench.Dispatcher;

    public DispatchHost Host => Bench.HostOf(Fleet.Hosts[0]);

    public string Home => Fleet.Hosts[0].HomeOnDisk;

    /// <summary>Starts it; the test is skipped, and says so, where the command line is not to be had.</summary>
    /// <param name="agent">The agent.</param>
    /// <param name="fleet">Hosts that are there, and stay with whoever has started them; null for one of its own.</param>
    public static async Task<AgentBench> StartAsync(string agent, SshFleet? fleet = null)
    {
        var programs = await AgentPrograms.ReadyAsync(Bench.Cancel);
        Assert.SkipWhen(programs.Missing is not null, programs.Missing ?? "");
        var own = fleet is null ? await OwnFleet.StartAsync(1) : null;
        var all = new AgentBench(agent, fleet ?? own!, own, new Bench(fleet ?? own));
        await File.WriteAllTextAsync(all.Home + "/.bash_profile", $"PATH=$PATH:'{programs.Bin}'\n", Bench.Cancel);
        AgentHome.WriteSettings(all.Home, all.Model.Address);
        return all;
    }

    /// <summary>A request with all that the agent needs to ask the double.</summary>
    public TaskRequest Request(string prompt, AgentCall? call = null) => new()
    {
        Command = prompt,
        Agent = new AgentRequest { Name = Agent, Call = call ?? new AgentCall() },
        TimeLimit = TimeSpan.FromMinutes(3),
        Environment = AgentHome.Variables(Model.Address).Where(v => !IsKey(v.Key)).ToDictionary(),
        Credentials = [.. AgentHome.Variables(Model.Address).Where(v => IsKey(v.Key)).Select(v => CredentialGrant.Create(v.Key, v.Value))],
    };

    /// <summary>A call in which the agent may run commands: Claude Code by its list of tools (as root it refuses to skip its permissions), OpenCode anyway.</summary>
    public AgentCall Free => Agent == "claude" ? new AgentCall { AllowedTools = ["Bash", "Write", "Edit", "Read"] } : new AgentCall();

    private static bool IsKey(string variable) => variable.EndsWith("_KEY", StringComparison.Ordinal);

    public async Task<RemoteTask> RunAsync(TaskRequest request, DispatchHost? host = null) =>
        await Dispatcher.WaitAsync(await Dispatcher.DispatchAsync(host ?? Host, request, Bench.Cancel), TimeSpan.FromMinutes(3), Bench.Cancel);

    public async ValueTask DisposeAsync()
    {
        await Bench.DisposeAsync();
        if (_own is not null)
            await _own.DisposeAsync();
        await Model.DisposeAsync();
    }
}
