using RemoteDispatch.Hosts;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Fleet.Tests;

/// <summary>A task goes to the healthy host that has the least to do.</summary>
public sealed class PickTests
{
    [Fact]
    public async Task Healthy_hosts_with_the_fewest_running_tasks_are_taken_in_that_order()
    {
        await using var fleet = await OwnFleet.StartAsync(4);
        await using var bench = new Bench(fleet);
        var hosts = fleet.Hosts.Select(Bench.HostOf).ToArray();
        await RunOn(bench, hosts[0], 2);
        await RunOn(bench, hosts[1], 1);
        await RunOn(bench, hosts[2], 3);
        // What has ended does not count, and what is down is left out.
        await bench.RunAsync(hosts[1], "true");
        await bench.RunAsync(hosts[1], "true");
        await fleet.Hosts[3].StopAsync(Bench.Cancel);
        var picked = await bench.Dispatcher.PickAsync(hosts, 3, Bench.Cancel);
        Assert.Equal(["h2", "h1", "h3"], picked.Select(h => h.Name));
        Assert.All(fleet.Hosts.Take(3), h => Assert.Equal(1, h.CountConnections()));

        var failure = await Assert.ThrowsAsync<DispatchException>(() => bench.Dispatcher.PickAsync(hosts, 4, Bench.Cancel));
        Assert.Equal(FailureReason.NoHealthyHost, failure.Reason);
        Assert.Contains("Of 4 hosts that could be taken, 3 are healthy, and 4 are wanted. Left out: h4 (connect:", failure.Message, StringComparison.Ordinal);
        Assert.Contains("refused", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Host_that_is_named_twice_is_one_candidate()
    {
        await using var fleet = await OwnFleet.StartAsync(2);
        await using var bench = new Bench(fleet);
        var (here, there) = (Bench.HostOf(fleet.Hosts[0]), Bench.HostOf(fleet.Hosts[1]));
        await RunOn(bench, there, 1);
        Assert.Equal(["h1"], (await bench.Dispatcher.PickAsync([there, here, here], 1, Bench.Cancel)).Select(h => h.Name));
        await Assert.ThrowsAsync<DispatchException>(() => bench.Dispatcher.PickAsync([here, here], 2, Bench.Cancel));
    }

    [Fact]
    public async Task Rdispatch_runs_on_the_idlest_host_that_has_the_capability()
    {
        await using var fleet = await OwnFleet.StartAsync(3);
        await using var bench = new Bench(fleet);
        using var program = new Rdispatch(fleet.SshConfigPath);
        foreach (var (host, capability) in new[] { ("h1", "gpu"), ("h2", "gpu"), ("h3", "web") })
            Assert.Equal(0, (await program.RunAsync("hosts", "add", host, host, "--capability", capability)).Code);
        await RunOn(bench, Bench.HostOf(fleet.Hosts[0]), 1);

        var one = await program.RunAsync("run", "--capability", "GPU", "--first", "1", "--", "true");
        Assert.True(one.Code == 0, one.Errors);
        Assert.Equal("h2", one.Output.Split('\t')[1]);
        var all = await program.RunAsync("run", "--host", "@gpu", "--", "true");
        Assert.Equal(["h1", "h2"], all.Output.Trim().Split('\n').Select(l => l.Split('\t')[1]).Order());

        // By the ledger, without a question to anybody.
        Assert.Equal(0, (await program.RunAsync("wait", "*")).Code);
        for (var i = 0; i < 2; i++)
            Assert.Equal(i == 0 ? "h1" : "h2", (await program.RunAsync("run", "--capability", "gpu", "--", "exec sleep 1000")).Output.Split('\t')[1]);
        Assert.Equal("h3", (await program.RunAsync("run", "--", "# target:h3\ntrue")).Output.Split('\t')[1]);
        Assert.Equal("h1", (await program.RunAsync("run", "--host", "h1", "--", "# target:h3\ntrue")).Output.Split('\t')[1]);
        Assert.Equal(Cli.ExitCodes.Inventory, (await program.RunAsync("run", "--", "# target:h9\ntrue")).Code);
        Assert.Equal(Cli.ExitCodes.Usage, (await program.RunAsync("run", "--", "# target:me@h1\ntrue")).Code);

        Assert.Equal(Cli.ExitCodes.NoHealthyHost, (await program.RunAsync("run", "--capability", "web", "--first", "2", "--", "true")).Code);
        Assert.Equal(Cli.ExitCodes.Inventory, (await program.RunAsync("run", "--capability", "tpu", "--", "true")).Code);
        Assert.Equal(Cli.ExitCodes.Usage, (await program.RunAsync("run", "--first", "1", "--", "true")).Code);
        Assert.Equal(Cli.ExitCodes.Usage, (await program.RunAsync("run", "--host", "h1", "--capability", "gpu", "--", "true")).Code);
    }

    [Fact]
    public async Task Forty_tasks_that_are_routed_before_any_is_sent_spread_and_the_same_id_goes_where_it_went()
    {
        await using var bench = new Bench(null);
        foreach (var name in new[] { "b", "a", "c" })
            await bench.Dispatcher.Options.Inventory.AddAsync(DispatchHost.FromAddress(name + ".example.com") with { Name = name, Capabilities = name == "c" ? ["gpu"] : ["gpu", "linux"] }, cancellationToken: Bench.Cancel);
        var ids = Enumerable.Range(0, 40).Select(i => TaskId.Parse($"t{i}")).ToArray();
        var chosen = ids.Select(id => bench.Dispatcher.ChooseHost(["GPU", "linux"], id).Name).ToArray();
        Assert.Equal(["a", "b", "a", "b"], chosen.Take(4));
        Assert.Equal((20, 20), (chosen.Count(c => c == "a"), chosen.Count(c => c == "b")));
        Assert.Equal(chosen, ids.Select(id => bench.Dispatcher.ChooseHost(["gpu", "linux"], id).Name));
        Assert.Equal("c", bench.Dispatcher.ChooseHost(["gpu"]).Name);
        var none = Assert.Throws<DispatchException>(() => bench.Dispatcher.ChooseHost(["tpu"]));
        Assert.Contains("There are: b (gpu, linux); a (gpu, linux); c (gpu).", none.Message, StringComparison.Ordinal);
    }

    private static async Task RunOn(Bench bench, DispatchHost host, int count)
    {
        for (var i = 0; i < count; i++)
            await bench.Dispatcher.DispatchAsync(host, new TaskRequest { Command = "exec sleep 1000" }, Bench.Cancel);
    }
}
