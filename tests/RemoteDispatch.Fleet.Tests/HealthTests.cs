using System.Globalization;
using RemoteDispatch.Health;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Fleet.Tests;

/// <summary>Checks of real hosts: many at once, with a real engine, and with containers.</summary>
public sealed class HealthTests(SharedFleet shared)
{
    [Fact]
    public async Task Facts_of_a_host_are_what_it_says_when_it_is_asked_by_hand()
    {
        await using var bench = new Bench(shared.Fleet);
        var server = shared.Fleet.Hosts[0];
        var health = await bench.Dispatcher.CheckAsync(Bench.HostOf(server), Bench.Cancel);
        Assert.Equal(await ByHand("uname -srm"), health.System);
        Assert.Equal(await ByHand("id -un"), health.User);
        Assert.Equal(await ByHand("awk '/^MemTotal/ { print $2 * 1024 }' /proc/meminfo"), health.MemoryTotalBytes!.Value.ToString(CultureInfo.InvariantCulture));
        Assert.Equal(await ByHand("getconf _NPROCESSORS_ONLN"), health.Processors!.Value.ToString(CultureInfo.InvariantCulture));
        Assert.EndsWith(await ByHand("command -v git"), health["git"]!.Detail, StringComparison.Ordinal);
        var free = long.Parse(await ByHand("df -Pk ~ | awk 'NR == 2 { print $4 * 1024 }'"), CultureInfo.InvariantCulture);
        Assert.InRange(health.FreeBytes!.Value, free - (10L << 30), free + (10L << 30));
        Assert.True(health.ClockOffset!.Value.Duration() <= health.ClockUncertainty!.Value + TimeSpan.FromMilliseconds(1), health["clock"]!.Detail);

        async Task<string> ByHand(string command) => (await bench.TextOf(await bench.RunAsync(Bench.HostOf(server), command))).Trim();
    }

    [Fact]
    public async Task Fifty_hosts_are_checked_side_by_side_and_one_that_is_down_costs_the_others_nothing()
    {
        await using var fleet = await OwnFleet.StartAsync(50);
        await fleet.Hosts[17].StopAsync(Bench.Cancel);
        await using var bench = new Bench(fleet, o => o with { ConnectTimeout = TimeSpan.FromMinutes(1) });
        var healths = await Task.WhenAll(fleet.Hosts.Select(h => bench.Dispatcher.CheckAsync(Bench.HostOf(h), Bench.Cancel)));
        Assert.Equal("h18", Assert.Single(healths, h => !h.Healthy).HostName);
        Assert.Equal(FailureReason.ConnectionRefused, healths[17].Failure!.Reason);
        Assert.All(fleet.Hosts.Where((_, i) => i != 17), h => Assert.Equal(1, h.CountConnections()));
    }

    [Fact]
    public async Task Engine_answers_with_its_version_or_fails_with_its_words()
    {
        await using var engine = await DockerEngine.StartAsync(Bench.Cancel);
        await using var fleet = await OwnFleet.StartAsync(2, i => new FleetHostOptions { LoginScript = $"export DOCKER_HOST={(i == 0 ? engine.Socket : "unix:///nowhere/docker.sock")}" });
        await using var bench = new Bench(fleet);
        var options = new HostCheckOptions { Required = ["docker"] };
        var up = await bench.Dispatcher.CheckAsync(Bench.HostOf(fleet.Hosts[0]), options, Bench.Cancel);
        Assert.True(up.Healthy, string.Join("; ", up.Checks));
        Assert.StartsWith(await engine.VersionAsync(Bench.Cancel) + " at ", up["docker"]!.Detail, StringComparison.Ordinal);

        var down = await bench.Dispatcher.CheckAsync(Bench.HostOf(fleet.Hosts[1]), options, Bench.Cancel);
        Assert.False(down.Healthy);
        Assert.Equal(CheckStatus.Fail, down["docker"]!.Status);
        Assert.Contains("unix:///nowhere/docker.sock", down["docker"]!.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Host_with_a_container_is_checked_in_there_with_what_little_it_has()
    {
        await using var engine = await DockerEngine.StartAsync(Bench.Cancel);
        await engine.RunContainerAsync("box", "remote-dispatch", Bench.Cancel);
        await using var fleet = await OwnFleet.StartAsync(1, _ => new FleetHostOptions { LoginScript = $"export DOCKER_HOST={engine.Socket}" });
        await using var bench = new Bench(fleet);
        var host = Bench.HostOf(fleet.Hosts[0]) with { Container = ContainerChoice.Auto };
        var health = await bench.Dispatcher.CheckAsync(host, new HostCheckOptions { Required = ["container"] }, Bench.Cancel);
        Assert.True(health.Healthy, string.Join("; ", health.Checks));
        Assert.Equal((CheckStatus.Pass, "box runs, and was entered"), (health["container"]!.Status, health["container"]!.Detail));
        Assert.Equal("/root/.remote-dispatch/tasks", health["workspace"]!.Detail);
        // The engine is the host's: in there is none.
        Assert.Equal(CheckStatus.Skip, health["docker"]!.Status);
        Assert.NotNull(health.MemoryTotalBytes);

        await engine.RemoveContainerAsync("box", Bench.Cancel);
        await using var later = new Bench(fleet);
        var without = await later.Dispatcher.CheckAsync(host, new HostCheckOptions { Required = ["container"] }, Bench.Cancel);
        Assert.Equal((false, CheckStatus.Skip), (without.Healthy, without["container"]!.Status));
    }

    [Fact]
    public async Task Key_of_a_forwarded_agent_is_listed_through_it_where_the_entry_forwards_it_and_nowhere_else()
    {
        using var agent = await SshAgentProcess.WithKeyAsync(shared.Fleet.IdentityPath);
        using var program = new Rdispatch(shared.Fleet.SshConfigPath) { Agent = agent.Socket };
        Assert.Equal(0, (await program.RunAsync("hosts", "add", "with", shared.Fleet.Hosts[0].Address, "--forward-agent")).Code);
        var with = await program.RunAsync("check", "with", "--check", "connect", "--require", "agent-forwarding");
        Assert.True(with.Code == 0, with.Errors);
        Assert.Contains(" 1 key through ", with.Output, StringComparison.Ordinal);
        var without = await program.RunAsync("check", "h2", "--check", "connect", "--require", "agent-forwarding");
        Assert.Equal(Cli.ExitCodes.Unhealthy, without.Code);
        Assert.Contains("no agent is forwarded", without.Output, StringComparison.Ordinal);
    }
}
