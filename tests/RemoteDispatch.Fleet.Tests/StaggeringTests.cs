using System.Diagnostics;
using RemoteDispatch.Connections;
using RemoteDispatch.Credentials;
using RemoteDispatch.Hosts;
using RemoteDispatch.Tasks;
using RemoteDispatch.Watching;

namespace RemoteDispatch.Fleet.Tests;

/// <summary>A host that limits its workers: what has no room waits, and is started once, in order, by whoever watches or waits.</summary>
public sealed class StaggeringTests(SharedFleet shared)
{
    private static CancellationToken Cancel => Bench.Cancel;

    [Fact]
    public async Task Forty_tasks_for_a_host_of_four_workers_run_once_each_and_never_more_than_four_at_once_though_the_watch_is_killed()
    {
        using var cli = new Rdispatch(shared.Fleet.SshConfigPath);
        Assert.Equal(0, (await cli.RunAsync("hosts", "add", "crowded", shared.Fleet.Hosts[0].Name, "--workspace-root", $"{cli.Folder}/root", "--max-workers", "4")).Code);
        await using var dispatcher = Of(cli, shared.Fleet.SshConfigPath);
        var host = dispatcher.Options.Inventory.Find("crowded")!;
        var marks = cli.Folder + "/marks";
        Directory.CreateDirectory(marks);
        var sent = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => dispatcher.DispatchAsync(
            host, new TaskRequest { Id = TaskId.Parse($"t{i:00}"), Command = $"date +%s%N >>'{marks}/{i}.begun'; sleep 0.3; date +%s%N >>'{marks}/{i}.done'" }, Cancel)));
        Assert.Contains(sent, t => t.IsWaiting && t.State == TaskState.Pending && t.Reason!.Contains("of 4 workers run on crowded; started by Watch-RemoteTask", StringComparison.Ordinal));
        Assert.InRange(sent.Count(t => !t.IsWaiting), 4, 39);

        // Ended without a chance to put anything in order, twice.
        foreach (var enough in (int[])[10, 22])
        {
            using var watch = cli.Start("watch");
            watch.OutputDataReceived += (_, _) => { };
            watch.ErrorDataReceived += (_, _) => { };
            watch.BeginOutputReadLine();
            watch.BeginErrorReadLine();
            await UntilAsync(() => Directory.GetFiles(marks, "*.begun").Length >= enough);
            watch.Kill(entireProcessTree: true);
            await watch.WaitForExitAsync(Cancel);
        }

        var (code, output, errors) = await cli.RunAsync("watch", "--until-ended");
        Assert.True(code == 0, errors);
        Assert.Equal(("", 40), (errors, dispatcher.Options.Ledger.List().Count(t => t.State == TaskState.Succeeded)));
        Assert.Empty(Directory.GetFiles(cli.Folder + "/state/tasks/waiting", "*.json"));
        Assert.Equal(output.Split('\n').Count(l => l.Contains("\tEnded\t", StringComparison.Ordinal)), output.Split('\n').Where(l => l.Contains("\tEnded\t", StringComparison.Ordinal)).Distinct().Count());
        var spans = Enumerable.Range(0, 40).Select(i => (Begun: Times($"{marks}/{i}.begun"), Done: Times($"{marks}/{i}.done"))).ToArray();
        Assert.All(spans, s => Assert.Equal((1, 1), (s.Begun.Length, s.Done.Length)));
        Assert.InRange(spans.Max(s => spans.Count(o => o.Begun[0] <= s.Begun[0] && s.Begun[0] < o.Done[0])), 2, 4);
        // By the records of the host itself, to its second.
        var looks = await dispatcher.LookAsync([.. dispatcher.Options.Ledger.List()], Cancel);
        Assert.All(looks, l => Assert.True(looks.Count(o => o.Task.Started < l.Task.Started && l.Task.Started < o.Task.Finished) <= 4));
    }

    [Fact]
    public async Task Two_machines_and_a_host_of_one_worker_start_one_at_a_time()
    {
        await using var one = new Bench(shared.Fleet);
        await using var two = new Bench(shared.Fleet);
        var host = Limited(one, shared.Fleet.Hosts[1], new WorkerLimit { MaxWorkers = 1 });
        var file = one.Folder + "/runs";
        var tasks = await Task.WhenAll(Enumerable.Range(0, 10).Select(async i =>
        {
            var bench = i % 2 == 0 ? one : two;
            var task = await bench.Dispatcher.DispatchAsync(host, new TaskRequest { Command = $"mkdir '{file}' || echo both >>'{file}.both'; sleep 0.1; rmdir '{file}'; echo {i} >>'{file}.done'" }, Cancel);
            return await bench.Dispatcher.WaitAsync(task, TimeSpan.FromMinutes(1), Cancel);
        }));
        Assert.All(tasks, t => Assert.Equal(TaskState.Succeeded, t.State));
        Assert.False(File.Exists(file + ".both"));
        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"{i}"), (await File.ReadAllLinesAsync(file + ".done", Cancel)).Order());
    }

    [Fact]
    public async Task Two_watches_start_what_waits_once_in_the_order_of_the_dispatch_and_each_says_so_once()
    {
        await using var bench = new Bench(shared.Fleet);
        var host = Limited(bench, shared.Fleet.Hosts[2], new WorkerLimit { MaxWorkers = 1 });
        var (gate, file) = (bench.Folder + "/gate", bench.Folder + "/order");
        await bench.Dispatcher.DispatchAsync(host, new TaskRequest { Id = TaskId.Parse("first"), Command = $"while [ ! -e '{gate}' ]; do sleep 0.05; done" }, Cancel);
        foreach (var i in Enumerable.Range(0, 6))
        {
            var task = await bench.Dispatcher.DispatchAsync(host, new TaskRequest { Id = TaskId.Parse($"t{5 - i}"), Command = $"echo t{5 - i} >>'{file}'; sleep 0.2" }, Cancel);
            Assert.True(task is { IsWaiting: true, State: TaskState.Pending }, $"{task.State} {task.Reason}");
        }

        await using var other = bench.Again();
        var warned = new System.Collections.Concurrent.ConcurrentQueue<string>();
        var clock = Stopwatch.StartNew();
        var watches = Task.WhenAll(((Dispatcher[])[bench.Dispatcher, other]).Select(async d =>
        {
            var changes = new List<TaskChange>();
            await foreach (var change in new TaskWatch(d, new WatchOptions { Until = WatchUntil.AllEnded, Warn = warned.Enqueue }).RunAsync(Cancel))
                changes.Add(change);
            return changes;
        }));
        await File.WriteAllTextAsync(gate, "", Cancel);
        var said = await watches;
        Assert.Equal(["t5", "t4", "t3", "t2", "t1", "t0"], await File.ReadAllLinesAsync(file, Cancel));
        Assert.Empty(warned);
        // An end makes room at once: nobody waits for a clock.
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(30), string.Join('\n', said.SelectMany(c => c).OrderBy(c => c.At).Select(c => $"{c.At:HH:mm:ss.fff} {c}")) + "\n" + string.Join('\n', bench.Steps));
        var ends = said.SelectMany(c => c).Where(c => c.Kind == TaskChangeKind.Ended).ToArray();
        Assert.Equal(["first", "t0", "t1", "t2", "t3", "t4", "t5"], ends.Select(c => c.Id).Order());
        Assert.All(said, changes => Assert.All(changes.Where(c => c.Kind == TaskChangeKind.Started).GroupBy(c => c.Id), g => Assert.Single(g)));
    }

    [Fact]
    public async Task Watch_that_looks_once_starts_as_many_as_there_is_room_for_and_leaves_the_rest()
    {
        await using var bench = new Bench(shared.Fleet);
        var host = Limited(bench, shared.Fleet.Hosts[3], new WorkerLimit { MaxWorkers = 2 });
        var gate = bench.Folder + "/gate";
        string Waits(int n) => $"while [ ! -e '{gate}{n}' ]; do sleep 0.05; done";
        var tasks = new List<RemoteTask>();
        for (var i = 0; i < 5; i++)
            tasks.Add(await bench.Dispatcher.DispatchAsync(host, new TaskRequest { Command = Waits(i) }, Cancel));
        Assert.Equal([false, false, true, true, true], tasks.Select(t => t.IsWaiting));
        await File.WriteAllTextAsync(gate + 0, "", Cancel);
        await bench.Dispatcher.WaitAsync(tasks[0], TimeSpan.FromSeconds(30), Cancel);
        var changes = await OnceAsync(bench);
        Assert.Contains((TaskChangeKind.Started, tasks[2].Id), changes);
        Assert.Equal([TaskState.Running, TaskState.Pending, TaskState.Pending], tasks.Skip(2).Select(t => bench.Dispatcher.Options.Ledger.Find(t.Id, t.HostName)!.State));
        Assert.DoesNotContain(await OnceAsync(bench), c => c.Item1 == TaskChangeKind.Started);
        foreach (var i in Enumerable.Range(1, 4))
            await File.WriteAllTextAsync(gate + i, "", Cancel);
        foreach (var task in tasks)
            Assert.Equal(TaskState.Succeeded, (await bench.Dispatcher.WaitAsync(task, TimeSpan.FromSeconds(60), Cancel)).State);
    }

    [Fact]
    public async Task Task_that_waits_is_listed_stopped_and_removed_without_ever_having_begun()
    {
        await using var bench = new Bench(shared.Fleet);
        var host = Limited(bench, shared.Fleet.Hosts[0], new WorkerLimit { MaxWorkers = 1 });
        var running = await bench.Dispatcher.DispatchAsync(host, new TaskRequest { Command = "exec sleep 1000" }, Cancel);
        var (stopped, removed) = (await SendAsync("stopped"), await SendAsync("removed"));
        Assert.Equal("waits: 1 of 1 workers run on h1; started by Watch-RemoteTask, 'rdispatch watch'", stopped.Reason);
        Assert.Equal(["removed", "stopped"], (await bench.Dispatcher.ListAsync(host, Cancel)).Where(t => t.IsWaiting).Select(t => t.Id).Order());
        Assert.True((await bench.Dispatcher.LookAsync(stopped, Cancel)).IsWaiting);
        Assert.Equal("", await bench.TextOf(stopped));
        var timed = await Assert.ThrowsAsync<DispatchException>(() => bench.Dispatcher.WaitAsync(stopped, TimeSpan.FromMilliseconds(300), Cancel));
        Assert.Equal(FailureReason.WaitTimedOut, timed.Reason);
        Assert.Contains("has not started", timed.Message, StringComparison.Ordinal);
        // The same again is the same task; another one under its id is not.
        Assert.Equal(stopped.Id, (await SendAsync("stopped")).Id);
        Assert.Equal(FailureReason.TaskConflict, (await Assert.ThrowsAsync<DispatchException>(() => bench.Dispatcher.DispatchAsync(host, new TaskRequest { Id = TaskId.Parse("stopped"), Command = "other" }, Cancel))).Reason);

        Assert.Equal((TaskState.Stopped, "taken out of the line before it was started"), (await bench.Dispatcher.StopAsync(stopped, null, Cancel)) is var s ? (s.State, s.Reason) : default);
        await bench.Dispatcher.RemoveAsync(removed, null, Cancel);
        Assert.Null(bench.Dispatcher.Options.Ledger.Find("removed", "h1"));
        await bench.Dispatcher.StopAsync(running, TimeSpan.Zero, Cancel);
        await OnceAsync(bench);
        Assert.Equal(TaskState.Stopped, (await bench.Dispatcher.LookAsync(stopped, Cancel)).State);
        Assert.Equal([running.Id], (await bench.Dispatcher.ListAsync(host, Cancel)).Select(t => t.Id));

        Task<RemoteTask> SendAsync(string id) => bench.Dispatcher.DispatchAsync(host, new TaskRequest { Id = TaskId.Parse(id), Command = "echo ran" }, Cancel);
    }

    [Fact]
    public async Task Task_whose_host_goes_away_goes_on_to_wait_says_so_and_starts_when_it_is_back()
    {
        await using var fleet = await OwnFleet.StartAsync(1);
        await using var bench = new Bench(fleet, ssh => ssh with { ConnectTimeout = TimeSpan.FromSeconds(5), RetryDelay = TimeSpan.FromMilliseconds(100) });
        var host = Limited(bench, fleet.Hosts[0], new WorkerLimit { MaxWorkers = 1 });
        var first = await bench.Dispatcher.DispatchAsync(host, new TaskRequest { Command = "sleep 0.5" }, Cancel);
        var task = await bench.Dispatcher.DispatchAsync(host, new TaskRequest { Command = "echo late" }, Cancel);
        Assert.True(task.IsWaiting);
        await fleet.Hosts[0].StopAsync(Cancel);
        await fleet.Hosts[0].KillConnectionsAsync(Cancel);
        await OnceAsync(bench);
        var known = bench.Dispatcher.Options.Ledger.Find(task.Id, task.HostName)!;
        Assert.Equal((TaskState.Pending, true), (known.State, known.IsWaiting));
        Assert.StartsWith("waits: ", known.Reason, StringComparison.Ordinal);
        Assert.Contains("h1", known.Reason, StringComparison.Ordinal);
        await fleet.Hosts[0].StartAsync(Cancel);
        Assert.Equal(TaskState.Succeeded, (await bench.Dispatcher.WaitAsync(known, TimeSpan.FromSeconds(60), Cancel)).State);
        Assert.Equal("late\n", await bench.TextOf(known));
        await bench.Dispatcher.WaitAsync(first, TimeSpan.FromSeconds(30), Cancel);
    }

    [Fact]
    public async Task Secret_that_the_environment_has_is_fetched_by_name_when_the_task_starts_and_is_in_no_file()
    {
        await using var bench = new Bench(shared.Fleet);
        var host = Limited(bench, shared.Fleet.Hosts[1], new WorkerLimit { MaxWorkers = 1 });
        var gate = bench.Folder + "/gate";
        var name = $"STAGGERED_{Guid.NewGuid():N}";
        Environment.SetEnvironmentVariable(name, "topsecret-of-a-variable");
        var first = await bench.Dispatcher.DispatchAsync(host, new TaskRequest { Command = $"while [ ! -e '{gate}' ]; do sleep 0.05; done" }, Cancel);
        var task = await bench.Dispatcher.DispatchAsync(
            host, new TaskRequest { Command = $"printf %s \"${name}\" | wc -c", Credentials = [CredentialSource.FromEnvironment(name)] }, Cancel);
        Assert.True(task.IsWaiting);
        Assert.DoesNotContain(Directory.EnumerateFiles(bench.Folder, "*", SearchOption.AllDirectories).Select(File.ReadAllText), t => t.Contains("topsecret", StringComparison.Ordinal));
        var file = Directory.GetFiles(bench.Folder + "/tasks/waiting", "*.json").Single();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));

        // A watch without the variable leaves it, and says what it lacks.
        Environment.SetEnvironmentVariable(name, null);
        await File.WriteAllTextAsync(gate, "", Cancel);
        await bench.Dispatcher.WaitAsync(first, TimeSpan.FromSeconds(30), Cancel);
        await using (var other = bench.Again())
        {
            var warned = new List<string>();
            await foreach (var change in new TaskWatch(other, new WatchOptions { Until = WatchUntil.Once, Warn = warned.Add }).RunAsync(Cancel))
                Assert.NotEqual(TaskChangeKind.Started, change.Kind);
            Assert.Contains(warned, w => w.Contains(name, StringComparison.Ordinal));
            Assert.Contains(name, other.Options.Ledger.Find(task.Id, task.HostName)!.Reason, StringComparison.Ordinal);
        }

        Environment.SetEnvironmentVariable(name, "topsecret-of-a-variable");
        var ended = await bench.Dispatcher.WaitAsync(task, TimeSpan.FromSeconds(30), Cancel);
        Environment.SetEnvironmentVariable(name, null);
        Assert.Equal(TaskState.Succeeded, ended.State);
        Assert.Equal("23", (await bench.TextOf(ended)).Trim());
    }

    [Fact]
    public async Task Secret_that_only_this_session_has_waits_with_it_or_is_refused()
    {
        await using var bench = new Bench(shared.Fleet);
        var host = Limited(bench, shared.Fleet.Hosts[2], new WorkerLimit { MaxWorkers = 1 });
        var gate = bench.Folder + "/gate";
        var first = await bench.Dispatcher.DispatchAsync(host, new TaskRequest { Command = $"while [ ! -e '{gate}' ]; do sleep 0.05; done" }, Cancel);
        var request = new TaskRequest { Command = "printf %s \"$ONLY_HERE\" | wc -c", Credentials = [CredentialGrant.Create("ONLY_HERE", "topsecret-of-a-session")] };
        var refused = await Assert.ThrowsAsync<DispatchException>(() => bench.Dispatcher.DispatchAsync(host, request, Cancel));
        Assert.Equal((FailureReason.HostBusy, "h3"), (refused.Reason, refused.Host));
        Assert.Contains("ONLY_HERE", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("topsecret", refused.Message + refused.Remedy, StringComparison.Ordinal);
        Assert.Single(bench.Dispatcher.Options.Ledger.List());

        // One whose caller stays is held, and nobody else takes it for one that is left.
        var task = await bench.Dispatcher.DispatchAsync(host, request, new DispatchOptions { IsAwaited = true }, Cancel);
        Assert.True(task.IsWaiting);
        Assert.Contains("started by the session that dispatched it", task.Reason, StringComparison.Ordinal);
        await using (var other = bench.Again())
            await foreach (var change in new TaskWatch(other, new WatchOptions { Until = WatchUntil.Once }).RunAsync(Cancel))
                Assert.Fail($"{change}");
        var waited = bench.Dispatcher.WaitAsync(task, TimeSpan.FromSeconds(60), Cancel);
        await File.WriteAllTextAsync(gate, "", Cancel);
        Assert.Equal(TaskState.Succeeded, (await waited).State);
        Assert.Equal("22", (await bench.TextOf(await waited)).Trim());
        await bench.Dispatcher.WaitAsync(first, TimeSpan.FromSeconds(30), Cancel);
    }

    [Fact]
    public async Task Task_of_a_session_that_has_ended_with_its_secret_is_told_as_not_started()
    {
        await using var bench = new Bench(shared.Fleet);
        var host = Limited(bench, shared.Fleet.Hosts[3], new WorkerLimit { MaxWorkers = 1 });
        var first = await bench.Dispatcher.DispatchAsync(host, new TaskRequest { Command = "exec sleep 1000" }, Cancel);
        RemoteTask task;
        await using (var other = bench.Again())
        {
            task = await other.DispatchAsync(
                host, new TaskRequest { Command = "true", Credentials = [CredentialGrant.Create("ONLY_THERE", "topsecret")] }, new DispatchOptions { IsAwaited = true }, Cancel);
            Assert.True(task.IsWaiting);
        }

        Assert.Contains((TaskChangeKind.Ended, task.Id), await OnceAsync(bench));
        var known = bench.Dispatcher.Options.Ledger.Find(task.Id, task.HostName)!;
        Assert.Equal(TaskState.LaunchFailed, known.State);
        Assert.Contains("ONLY_THERE", known.Reason, StringComparison.Ordinal);
        await bench.Dispatcher.StopAsync(first, TimeSpan.Zero, Cancel);
    }

    [Fact]
    public async Task Task_of_a_session_that_was_killed_behind_its_launch_is_told_as_running()
    {
        await using var bench = new Bench(shared.Fleet);
        var host = Limited(bench, shared.Fleet.Hosts[3], new WorkerLimit { MaxWorkers = 1 });
        var first = await bench.Dispatcher.DispatchAsync(host, new TaskRequest { Command = "exec sleep 1000" }, Cancel);
        var request = new TaskRequest { Id = TaskId.Parse("begun"), Command = "exec sleep 1000", Credentials = [CredentialGrant.Create("ONLY_THERE", "topsecret")] };
        RemoteTask task;
        await using (var other = bench.Again())
        {
            task = await other.DispatchAsync(host, request, new DispatchOptions { IsAwaited = true }, Cancel);
            Assert.True(task.IsWaiting);
        }

        // What that session could still do: its launch arrived, and nothing was written down here.
        var options = bench.Dispatcher.Options;
        await using (var late = new Dispatcher(new DispatcherOptions { Connections = options.Connections, Inventory = options.Inventory, Ledger = new Ledger(bench.Folder + "/elsewhere"), LogFolder = options.LogFolder }))
            Assert.Equal(TaskState.Running, (await late.DispatchAsync(host with { WorkerLimit = WorkerLimit.None }, request, Cancel)).State);
        Assert.DoesNotContain((TaskChangeKind.Ended, task.Id), await OnceAsync(bench));
        var known = options.Ledger.Find(task.Id, task.HostName)!;
        Assert.Equal((TaskState.Running, false), (known.State, known.IsWaiting));
        Assert.Empty(Directory.GetFiles(bench.Folder + "/tasks/waiting", "*.json"));
        foreach (var one in (RemoteTask[])[first, known])
            await bench.Dispatcher.StopAsync(one, TimeSpan.Zero, Cancel);
    }

    [Fact]
    public async Task Task_that_ran_and_was_left_in_the_line_by_a_crash_is_not_begun_again_when_its_workspace_is_gone()
    {
        await using var bench = new Bench(shared.Fleet);
        var host = Limited(bench, shared.Fleet.Hosts[2], new WorkerLimit { MaxWorkers = 1 });
        var (gate, runs) = (bench.Folder + "/gate", bench.Folder + "/runs");
        await bench.Dispatcher.DispatchAsync(host, new TaskRequest { Command = $"while [ ! -e '{gate}' ]; do sleep 0.05; done" }, Cancel);
        var task = await bench.Dispatcher.DispatchAsync(host, new TaskRequest { Command = $"echo ran >>'{runs}'" }, Cancel);
        Assert.True(task.IsWaiting);
        var file = Directory.GetFiles(bench.Folder + "/tasks/waiting", "*.json").Single();
        var left = await File.ReadAllBytesAsync(file, Cancel);
        await File.WriteAllTextAsync(gate, "", Cancel);
        task = await bench.Dispatcher.WaitAsync(task, TimeSpan.FromSeconds(60), Cancel);

        await File.WriteAllBytesAsync(file, left, Cancel);
        Directory.Delete($"{bench.Folder}/root/{task.Id}", recursive: true);
        await NextAsync();
        Assert.Equal(TaskState.Succeeded, bench.Dispatcher.Options.Ledger.Find(task.Id, task.HostName)!.State);
        // Nor when nothing here knows of it any more.
        await File.WriteAllBytesAsync(file, left, Cancel);
        await bench.Dispatcher.RemoveAsync(task, null, Cancel);
        await NextAsync();
        Assert.Equal("ran\n", await File.ReadAllTextAsync(runs, Cancel));

        async Task NextAsync() =>
            await bench.Dispatcher.WaitAsync(await bench.Dispatcher.DispatchAsync(host, new TaskRequest { Command = "true" }, Cancel), TimeSpan.FromSeconds(60), Cancel);
    }

    [Fact]
    public async Task Task_that_cannot_start_when_its_turn_comes_is_told_and_the_next_one_starts()
    {
        await using var bench = new Bench(shared.Fleet);
        var host = Limited(bench, shared.Fleet.Hosts[0], new WorkerLimit { MaxWorkers = 1 });
        var first = await bench.Dispatcher.DispatchAsync(host, new TaskRequest { Command = "sleep 0.5" }, Cancel);
        var broken = await bench.Dispatcher.DispatchAsync(host, new TaskRequest { Command = "true", WorkingDirectory = "/is/not/there" }, Cancel);
        var next = await bench.Dispatcher.DispatchAsync(host, new TaskRequest { Command = "echo next" }, Cancel);
        Assert.True(broken.IsWaiting && next.IsWaiting);
        Assert.Equal(TaskState.Succeeded, (await bench.Dispatcher.WaitAsync(next, TimeSpan.FromSeconds(30), Cancel)).State);
        var known = bench.Dispatcher.Options.Ledger.Find(broken.Id, broken.HostName)!;
        Assert.Equal(TaskState.LaunchFailed, known.State);
        Assert.Contains("/is/not/there", known.Reason, StringComparison.Ordinal);
        await bench.Dispatcher.WaitAsync(first, TimeSpan.FromSeconds(30), Cancel);
    }

    [Fact]
    public async Task Task_that_cannot_start_behind_others_that_could_is_an_error_of_its_dispatch()
    {
        await using var bench = new Bench(shared.Fleet);
        var host = Limited(bench, shared.Fleet.Hosts[0], new WorkerLimit { MaxWorkers = 2 });
        var gate = bench.Folder + "/gate";
        var sent = new List<RemoteTask>();
        for (var i = 0; i < 3; i++)
            sent.Add(await bench.Dispatcher.DispatchAsync(host, new TaskRequest { Command = $"while [ ! -e '{gate}' ]; do sleep 0.05; done" }, Cancel));
        Assert.Equal([false, false, true], sent.Select(t => t.IsWaiting));
        await File.WriteAllTextAsync(gate, "", Cancel);
        foreach (var task in sent.Take(2))
            await bench.Dispatcher.WaitAsync(task, TimeSpan.FromSeconds(30), Cancel);
        var failure = await Assert.ThrowsAsync<DispatchException>(() => bench.Dispatcher.DispatchAsync(host, new TaskRequest { Command = "true", WorkingDirectory = "/is/not/there" }, Cancel));
        Assert.Equal((FailureReason.LaunchFailed, "h1"), (failure.Reason, failure.Host));
        Assert.Contains("/is/not/there", failure.Message, StringComparison.Ordinal);
        Assert.Equal(TaskState.Succeeded, (await bench.Dispatcher.WaitAsync(sent[2], TimeSpan.FromSeconds(30), Cancel)).State);
    }

    [Fact]
    public async Task Starts_are_apart_by_the_records_of_the_host()
    {
        await using var bench = new Bench(shared.Fleet);
        var host = Limited(bench, shared.Fleet.Hosts[1], new WorkerLimit { StartInterval = TimeSpan.FromSeconds(2) });
        var sent = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => bench.Dispatcher.DispatchAsync(host, new TaskRequest { Command = "true" }, Cancel)));
        Assert.Equal(3, sent.Count(t => t.IsWaiting));
        await foreach (var change in new TaskWatch(bench.Dispatcher, new WatchOptions { Until = WatchUntil.AllEnded }).RunAsync(Cancel))
            Assert.NotEqual(TaskChangeKind.Unreachable, change.Kind);
        var starts = bench.Dispatcher.Options.Ledger.List().Select(t => t.Started!.Value).Order().ToArray();
        Assert.Equal(4, starts.Length);
        Assert.All(starts.Zip(starts.Skip(1)), p => Assert.True(p.Second - p.First >= TimeSpan.FromSeconds(2), $"{p}"));
    }

    private static DispatchHost Limited(Bench bench, SshHost host, WorkerLimit limit) =>
        Bench.HostOf(host) with { WorkspaceRoot = bench.Folder + "/root", WorkerLimit = limit };

    private static async Task<List<(TaskChangeKind, string?)>> OnceAsync(Bench bench)
    {
        var changes = new List<(TaskChangeKind, string?)>();
        await foreach (var change in new TaskWatch(bench.Dispatcher, new WatchOptions { Until = WatchUntil.Once }).RunAsync(Cancel))
            changes.Add((change.Kind, change.Id));
        return changes;
    }

    private static Dispatcher Of(Rdispatch cli, string sshConfig) => new(new DispatcherOptions
    {
        Connections = new ConnectionOptions { SshOptions = ["-F", sshConfig] },
        Inventory = new HostInventory(cli.HostsFile),
        Ledger = new Ledger(Path.Combine(cli.Folder, "state", "tasks")),
        LogFolder = Path.Combine(cli.Folder, "logs"),
    });

    private static long[] Times(string path) => [.. File.ReadAllLines(path).Select(long.Parse)];

    private static async Task UntilAsync(Func<bool> condition)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(clock.Elapsed < TimeSpan.FromMinutes(2), "Not true within two minutes.");
            await Task.Delay(20, Cancel);
        }
    }
}
