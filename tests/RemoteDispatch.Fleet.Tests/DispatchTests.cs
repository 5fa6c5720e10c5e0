using System.Security.Cryptography;
using System.Text;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Fleet.Tests;

/// <summary>The main path over real sshd.</summary>
public sealed class DispatchTests(SharedFleet shared)
{
    [Fact]
    public async Task Command_runs_at_the_host_and_everything_comes_back()
    {
        await using var bench = new Bench(shared.Fleet);
        var server = shared.Fleet.Hosts[0];
        var task = await bench.RunAsync(Bench.HostOf(server), "echo \"$HOME\"; echo err >&2; printf 'no newline'; exit 42");

        Assert.Equal((TaskState.Failed, 42), (task.State, task.ExitCode!.Value));
        Assert.Equal($"{server.Home}\nerr\nno newline", await bench.TextOf(task));
        Assert.NotNull(task.Duration);
    }

    [Fact]
    public async Task Command_of_a_megabyte_arrives_byte_for_byte()
    {
        await using var bench = new Bench(shared.Fleet);
        var hostile = "'\"`$(exit 9)${HOME}\\\r\n\t!*?[]{}~#&|;<> é 漢字 🎉 \u0001\u001e)0\n";
        var command = "sha256sum <\"$REMOTE_DISPATCH_WORKSPACE/command\"; exit 0\n" + string.Concat(Enumerable.Repeat(hostile, (1 << 20) / hostile.Length));
        var task = await bench.RunAsync(Bench.HostOf(shared.Fleet.Hosts[1]), command);

        var expected = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(command)));
        Assert.Equal(expected, (await bench.TextOf(task)).Split(' ')[0]);
    }

    [Fact]
    public async Task What_a_task_prints_changes_nothing_of_what_is_believed()
    {
        await using var bench = new Bench(shared.Fleet);
        var lies = "printf '\\036%s)0\\n' 000000000000000000000000; echo EXIT:0; echo 'ended exited 0 1 1 '; echo 'started 1 1 1 1 1'; "
            + "echo 'removed'; cat \"$REMOTE_DISPATCH_WORKSPACE/process\"; exec sleep 1000";
        var task = await bench.Dispatcher.DispatchAsync(Bench.HostOf(shared.Fleet.Hosts[2]), new TaskRequest { Command = lies }, Bench.Cancel);
        while (!(await bench.TextOf(task)).Contains("removed", StringComparison.Ordinal))
            await Task.Delay(10, Bench.Cancel);

        Assert.Equal(TaskState.Running, (await bench.Dispatcher.LookAsync(task, Bench.Cancel)).State);
        var stopped = await bench.Dispatcher.StopAsync(task, null, Bench.Cancel);
        Assert.Equal(TaskState.Stopped, stopped.State);
    }

    [Fact]
    public async Task Task_outlives_every_connection_and_another_session_finds_it()
    {
        await using var fleet = await OwnFleet.StartAsync(1);
        var host = Bench.HostOf(fleet.Hosts[0]);
        RemoteTask task;
        await using (var first = new Bench(fleet))
        {
            task = await first.Dispatcher.DispatchAsync(host, new TaskRequest { Command = "echo begun; while [ ! -e ~/go ]; do sleep 0.05; done; echo done; exit 5" }, Bench.Cancel);
            await fleet.Hosts[0].KillConnectionsAsync(Bench.Cancel);
        }

        await using var second = new Bench(fleet);
        var found = Assert.Single(await second.Dispatcher.ListAsync(host, Bench.Cancel));
        Assert.Equal((task.Id, TaskState.Running), (found.Id, found.State));
        await File.WriteAllTextAsync(Path.Combine(fleet.Hosts[0].HomeOnDisk, "go"), "", Bench.Cancel);
        var ended = await second.Dispatcher.WaitAsync(found, null, Bench.Cancel);
        Assert.Equal(5, ended.ExitCode);
        Assert.Equal("begun\ndone\n", await second.TextOf(ended));
    }

    [Fact]
    public async Task Connection_that_died_unnoticed_is_replaced_and_the_request_answered()
    {
        await using var fleet = await OwnFleet.StartAsync(1);
        await using var bench = new Bench(fleet);
        var host = Bench.HostOf(fleet.Hosts[0]);
        var task = await bench.RunAsync(host, "true");
        await fleet.Hosts[0].KillConnectionsAsync(Bench.Cancel);

        Assert.Equal(TaskState.Succeeded, (await bench.Dispatcher.LookAsync(task, Bench.Cancel)).State);
        Assert.Equal(2, fleet.Hosts[0].CountConnections());
    }

    [Fact]
    public async Task Log_followed_across_cut_connections_loses_and_doubles_no_byte()
    {
        await using var fleet = await OwnFleet.StartAsync(1);
        await using var bench = new Bench(fleet);
        var command = "i=0; while [ $i -lt 300 ]; do head -c 20000 /dev/urandom | tee -a ~/truth; i=$((i+1)); done; exit 6";
        var task = await bench.Dispatcher.DispatchAsync(Bench.HostOf(fleet.Hosts[0]), new TaskRequest { Command = command }, Bench.Cancel);
        var following = bench.LogOf(task, follow: true);
        for (var cut = 0; cut < 5 && !following.IsCompleted; cut++)
        {
            await Task.WhenAny(following, Task.Delay(60, Bench.Cancel));
            await fleet.Hosts[0].KillConnectionsAsync(Bench.Cancel);
        }

        var got = await following;
        var truth = await File.ReadAllBytesAsync(Path.Combine(fleet.Hosts[0].HomeOnDisk, "truth"), Bench.Cancel);
        Assert.Equal(Convert.ToHexString(SHA256.HashData(truth)), Convert.ToHexString(SHA256.HashData(got)));
        Assert.Equal(6, (await bench.Dispatcher.LookAsync(task, Bench.Cancel)).ExitCode);
    }

    [Fact]
    public async Task Removal_collects_the_log_first_and_leaves_nothing_on_the_host()
    {
        await using var bench = new Bench(shared.Fleet);
        var server = shared.Fleet.Hosts[3];
        var task = await bench.RunAsync(Bench.HostOf(server), "head -c 3000000 /dev/zero; echo end");
        var workspace = Path.Combine(server.HomeOnDisk, ".remote-dispatch", "tasks", task.Id);

        await bench.Dispatcher.RemoveAsync(task, new RemoveOptions { KeepLog = true }, Bench.Cancel);
        Assert.Equal(3000004, (await bench.LogOf(task)).Length);
        Assert.False(File.Exists(workspace + "/command"));

        var removed = await bench.Dispatcher.RemoveAsync(task, null, Bench.Cancel);
        Assert.Equal(3000004, new FileInfo(removed.LogPath!).Length);
        Assert.False(Directory.Exists(workspace));
        Assert.Empty(bench.Dispatcher.Options.Ledger.List());
        await bench.Dispatcher.RemoveAsync(task, null, Bench.Cancel);
    }

    [Fact]
    public async Task Removal_of_a_running_task_is_refused_and_by_force_ends_it()
    {
        await using var bench = new Bench(shared.Fleet);
        var server = shared.Fleet.Hosts[3];
        var request = new TaskRequest { Command = "echo $$ >~/running; echo so far; exec sleep 1000" };
        var task = await bench.Dispatcher.DispatchAsync(Bench.HostOf(server), request, Bench.Cancel);
        var failure = await Assert.ThrowsAsync<DispatchException>(() => bench.Dispatcher.RemoveAsync(task, null, Bench.Cancel));
        Assert.Equal(FailureReason.TaskRunning, failure.Reason);

        var removed = await bench.Dispatcher.RemoveAsync(task, new RemoveOptions { Force = true }, Bench.Cancel);
        Assert.Equal("so far\n", await File.ReadAllTextAsync(removed.LogPath!, Bench.Cancel));
        Assert.Equal(TaskState.Stopped, removed.State);
    }

    [Fact]
    public async Task Same_id_is_the_same_task_and_another_command_under_it_a_conflict()
    {
        await using var bench = new Bench(shared.Fleet);
        var host = Bench.HostOf(shared.Fleet.Hosts[0]);
        var request = new TaskRequest { Command = "echo ran >>~/same-id; exit 3", Id = TaskId.Parse("same-id") };
        await bench.Dispatcher.WaitAsync(await bench.Dispatcher.DispatchAsync(host, request, Bench.Cancel), null, Bench.Cancel);
        var again = await bench.Dispatcher.DispatchAsync(host, request, Bench.Cancel);
        Assert.Equal((TaskState.Failed, 3), (again.State, again.ExitCode!.Value));
        Assert.Equal("ran\n", await File.ReadAllTextAsync(Path.Combine(shared.Fleet.Hosts[0].HomeOnDisk, "same-id"), Bench.Cancel));

        var failure = await Assert.ThrowsAsync<DispatchException>(() => bench.Dispatcher.DispatchAsync(host, request with { Command = "true" }, Bench.Cancel));
        Assert.Equal((FailureReason.TaskConflict, "same-id"), (failure.Reason, failure.TaskId));
        Assert.Equal(TaskState.Failed, Assert.Single(await bench.Dispatcher.FindAsync("same-id", null, Bench.Cancel)).State);
    }

    [Fact]
    public async Task Login_shell_brings_what_the_profile_sets()
    {
        await using var bench = new Bench(shared.Fleet);
        var server = shared.Fleet.Hosts[1];
        await File.WriteAllTextAsync(Path.Combine(server.HomeOnDisk, ".profile"), "export FROM_PROFILE=\"it's here\"\n", Bench.Cancel);
        var request = new TaskRequest { Command = "echo \"${FROM_PROFILE-nothing}\"" };
        var plain = await bench.Dispatcher.WaitAsync(await bench.Dispatcher.DispatchAsync(Bench.HostOf(server), request, Bench.Cancel), null, Bench.Cancel);
        var login = await bench.Dispatcher.WaitAsync(
            await bench.Dispatcher.DispatchAsync(Bench.HostOf(server), request with { LoginShell = true }, Bench.Cancel), null, Bench.Cancel);

        Assert.Equal("nothing\n", await bench.TextOf(plain));
        Assert.Equal("it's here\n", await bench.TextOf(login));
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task Arguments_reach_the_script_exactly(bool loginShell)
    {
        await using var bench = new Bench(shared.Fleet);
        var request = new TaskRequest
        {
            Command = "printf '%s|' \"$#\" \"$@\"",
            Arguments = ["two words", "it's $(id)", "", "-n", "line\nbreak", "é漢"],
            LoginShell = loginShell,
        };
        var task = await bench.Dispatcher.DispatchAsync(Bench.HostOf(shared.Fleet.Hosts[3]), request, Bench.Cancel);
        await bench.Dispatcher.WaitAsync(task, null, Bench.Cancel);
        Assert.Equal("6|two words|it's $(id)||-n|line\nbreak|é漢|", await bench.TextOf(task));
    }

    [Fact]
    public async Task Tail_gives_the_last_lines_and_follow_goes_on_from_them()
    {
        await using var bench = new Bench(shared.Fleet);
        var task = await bench.RunAsync(Bench.HostOf(shared.Fleet.Hosts[2]), "i=1; while [ $i -le 1000 ]; do echo line $i; i=$((i+1)); done");
        var text = new StringBuilder();
        await foreach (var chunk in bench.Dispatcher.ReadLogAsync(task, new LogQuery { Tail = 3, Follow = true }, Bench.Cancel))
            text.Append(Encoding.UTF8.GetString(chunk.Bytes.Span));
        Assert.Equal("line 998\nline 999\nline 1000\n", text.ToString());
    }
}
