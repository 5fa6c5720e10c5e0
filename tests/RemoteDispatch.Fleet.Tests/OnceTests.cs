using System.Diagnostics;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Fleet.Tests;

/// <summary>A command runs once, whatever dies while it is dispatched, and however often it is dispatched again.</summary>
public sealed class OnceTests(SharedFleet shared)
{
    private const int Kills = 50;

    [Fact]
    public async Task Killed_dispatcher_at_every_step_and_the_same_again_runs_the_command_once()
    {
        var servers = shared.Fleet.Hosts;
        using var program = new Rdispatch(shared.Fleet.SshConfigPath);
        var clock = Stopwatch.StartNew();
        Assert.Equal(0, (await program.RunAsync(Command("measure", servers[0]))).Code);
        // From its first instruction to a little after its last, in equal steps.
        var step = clock.Elapsed * 1.1 / Kills;

        var deaths = new List<(bool Killed, bool Ran)>();
        await Parallel.ForEachAsync(Enumerable.Range(0, Kills), new ParallelOptions { MaxDegreeOfParallelism = 2, CancellationToken = Bench.Cancel }, async (i, cancel) =>
        {
            var server = servers[i % servers.Count];
            var runs = Path.Combine(server.HomeOnDisk, $"runs-kill-{i}");
            var command = Command($"kill-{i}", server);
            using var doomed = program.Start(command);
            await Task.WhenAny(doomed.WaitForExitAsync(cancel), Task.Delay(step * i, cancel));
            var killed = !doomed.HasExited;
            if (killed)
                doomed.Kill();
            await doomed.WaitForExitAsync(cancel);
            var ranBefore = File.Exists(runs);

            var again = await program.RunAsync(command);
            Assert.True(again.Code == 0, again.Errors);
            var waited = await program.RunAsync("wait", $"kill-{i}");
            Assert.True(waited.Code == 0, waited.Errors);
            Assert.Equal("ran\n", await File.ReadAllTextAsync(runs, cancel));
            lock (deaths)
                deaths.Add((killed, ranBefore));
        });

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{deaths.Count(d => d.Killed)} killed, {deaths.Count(d => d is { Killed: true, Ran: true })} of them after the command had run");
        // Both sides of the launch must have been hit, or the test has shown nothing.
        Assert.Contains(deaths, d => d is { Killed: true, Ran: false });
        Assert.True(deaths.Count(d => d.Killed) >= Kills * 3 / 4, "the kills came too late");
    }

    [Fact]
    public async Task Connection_cut_at_any_moment_of_a_launch_runs_the_command_once()
    {
        await using var fleet = await OwnFleet.StartAsync(1);
        var server = fleet.Hosts[0];
        var host = Bench.HostOf(server);
        for (var i = 0; i < 30; i++)
        {
            await using var bench = new Bench(fleet, o => o with { RetryDelay = TimeSpan.FromMilliseconds(10) });
            // A megabyte, so that the cut can fall into the middle of the request.
            var request = new TaskRequest { Command = $"echo ran >>~/runs-cut-{i} #{new string('x', 1 << 20)}", Id = TaskId.Parse($"cut-{i}") };
            var dispatching = bench.Dispatcher.DispatchAsync(host, request, Bench.Cancel);
            await Task.WhenAny(dispatching, Task.Delay(80 + i * 6, Bench.Cancel));
            await server.KillConnectionsAsync(Bench.Cancel);
            try
            {
                await dispatching;
            }
            catch (DispatchException e) when (e.Reason is FailureReason.ConnectionLost or FailureReason.ConnectFailed)
            {
                await bench.Dispatcher.DispatchAsync(host, request, Bench.Cancel);
            }

            var task = Assert.Single(await bench.Dispatcher.FindAsync($"cut-{i}", null, Bench.Cancel));
            Assert.Equal(TaskState.Succeeded, (await bench.Dispatcher.WaitAsync(task, null, Bench.Cancel)).State);
            Assert.Equal("ran\n", await File.ReadAllTextAsync(Path.Combine(server.HomeOnDisk, $"runs-cut-{i}"), Bench.Cancel));
        }
    }

    private static string[] Command(string id, SshHost server) => ["run", "--host", server.Name, "--id", id, "--", $"echo ran >>~/runs-{id}"];
}
