using System.Globalization;
using RemoteDispatch.Hosts;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Fleet.Tests;

/// <summary>What a wait says when its time is over: only what it knows.</summary>
public sealed class WaitTests(SharedFleet shared)
{
    [Theory, InlineData(0), InlineData(0.5)]
    public async Task Host_that_never_answered_leaves_the_state_unknown(double seconds)
    {
        using var hole = await Door.BlackHoleAsync(Bench.Cancel);
        await using var bench = new Bench(null, ssh => ssh with { ConnectTimeout = TimeSpan.FromSeconds(2) });
        var task = new RemoteTask
        {
            Id = "far", Host = DispatchHost.FromAddress(string.Create(CultureInfo.InvariantCulture, $"ssh://{hole.Address}:{hole.Port}")), State = TaskState.Running, Command = "x",
        };
        var failure = await Assert.ThrowsAsync<DispatchException>(() => bench.Dispatcher.WaitAsync(task, TimeSpan.FromSeconds(seconds), Bench.Cancel));
        Assert.Equal((FailureReason.WaitTimedOut, "far", task.HostName), (failure.Reason, failure.TaskId, failure.Host));
        Assert.Contains("whether the task 'far' has ended is not known", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("goes on", failure.Message, StringComparison.Ordinal);
        Assert.Contains("Check the host", failure.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Task_is_looked_at_once_where_there_is_no_time_to_wait()
    {
        await using var bench = new Bench(shared.Fleet);
        var host = Bench.HostOf(shared.Fleet.Hosts[0]);
        var sent = await bench.Dispatcher.DispatchAsync(host, new TaskRequest { Command = "exit 3" }, Bench.Cancel);
        await bench.Dispatcher.WaitAsync(sent, TimeSpan.FromSeconds(30), Bench.Cancel);
        // The one that was given back at the dispatch: it still says Running.
        var ended = await bench.Dispatcher.WaitAsync(sent, TimeSpan.Zero, Bench.Cancel);
        Assert.Equal((TaskState.Failed, 3), (ended.State, ended.ExitCode));
    }

    [Fact]
    public async Task Task_that_runs_is_said_to_go_on()
    {
        await using var bench = new Bench(shared.Fleet);
        var task = await bench.Dispatcher.DispatchAsync(Bench.HostOf(shared.Fleet.Hosts[1]), new TaskRequest { Command = "exec sleep 1000" }, Bench.Cancel);
        foreach (var time in new[] { TimeSpan.Zero, TimeSpan.FromSeconds(1) })
        {
            var failure = await Assert.ThrowsAsync<DispatchException>(() => bench.Dispatcher.WaitAsync(task, time, Bench.Cancel));
            Assert.Equal(FailureReason.WaitTimedOut, failure.Reason);
            Assert.EndsWith("; it goes on.", failure.Message, StringComparison.Ordinal);
        }

        await bench.Dispatcher.StopAsync(task, TimeSpan.Zero, Bench.Cancel);
    }
}
