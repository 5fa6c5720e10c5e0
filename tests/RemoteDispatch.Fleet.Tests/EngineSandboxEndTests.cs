using System.Diagnostics;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Fleet.Tests;

/// <summary>However a task in a container ends, nothing of it is left: no process, no container.</summary>
public sealed class EngineSandboxEndTests : IAsyncLifetime
{
    // What it leaves behind has neither the task's mark nor an ear for TERM.
    private const string Deaf = "env -i PATH=\"$PATH\" setsid sh -c 'trap \"\" TERM; while :; do sleep 1000.125; done' >/dev/null 2>&1 & ";

    private EngineBench _bench = null!;

    public async ValueTask InitializeAsync() => _bench = await EngineBench.StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (_bench is not null)
            await _bench.DisposeAsync();
    }

    [Fact]
    public async Task Engine_ends_all_of_a_task_at_its_end_a_stop_and_a_time_limit()
    {
        var task = await _bench.RunAsync(new TaskRequest { Command = Deaf + "kill -9 $$", Sandbox = new SandboxRequest() });
        Assert.Equal(137, task.ExitCode);
        await NothingLeftAsync(task);

        task = await _bench.ReadyAsync(new TaskRequest { Command = Deaf + "trap 'echo cleaned up; exit 7' TERM; echo ready; while :; do sleep 0.1; done", Sandbox = new SandboxRequest() });
        task = await _bench.Dispatcher.StopAsync(task, TimeSpan.FromSeconds(2), Bench.Cancel);
        Assert.Equal(TaskState.Stopped, task.State);
        Assert.Contains("cleaned up", await _bench.TextOf(task), StringComparison.Ordinal);
        await NothingLeftAsync(task);

        task = await _bench.RunAsync(new TaskRequest { Command = Deaf + "trap '' TERM; while :; do sleep 1000.125; done", Sandbox = new SandboxRequest(), TimeLimit = TimeSpan.FromSeconds(1) });
        Assert.Equal(TaskState.TimedOut, task.State);
        await NothingLeftAsync(task);
    }

    [Fact]
    public async Task Engine_ends_all_of_a_task_whose_wrapper_was_killed()
    {
        var request = new TaskRequest { Command = Deaf + "trap '' TERM; echo ready; while :; do sleep 1000.125; done", Sandbox = new SandboxRequest() };
        // The wrapper alone; and with all that is its group, docker's client too.
        foreach (var group in new[] { "", "-" })
        {
            var task = await _bench.ReadyAsync(request);
            var wrapper = (await File.ReadAllTextAsync($"{_bench.Home}/.remote-dispatch/tasks/{task.Id}/process", Bench.Cancel)).Split(' ')[0];
            await KillAsync(group + wrapper);
            await GoneAsync();
            task = await _bench.Dispatcher.WaitAsync(task, TimeSpan.FromSeconds(60), Bench.Cancel);
            Assert.Equal((TaskState.Lost, "Boundary (docker)"), (task.State, task.Sandbox!.ToString()));
            await _bench.Dispatcher.RemoveAsync(task, cancellationToken: Bench.Cancel);
            Assert.False(_bench.HasHome(task));
        }
    }

    [Fact]
    public async Task Engine_ends_all_of_a_task_whose_client_was_killed_and_the_task_is_no_success()
    {
        var task = await _bench.ReadyAsync(new TaskRequest { Command = Deaf + "echo ready; sleep 1000.125", Sandbox = new SandboxRequest() });
        await KillAsync([.. EngineBench.WithArgument($"remote-dispatch-sandbox={task.Id}").Select(id => $"{id}")]);
        task = await _bench.Dispatcher.WaitAsync(task, TimeSpan.FromSeconds(60), Bench.Cancel);
        Assert.Equal((TaskState.Failed, 137), (task.State, task.ExitCode));
        await NothingLeftAsync(task);
    }

    private static async Task KillAsync(params string[] processes)
    {
        using var kill = Process.Start("kill", ["-KILL", "--", .. processes]);
        await kill.WaitForExitAsync(Bench.Cancel);
        Assert.Equal(0, kill.ExitCode);
    }

    private async Task GoneAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Bench.Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (await _bench.ContainersAsync() != "" || EngineBench.WithArgument("1000.125").Length > 0)
            await Task.Delay(20, limit.Token);
    }

    private async Task NothingLeftAsync(RemoteTask task)
    {
        Assert.Equal("", await _bench.ContainersAsync());
        Assert.False(_bench.HasHome(task));
        Assert.Empty(EngineBench.WithArgument("1000.125"));
    }
}
