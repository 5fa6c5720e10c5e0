using System.Diagnostics;
using RemoteDispatch.Connections;
using RemoteDispatch.Hosts;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Fleet.Tests;

/// <summary>What can go wrong with a connect: each with its reason, in bounded time, tried again only where that can help.</summary>
public sealed class ConnectFailureTests(SharedFleet shared)
{
    private static ConnectionOptions Quick(ConnectionOptions options) =>
        options with { ConnectTimeout = TimeSpan.FromSeconds(2), RetryDelay = TimeSpan.FromMilliseconds(100) };

    [Fact]
    public async Task Closed_port_is_refused_after_two_attempts()
    {
        await using var fleet = await OwnFleet.StartAsync(1);
        await fleet.Hosts[0].StopAsync(Bench.Cancel);
        await using var bench = new Bench(fleet, Quick);
        var failure = await FailureOf(bench, Bench.HostOf(fleet.Hosts[0]));

        Assert.Equal((FailureReason.ConnectionRefused, "h1"), (failure.Reason, failure.Host));
        Assert.Single(bench.Steps, s => s.Name == "connect_retry");
        Assert.Empty(bench.Dispatcher.Options.Ledger.List());
    }

    [Fact]
    public async Task Host_that_comes_back_between_the_attempts_is_reached()
    {
        await using var fleet = await OwnFleet.StartAsync(1);
        await fleet.Hosts[0].StopAsync(Bench.Cancel);
        await using var bench = new Bench(fleet, o => o with { RetryDelay = TimeSpan.FromSeconds(2) });
        var running = bench.RunAsync(Bench.HostOf(fleet.Hosts[0]), "true");
        while (!bench.Steps.Any(s => s.Name == "connect_retry") && !running.IsCompleted)
            await Task.Delay(5, Bench.Cancel);
        await fleet.Hosts[0].StartAsync(Bench.Cancel);
        Assert.Equal(TaskState.Succeeded, (await running).State);
    }

    [Fact]
    public async Task Changed_host_key_is_final_and_never_tried_again()
    {
        await using var fleet = await OwnFleet.StartAsync(1);
        await fleet.Hosts[0].ReplaceHostKeyAsync(Bench.Cancel);
        await using var bench = new Bench(fleet, Quick);
        var failure = await FailureOf(bench, Bench.HostOf(fleet.Hosts[0]));
        Assert.Equal(FailureReason.HostKeyChanged, failure.Reason);
        Assert.DoesNotContain(bench.Steps, s => s.Name == "connect_retry");
    }

    [Fact]
    public async Task Unknown_host_key_is_refused_without_a_prompt()
    {
        var server = shared.Fleet.Hosts[0];
        await using var bench = new Bench(shared.Fleet, o => Quick(o) with { SshOptions = [.. o.SshOptions!, "-o", "UserKnownHostsFile=/dev/null"] });
        Assert.Equal(FailureReason.HostKeyUnknown, (await FailureOf(bench, Bench.HostOf(server))).Reason);
    }

    [Fact]
    public async Task Refused_key_is_an_authentication_failure_and_never_tried_again()
    {
        await using var bench = new Bench(shared.Fleet, o => Quick(o) with { SshOptions = ["-o", "PubkeyAuthentication=no", .. o.SshOptions!] });
        Assert.Equal(FailureReason.AuthenticationFailed, (await FailureOf(bench, Bench.HostOf(shared.Fleet.Hosts[0]))).Reason);
        Assert.DoesNotContain(bench.Steps, s => s.Name == "connect_retry");
    }

    [Fact]
    public async Task Name_without_an_address_is_not_resolved()
    {
        await using var bench = new Bench(null, Quick);
        Assert.Equal(FailureReason.NameNotResolved, (await FailureOf(bench, DispatchHost.FromAddress("no-such-host.invalid"))).Reason);
    }

    [Fact]
    public async Task Login_script_that_prints_megabytes_is_skipped()
    {
        await using var fleet = await OwnFleet.StartAsync(1, _ => new FleetHostOptions
        {
            LoginScript = "head -c 3000000 /dev/urandom; head -c 300000 /dev/urandom >&2; echo 'started 1 1 1 1 1'",
        });
        await using var bench = new Bench(fleet);
        var task = await bench.RunAsync(Bench.HostOf(fleet.Hosts[0]), "echo heard");
        Assert.Equal("heard\n", await bench.TextOf(task));
    }

    [Fact]
    public async Task Login_script_that_hangs_ends_in_time_with_a_reason()
    {
        await using var fleet = await OwnFleet.StartAsync(1, _ => new FleetHostOptions { LoginScript = "sleep 1000" });
        await using var bench = new Bench(fleet, Quick);
        var clock = Stopwatch.StartNew();
        var failure = await FailureOf(bench, Bench.HostOf(fleet.Hosts[0]));
        Assert.Equal(FailureReason.ConnectTimedOut, failure.Reason);
        Assert.Contains("login script", failure.Remedy, StringComparison.Ordinal);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(15), $"it took {clock.Elapsed}");
    }

    [Fact]
    public async Task Cancelled_connect_ends_within_two_seconds()
    {
        await using var fleet = await OwnFleet.StartAsync(1, _ => new FleetHostOptions { LoginScript = "sleep 1000" });
        await using var bench = new Bench(fleet);
        using var cancel = new CancellationTokenSource();
        var connecting = bench.Dispatcher.DispatchAsync(Bench.HostOf(fleet.Hosts[0]), new TaskRequest { Command = "true" }, cancel.Token);
        while (fleet.Hosts[0].CountConnections() == 0)
            await Task.Delay(10, Bench.Cancel);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting.WaitAsync(TimeSpan.FromSeconds(2), Bench.Cancel));
    }

    [Fact]
    public async Task One_host_that_is_down_costs_the_others_nothing()
    {
        await using var fleet = await OwnFleet.StartAsync(4);
        await fleet.Hosts[2].StopAsync(Bench.Cancel);
        await using var bench = new Bench(fleet, Quick);
        var outcomes = await Task.WhenAll(fleet.Hosts.Select(async h =>
        {
            try
            {
                return (await bench.RunAsync(Bench.HostOf(h), "true")).State.ToString();
            }
            catch (DispatchException e)
            {
                return e.Reason.ToString();
            }
        }));
        Assert.Equal(["Succeeded", "Succeeded", "ConnectionRefused", "Succeeded"], outcomes);
    }

    private static Task<DispatchException> FailureOf(Bench bench, DispatchHost host) =>
        Assert.ThrowsAsync<DispatchException>(() => bench.Dispatcher.DispatchAsync(host, new TaskRequest { Command = "true" }, Bench.Cancel));
}
