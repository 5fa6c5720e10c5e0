using RemoteDispatch.Hosts;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Fleet.Tests;

/// <summary>Tasks in containers: here, and behind sshd. A real engine of the suite's own.</summary>
public sealed class ContainerTests
{
    [Fact]
    public async Task Task_in_a_container_behind_ssh_lives_logs_ends_and_goes_in_there()
    {
        await using var engine = await DockerEngine.StartAsync(Bench.Cancel);
        await engine.RunContainerAsync("box", null, Bench.Cancel);
        await using var fleet = await FleetWith(engine);
        await using var bench = new Bench(fleet);
        var host = Bench.HostOf(fleet.Hosts[0]) with { Container = ContainerChoice.Parse("box") };

        var ended = await bench.RunAsync(host, "ls /; echo in here >/tmp/was-here; exit 9");
        Assert.Equal((TaskState.Failed, 9), (ended.State, ended.ExitCode!.Value));
        Assert.StartsWith("bin\ndev\netc\n", await bench.TextOf(ended), StringComparison.Ordinal);
        Assert.Equal("in here\n", await engine.ExecAsync("box", "cat /tmp/was-here", Bench.Cancel));

        // The daemon's own session, and killing 'docker exec' would not reach it.
        var request = new TaskRequest { Command = "setsid sleep 4321 & exec sleep 5432" };
        var running = await bench.Dispatcher.DispatchAsync(host, request, Bench.Cancel);
        while (!(await engine.ExecAsync("box", "ps", Bench.Cancel)).Contains("4321", StringComparison.Ordinal))
            await Task.Delay(20, Bench.Cancel);
        var stopped = await bench.Dispatcher.StopAsync(running, null, Bench.Cancel);
        Assert.Equal(TaskState.Stopped, stopped.State);
        var processes = await engine.ExecAsync("box", "ps", Bench.Cancel);
        Assert.DoesNotContain("4321", processes, StringComparison.Ordinal);
        Assert.DoesNotContain("5432", processes, StringComparison.Ordinal);

        await bench.Dispatcher.RemoveAsync(ended, null, Bench.Cancel);
        await bench.Dispatcher.RemoveAsync(stopped, null, Bench.Cancel);
        Assert.Equal("", await engine.ExecAsync("box", "ls /root/.remote-dispatch/tasks", Bench.Cancel));
        // One connection for the requests, one for the logs: entering the container costs none.
        Assert.Equal(2, fleet.Hosts[0].CountConnections());
    }

    [Fact]
    public async Task Auto_means_the_only_labelled_container_or_the_host_and_two_are_an_error()
    {
        await using var engine = await DockerEngine.StartAsync(Bench.Cancel);
        await engine.RunContainerAsync("bystander", null, Bench.Cancel);
        await using var fleet = await FleetWith(engine);
        await using var bench = new Bench(fleet);
        var host = Bench.HostOf(fleet.Hosts[0]) with { Container = ContainerChoice.Auto };

        var onHost = await bench.RunAsync(host, "echo \"$HOME\"");
        Assert.Equal((ContainerChoice.None, fleet.Hosts[0].Home + "\n"), (onHost.Host.Container, await bench.TextOf(onHost)));

        await engine.RunContainerAsync("marked", "remote-dispatch", Bench.Cancel);
        await using var later = new Bench(fleet);
        var inside = await later.RunAsync(host, "echo \"$HOME\"");
        Assert.Equal(("marked", "/root\n"), (inside.Host.Container.Name, await later.TextOf(inside)));
        // What ran on the host is still looked for on the host.
        Assert.Equal(TaskState.Succeeded, (await later.Dispatcher.LookAsync(onHost, Bench.Cancel)).State);

        await engine.RunContainerAsync("second", "remote-dispatch", Bench.Cancel);
        await using var last = new Bench(fleet);
        var failure = await Assert.ThrowsAsync<DispatchException>(() => last.RunAsync(host, "true"));
        Assert.Equal(FailureReason.ContainerAmbiguous, failure.Reason);
        Assert.Contains("marked", failure.Message, StringComparison.Ordinal);
        Assert.Contains("second", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Container_that_is_not_there_or_stopped_is_an_error_that_says_so()
    {
        await using var engine = await DockerEngine.StartAsync(Bench.Cancel);
        await engine.RunContainerAsync("stopped", null, Bench.Cancel);
        await engine.TryRunAsync(Bench.Cancel, "kill", "stopped");
        await using var fleet = await FleetWith(engine);
        await using var bench = new Bench(fleet);
        foreach (var (name, says) in new[] { ("nowhere", "nowhere"), ("stopped", "does not run") })
        {
            var host = Bench.HostOf(fleet.Hosts[0]) with { Container = ContainerChoice.Parse(name) };
            var failure = await Assert.ThrowsAsync<DispatchException>(() => bench.RunAsync(host, "true"));
            Assert.Equal(FailureReason.ContainerUnavailable, failure.Reason);
            Assert.Contains(says, failure.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Container_that_goes_away_leaves_the_task_where_it_was_and_never_falls_back_to_the_host()
    {
        await using var engine = await DockerEngine.StartAsync(Bench.Cancel);
        await engine.RunContainerAsync("short", "remote-dispatch", Bench.Cancel);
        await using var fleet = await FleetWith(engine);
        await using var bench = new Bench(fleet);
        var host = Bench.HostOf(fleet.Hosts[0]) with { Container = ContainerChoice.Auto };
        var task = await bench.Dispatcher.DispatchAsync(host, new TaskRequest { Command = "exec sleep 1000" }, Bench.Cancel);
        await engine.RemoveContainerAsync("short", Bench.Cancel);

        var failure = await Assert.ThrowsAsync<DispatchException>(() => bench.Dispatcher.LookAsync(task, Bench.Cancel));
        Assert.Equal(FailureReason.ContainerUnavailable, failure.Reason);
    }

    // Its engine is not at the usual place: a host finds it as any user would, by DOCKER_HOST.
    private static Task<SshFleet> FleetWith(DockerEngine engine) =>
        OwnFleet.StartAsync(1, _ => new FleetHostOptions { LoginScript = $"export DOCKER_HOST={engine.Socket}" });
}
