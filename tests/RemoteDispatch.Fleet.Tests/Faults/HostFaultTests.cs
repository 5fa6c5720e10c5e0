using System.Diagnostics;
using System.Text;
using RemoteDispatch.Core.Tests.Workspaces;
using RemoteDispatch.Hosts;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Fleet.Tests.Faults;

/// <summary>
/// What hosts do to those who use them. Each ends in the true state and a plain error, inside its time limit; and the next command works.
/// </summary>
public sealed class HostFaultTests(FaultTable table)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public Task Restart_of_sshd_costs_a_follower_nothing() => InjectAsync("sshd restarted while a log is followed", async () =>
    {
        await using var fleet = await OwnFleet.StartAsync(1);
        await using var bench = new Bench(fleet);
        var host = Bench.HostOf(fleet.Hosts[0]);
        var task = await bench.Dispatcher.DispatchAsync(host, Numbers(200), Bench.Cancel);
        var following = bench.LogOf(task, follow: true);
        for (var i = 0; i < 2; i++)
        {
            await fleet.Hosts[0].StopAsync(Bench.Cancel);
            await fleet.Hosts[0].StartAsync(Bench.Cancel);
        }

        Assert.Equal(NumbersText(200), Encoding.UTF8.GetString(await following));
        await ServesAsync(bench, host);
    });

    [Fact]
    public Task Disk_that_is_full_is_named_and_starts_nothing() => InjectAsync("disk full before a task", async () =>
    {
        using var disk = Tmpfs.Mount("size=256k");
        await using var fleet = await OwnFleet.StartAsync(1);
        await using var bench = new Bench(fleet);
        var host = Bench.HostOf(fleet.Hosts[0]) with { WorkspaceRoot = disk.Folder + "/tasks" };
        await File.WriteAllBytesAsync(disk.Folder + "/ballast", new byte[256 << 10], Bench.Cancel).ContinueWith(_ => { }, TaskScheduler.Default);

        var failure = await Assert.ThrowsAsync<DispatchException>(() => bench.Dispatcher.DispatchAsync(host, new TaskRequest { Command = "echo ran" }, Bench.Cancel));
        Assert.Equal(FailureReason.DiskFull, failure.Reason);
        Assert.Contains("Get-RemoteTaskWorkspace h1", failure.Remedy, StringComparison.Ordinal);
        Assert.Contains("h1", failure.Message, StringComparison.Ordinal);
        Assert.Contains($"No space left on device (tmpfs on {disk.Folder}: 256 KiB, 0 B free", failure.Message, StringComparison.Ordinal);
        File.Delete(disk.Folder + "/ballast");
        await ServesAsync(bench, host);
    });

    [Fact]
    public Task Task_that_fills_the_disk_ends_with_its_exit_code() => InjectAsync("disk filled by a task", async () =>
    {
        using var disk = Tmpfs.Mount("size=512k");
        await using var fleet = await OwnFleet.StartAsync(1);
        await using var bench = new Bench(fleet);
        var host = Bench.HostOf(fleet.Hosts[0]) with { WorkspaceRoot = disk.Folder + "/tasks" };
        var task = await bench.RunAsync(host, "head -c 2000000 /dev/zero 2>/dev/null; exit 5");
        Assert.Equal((TaskState.Failed, 5), (task.State, task.ExitCode));
        Assert.Equal("the disk was full when it ended: its log may be cut short", task.Reason);
        Assert.InRange((await bench.LogOf(task)).Length, 1, 512 << 10);
        await bench.Dispatcher.RemoveAsync(task, cancellationToken: Bench.Cancel);
        await ServesAsync(bench, host);
    });

    [Fact]
    public Task Log_that_is_deleted_does_not_look_like_a_quiet_end() => InjectAsync("log file deleted while it is followed", async () =>
    {
        await using var fleet = await OwnFleet.StartAsync(1);
        await using var bench = new Bench(fleet);
        var host = Bench.HostOf(fleet.Hosts[0]);
        var task = await bench.Dispatcher.DispatchAsync(host, new TaskRequest { Command = "echo before; until [ -e ~/go ]; do sleep 0.05; done; echo after; exit 4" }, Bench.Cancel);
        var workspace = Path.Combine(fleet.Hosts[0].HomeOnDisk, ".remote-dispatch/tasks", task.Id);
        var seen = new TaskCompletionSource();
        var following = Task.Run(async () =>
        {
            await foreach (var chunk in bench.Dispatcher.ReadLogAsync(task, new LogQuery { Follow = true }, Bench.Cancel))
            {
                if (chunk.Bytes.Length > 0)
                    seen.TrySetResult();
            }
        });
        await seen.Task.WaitAsync(Limit, Bench.Cancel);
        File.Delete(workspace + "/log");
        await File.WriteAllTextAsync(fleet.Hosts[0].HomeOnDisk + "/go", "", Bench.Cancel);

        var failure = await Assert.ThrowsAsync<DispatchException>(() => following);
        Assert.Contains("log", failure.Message, StringComparison.Ordinal);
        var ended = await bench.Dispatcher.WaitAsync(task, Limit, Bench.Cancel);
        Assert.Equal((TaskState.Failed, 4), (ended.State, ended.ExitCode));
        await ServesAsync(bench, host);
    });

    [Fact]
    public Task Workspace_that_is_deleted_while_the_task_runs_is_removed_and_not_lost() => InjectAsync("workspace deleted while the task runs", async () =>
    {
        await using var fleet = await OwnFleet.StartAsync(1);
        await using var bench = new Bench(fleet);
        var host = Bench.HostOf(fleet.Hosts[0]);
        var task = await bench.Dispatcher.DispatchAsync(host, new TaskRequest { Command = "echo begun; exec sleep 1000" }, Bench.Cancel);
        var following = bench.LogOf(task, follow: true);
        Directory.Delete(Path.Combine(fleet.Hosts[0].HomeOnDisk, ".remote-dispatch/tasks", task.Id), recursive: true);

        var failure = await Assert.ThrowsAsync<DispatchException>(() => following.WaitAsync(Limit, Bench.Cancel));
        Assert.Equal((FailureReason.TaskNotFound, "h1", task.Id), (failure.Reason, failure.Host, failure.TaskId));
        Assert.Equal(TaskState.Removed, (await bench.Dispatcher.LookAsync(task, Bench.Cancel)).State);
        await ServesAsync(bench, host);
    });

    [Fact]
    public Task Clock_that_is_two_hours_off_changes_no_state_and_no_duration() => InjectAsync("host's clock two hours off", async () =>
    {
        var library = Directory.Exists("/usr/lib") ? Directory.EnumerateFiles("/usr/lib", "libfaketime.so.1", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true }).FirstOrDefault() : null;
        Assert.SkipWhen(library is null, "libfaketime is not here: apt-get install faketime");
        foreach (var offset in (string[])["+2h", "-2h"])
        {
            await using var fleet = await OwnFleet.StartAsync(1, _ => new FleetHostOptions { LoginScript = $"export LD_PRELOAD='{library}' FAKETIME='{offset}'" });
            await using var bench = new Bench(fleet);
            var host = Bench.HostOf(fleet.Hosts[0]);
            var task = await bench.RunAsync(host, "sleep 1");
            Assert.Equal(TaskState.Succeeded, task.State);
            Assert.InRange(task.Duration!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30));
            Assert.InRange((task.Started!.Value - TimeProvider.System.GetUtcNow()).Duration(), TimeSpan.FromMinutes(110), TimeSpan.FromMinutes(130));
            var limited = await bench.Dispatcher.DispatchAsync(host, new TaskRequest { Command = "exec sleep 1000", TimeLimit = TimeSpan.FromSeconds(1) }, Bench.Cancel);
            Assert.Equal(TaskState.TimedOut, (await bench.Dispatcher.WaitAsync(limited, Limit, Bench.Cancel)).State);
            await ServesAsync(bench, host);
        }
    });

    [Fact]
    public Task One_session_for_each_connection_is_enough() => InjectAsync("MaxSessions 1", async () =>
    {
        await using var fleet = await OwnFleet.StartAsync(1, _ => new FleetHostOptions { SshdOptions = ["MaxSessions 1"] });
        await using var bench = new Bench(fleet);
        var host = Bench.HostOf(fleet.Hosts[0]);
        var task = await bench.Dispatcher.DispatchAsync(host, Numbers(20), Bench.Cancel);
        var following = bench.LogOf(task, follow: true);
        await ServesAsync(bench, host);
        Assert.Equal(NumbersText(20), Encoding.UTF8.GetString(await following));
    });

    [Fact]
    public Task Server_that_takes_two_connects_at_once_serves_ten_programs_or_says_why() => InjectAsync("MaxStartups 2", async () =>
    {
        await using var fleet = await OwnFleet.StartAsync(1, _ => new FleetHostOptions { SshdOptions = ["MaxStartups 2:100:2"], LoginScript = "sleep 0.2" });
        using var program = new Rdispatch(fleet.SshConfigPath);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => program.RunAsync("run", "--wait", "--host", "h1", "--id", $"start-{i}", "--", $"echo ran >>~/ran-{i}; exit 6")));
        foreach (var (code, _, errors) in outcomes)
            Assert.True(code == 6 || (errors.Contains("h1", StringComparison.Ordinal) && errors.Contains("connect", StringComparison.OrdinalIgnoreCase)), $"{code}: {errors}");
        for (var i = 0; i < outcomes.Length; i++)
        {
            var runs = Path.Combine(fleet.Hosts[0].HomeOnDisk, $"ran-{i}");
            Assert.Equal(outcomes[i].Code == 6 ? "ran\n" : "", File.Exists(runs) ? await File.ReadAllTextAsync(runs, Bench.Cancel) : "");
        }

        await using var bench = new Bench(fleet);
        await ServesAsync(bench, Bench.HostOf(fleet.Hosts[0]));
    });

    [Fact]
    public Task Login_script_that_prints_megabytes_is_not_listened_to() => InjectAsync("login script that prints megabytes", async () =>
    {
        await using var fleet = await OwnFleet.StartAsync(1, _ => new FleetHostOptions { LoginScript = "head -c 5000000 /dev/urandom; head -c 500000 /dev/urandom >&2" });
        await using var bench = new Bench(fleet);
        var host = Bench.HostOf(fleet.Hosts[0]);
        var task = await bench.Dispatcher.DispatchAsync(host, Numbers(20), Bench.Cancel);
        Assert.Equal(NumbersText(20), Encoding.UTF8.GetString(await bench.LogOf(task, follow: true)));
        await ServesAsync(bench, host);
    });

    [Fact]
    public Task Login_script_that_hangs_is_given_up_and_the_next_command_works() => InjectAsync("login script that hangs", async () =>
    {
        await using var fleet = await OwnFleet.StartAsync(1, _ => new FleetHostOptions { LoginScript = "[ ! -e ~/hang ] || sleep 1000" });
        await using var bench = new Bench(fleet, Quick);
        var host = Bench.HostOf(fleet.Hosts[0]);
        await File.WriteAllTextAsync(fleet.Hosts[0].HomeOnDisk + "/hang", "", Bench.Cancel);
        await FailsInTimeAsync(bench, host, FailureReason.ConnectTimedOut);
        File.Delete(fleet.Hosts[0].HomeOnDisk + "/hang");
        await ServesAsync(bench, host);
    });

    [Fact]
    public Task Server_that_accepts_and_says_nothing_is_given_up_and_the_next_command_works() => InjectAsync("sshd that accepts and says nothing", async () =>
    {
        await using var network = ProxiedFleet.Before(await OwnFleet.StartAsync(1));
        await using var bench = Bench.Through(network, Quick);
        var host = Bench.HostOf(network.Fleet.Hosts[0]);
        network.Proxies[0].BlackHole();
        await FailsInTimeAsync(bench, host, FailureReason.ConnectTimedOut);
        network.Proxies[0].Heal();
        await ServesAsync(bench, host);
    });

    [Fact]
    public Task Black_hole_behind_an_open_connection_costs_a_limit_and_heals() => InjectAsync("black hole behind an open connection", async () =>
    {
        await using var network = ProxiedFleet.Before(await OwnFleet.StartAsync(1));
        await using var bench = Bench.Through(network, o => Quick(o) with { RequestTimeout = TimeSpan.FromSeconds(3) });
        var host = Bench.HostOf(network.Fleet.Hosts[0]);
        var task = await bench.Dispatcher.DispatchAsync(host, Numbers(100), Bench.Cancel);
        network.Proxies[0].BlackHole();
        var clock = Stopwatch.StartNew();
        var failure = await Assert.ThrowsAsync<DispatchException>(() => bench.Dispatcher.DispatchAsync(host, new TaskRequest { Command = "true" }, Bench.Cancel));
        Assert.Equal(("h1", FailureReason.RequestTimedOut), (failure.Host, failure.Reason));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), $"it took {clock.Elapsed}");
        network.Proxies[0].Heal();
        Assert.Equal(NumbersText(100), Encoding.UTF8.GetString(await bench.LogOf(task, follow: true)));
        await ServesAsync(bench, host);
    });

    [Fact]
    public Task Half_closed_connection_is_a_lost_one_and_no_end() => InjectAsync("connection half closed", async () =>
    {
        await using var network = ProxiedFleet.Before(await OwnFleet.StartAsync(1));
        await using var bench = Bench.Through(network, Quick);
        var host = Bench.HostOf(network.Fleet.Hosts[0]);
        foreach (var ofClient in (bool[])[false, true])
        {
            var task = await bench.Dispatcher.DispatchAsync(host, Numbers(100), Bench.Cancel);
            var following = bench.LogOf(task, follow: true);
            await Task.Delay(100, Bench.Cancel);
            network.Proxies[0].HalfClose(ofClient);
            Assert.Equal(NumbersText(100), Encoding.UTF8.GetString(await following));
            await ServesAsync(bench, host);
        }
    });

    [Fact]
    public Task Server_that_is_not_OpenSSH_serves_like_any_other() => InjectAsync("dropbear in place of sshd", async () =>
    {
        Assert.SkipWhen(NamespacedFleet.Missing is not null, NamespacedFleet.Missing ?? "");
        Assert.SkipWhen(!File.Exists("/usr/sbin/dropbear"), "dropbear is not here: apt-get install dropbear-bin");
        await using var fleet = await NamespacedFleet.StartAsync(1, null, Bench.Cancel);
        using var program = new Rdispatch(fleet.SshConfigPath, fleet.ClientPrefix);
        var home = fleet.Hosts[0].HomeOnDisk;
        var ssh = Directory.CreateDirectory(home + "/.ssh");
        File.SetUnixFileMode(ssh.FullName, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.Copy(fleet.IdentityPath + ".pub", ssh.FullName + "/authorized_keys");
        File.SetUnixFileMode(ssh.FullName + "/authorized_keys", UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var start = await program.RunAsync("run", "--host", "h1", "--", "dropbearkey -t ed25519 -f ~/key && exec dropbear -F -E -s -r ~/key -p 2222");
        Assert.True(start.Code == 0, start.Errors);

        var trusted = await TrustAsync(program, $"ssh://root@{fleet.Hosts[0].Address}:2222");
        Assert.True(trusted.Code == 0, trusted.Errors);
        var ran = await program.RunAsync(["run", "--wait", "--host", "bear", "--id", "on-bear", "--", "echo out; exit 3"]);
        Assert.Equal((3, "out\n"), (ran.Code, ran.Output));
        var running = await program.RunAsync("run", "--host", "bear", "--id", "stopped-bear", "--", "exec sleep 1000");
        Assert.True(running.Code == 0, running.Errors);
        var stop = await program.RunAsync("stop", "stopped-bear");
        Assert.True(stop.Code == 0, stop.Errors);
        var log = await program.RunAsync("logs", "on-bear");
        Assert.Equal((0, "out\n"), (log.Code, log.Output));
    });

    [Fact]
    public Task Host_that_reboots_ends_a_follower_with_a_lost_task() => InjectAsync("host rebooted while a log is followed", async () =>
    {
        Assert.SkipWhen(NamespacedFleet.Missing is not null, NamespacedFleet.Missing ?? "");
        await using var fleet = await NamespacedFleet.StartAsync(1, null, Bench.Cancel);
        using var program = new Rdispatch(fleet.SshConfigPath, fleet.ClientPrefix);
        Assert.Equal(0, (await program.RunAsync("run", "--host", "h1", "--id", "reboot", "--", "echo begun; exec sleep 1000")).Code);
        using var follower = program.Start("logs", "--follow", "reboot");
        Assert.Equal("begun", await follower.StandardOutput.ReadLineAsync(Bench.Cancel));
        await fleet.Hosts[0].CrashAsync(Bench.Cancel);
        await fleet.Hosts[0].BootAsync(Bench.Cancel);
        var errors = await follower.StandardError.ReadToEndAsync(Bench.Cancel).WaitAsync(TimeSpan.FromSeconds(120), Bench.Cancel);
        await follower.WaitForExitAsync(Bench.Cancel);
        Assert.NotEqual(0, follower.ExitCode);
        Assert.Contains("lost", errors, StringComparison.OrdinalIgnoreCase);
        var next = await program.RunAsync("run", "--wait", "--host", "h1", "--", "echo served");
        Assert.Equal((0, "served\n"), (next.Code, next.Output));
    });

    private static async Task<(int Code, string Output, string Errors)> TrustAsync(Rdispatch program, string address)
    {
        for (var attempt = 0; ; attempt++)
        {
            // Dropbear may still be making its key.
            var added = await program.RunAsync("hosts", "add", "bear", address, "--force", "--trust-host-key");
            if (added.Code == 0 || attempt == 40)
                return added;
            await Task.Delay(50, Bench.Cancel);
        }
    }

    private static TaskRequest Numbers(int count) => new() { Command = $"i=0; while [ $i -lt {count} ]; do i=$((i + 1)); echo $i; sleep 0.02; done" };

    private static string NumbersText(int count) => string.Concat(Enumerable.Range(1, count).Select(i => $"{i}\n"));

    private static Connections.ConnectionOptions Quick(Connections.ConnectionOptions options) =>
        options with { ConnectTimeout = TimeSpan.FromSeconds(3), RetryDelay = TimeSpan.FromMilliseconds(100) };

    private static async Task ServesAsync(Bench bench, DispatchHost host)
    {
        var task = await bench.RunAsync(host, "echo served; exit 9");
        Assert.Equal((TaskState.Failed, 9), (task.State, task.ExitCode));
        Assert.Equal("served\n", await bench.TextOf(task));
    }

    private static async Task FailsInTimeAsync(Bench bench, DispatchHost host, FailureReason reason)
    {
        var clock = Stopwatch.StartNew();
        var failure = await Assert.ThrowsAsync<DispatchException>(() => bench.Dispatcher.DispatchAsync(host, new TaskRequest { Command = "true" }, Bench.Cancel));
        Assert.Equal((host.Name, reason), (failure.Host, failure.Reason));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(15), $"it took {clock.Elapsed}");
    }

    private async Task InjectAsync(string fault, Func<Task> body)
    {
        var wrong = 1;
        try
        {
            await body();
            wrong = 0;
        }
        finally
        {
            table.Add(fault, wrong: wrong);
        }
    }
}
