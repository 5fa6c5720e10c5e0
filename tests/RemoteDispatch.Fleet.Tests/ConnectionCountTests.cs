using RemoteDispatch.Health;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Fleet.Tests;

/// <summary>How many connections the work costs, counted at servers that nobody else uses.</summary>
public sealed class ConnectionCountTests
{
    [Fact]
    public async Task Dispatch_status_and_stop_share_one_connection_and_logs_cost_one_more()
    {
        await using var fleet = await OwnFleet.StartAsync(1);
        var server = fleet.Hosts[0];
        var host = Bench.HostOf(server);
        await using var bench = new Bench(fleet);

        var task = await bench.Dispatcher.DispatchAsync(host, new TaskRequest { Command = "echo one; exec sleep 1000" }, Bench.Cancel);
        Assert.Equal(1, server.CountConnections());

        var second = await bench.Dispatcher.DispatchAsync(host, new TaskRequest { Command = "echo two" }, Bench.Cancel);
        await bench.Dispatcher.LookAsync(task, Bench.Cancel);
        await bench.Dispatcher.WaitAsync(second, null, Bench.Cancel);
        await bench.Dispatcher.StopAsync(task, TimeSpan.FromSeconds(5), Bench.Cancel);
        Assert.Equal(1, server.CountConnections());

        await Task.WhenAll(bench.LogOf(task, follow: true), bench.LogOf(second, follow: true));
        await bench.Dispatcher.CollectLogAsync(task, cancellationToken: Bench.Cancel);
        await bench.Dispatcher.RemoveAsync(second, null, Bench.Cancel);
        Assert.Equal(2, server.CountConnections());
    }

    [Fact]
    public async Task Fifty_dispatches_at_once_to_one_host_share_one_connection()
    {
        await using var fleet = await OwnFleet.StartAsync(1);
        var server = fleet.Hosts[0];
        await using var bench = new Bench(fleet);
        var tasks = await Task.WhenAll(Enumerable.Range(0, 50).Select(i =>
            bench.Dispatcher.DispatchAsync(Bench.HostOf(server), new TaskRequest { Command = $"echo {i}" }, Bench.Cancel)));
        var ended = await Task.WhenAll(tasks.Select(t => bench.Dispatcher.WaitAsync(t, null, Bench.Cancel)));

        Assert.All(ended, t => Assert.Equal(TaskState.Succeeded, t.State));
        Assert.Equal(50, tasks.Select(t => t.Id).Distinct().Count());
        Assert.Equal(1, server.CountConnections());
    }

    [Fact]
    public async Task Check_of_everything_costs_one_connection_and_one_round_trip()
    {
        using var counter = new RequestCounter();
        await using var fleet = await OwnFleet.StartAsync(1, _ => new FleetHostOptions { LoginScript = counter.LoginScript });
        var server = fleet.Hosts[0];
        await using var bench = new Bench(fleet);
        var health = await bench.Dispatcher.CheckAsync(Bench.HostOf(server), Bench.Cancel);

        Assert.True(health.Healthy, string.Join("; ", health.Checks));
        Assert.Equal(bench.Dispatcher.CheckNames, health.Checks.Select(c => c.Name));
        Assert.Equal((1, 1), (server.CountConnections(), counter.Requests));
        await bench.Dispatcher.CheckAsync(Bench.HostOf(server), new HostCheckOptions { Checks = ["disk"], Required = ["git"] }, Bench.Cancel);
        Assert.Equal((1, 2), (server.CountConnections(), counter.Requests));
    }
}
