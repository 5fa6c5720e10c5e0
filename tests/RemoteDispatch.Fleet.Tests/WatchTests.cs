using RemoteDispatch.Tasks;
using RemoteDispatch.Watching;

namespace RemoteDispatch.Fleet.Tests;

/// <summary>A watch over real tasks on real hosts: what it says, when, and what it costs while nothing happens.</summary>
public sealed class WatchTests(SharedFleet shared)
{
    private static CancellationToken Cancel => Bench.Cancel;

    [Fact]
    public async Task Watch_says_of_each_task_that_it_ended_and_has_its_log()
    {
        await using var bench = new Bench(shared.Fleet);
        var sent = new List<RemoteTask>();
        foreach (var (host, at) in shared.Fleet.Hosts.Select((h, i) => (h, i)))
            sent.Add(await bench.Dispatcher.DispatchAsync(Bench.HostOf(host), new TaskRequest { Command = $"echo log {at}; sleep 1; exit {at}" }, Cancel));
        var changes = await CollectAsync(bench, new WatchOptions { Until = WatchUntil.AllEnded });
        Assert.All(changes, c => Assert.Equal(TaskChangeKind.Ended, c.Kind));
        Assert.Equal([0, 1, 2, 3], changes.Select(c => c.Task!.ExitCode!.Value).Order());
        Assert.Equal(sent.Select(t => t.Id).Order(), changes.Select(c => c.Id).Order());
        foreach (var change in changes)
            Assert.Equal($"log {change.Task!.ExitCode}\n", await File.ReadAllTextAsync(change.Task.LogPath!, Cancel));
        // It is announced: nobody is told again.
        Assert.Empty(await CollectAsync(bench, new WatchOptions { Until = WatchUntil.AllEnded }));
        Assert.Empty(await CollectAsync(bench, new WatchOptions { Until = WatchUntil.Once }));
    }

    [Fact]
    public async Task Task_that_is_sent_meanwhile_is_seen_to_start_and_to_end()
    {
        await using var bench = new Bench(shared.Fleet);
        var host = Bench.HostOf(shared.Fleet.Hosts[0]);
        await using var watch = new Watched(bench, new WatchOptions());
        var task = await bench.Dispatcher.DispatchAsync(host, new TaskRequest { Command = "sleep 1; exit 3" }, Cancel);
        Assert.Equal((TaskChangeKind.Started, task.Id), Of(await watch.NextAsync()));
        var ended = await watch.NextAsync();
        Assert.Equal((TaskChangeKind.Ended, task.Id), Of(ended));
        Assert.Equal((TaskState.Failed, 3), (ended.Task!.State, ended.Task.ExitCode));
        // One that is forgotten is none of its business any more.
        bench.Dispatcher.Options.Ledger.Forget(task);
    }

    [Fact]
    public async Task Task_that_had_ended_before_anybody_watched_is_old()
    {
        await using var bench = new Bench(shared.Fleet);
        await bench.RunAsync(Bench.HostOf(shared.Fleet.Hosts[1]), "exit 1");
        Assert.Empty(await CollectAsync(bench, new WatchOptions { Until = WatchUntil.Once }));
        // But for those that ended while nobody watched, since then.
        var late = await bench.RunAsync(Bench.HostOf(shared.Fleet.Hosts[1]), "exit 1");
        Assert.Equal((TaskChangeKind.Ended, late.Id), Of(Assert.Single(await CollectAsync(bench, new WatchOptions { Until = WatchUntil.Once }))));
    }

    [Fact]
    public async Task Task_that_only_waits_is_stalled_and_one_that_does_something_is_not()
    {
        await using var bench = new Bench(shared.Fleet);
        var host = Bench.HostOf(shared.Fleet.Hosts[2]);
        var silent = await SendAsync("exec sleep 1000");
        await SendAsync("while :; do :; done");
        await SendAsync("setsid sh -c 'while :; do :; done' & wait");
        await SendAsync("while sleep 0.2; do echo x; done");
        await SendAsync("while sleep 0.2; do :; done");
        await using var watch = new Watched(bench, new WatchOptions { StallLimit = TimeSpan.FromSeconds(4) });
        var stalled = await watch.NextAsync();
        Assert.Equal((TaskChangeKind.Stalled, silent.Id), Of(stalled));
        Assert.Equal((0L, TaskState.Running), (stalled.Silence!.LogBytes, stalled.Task!.State));
        Assert.True(stalled.Silence.For >= TimeSpan.FromSeconds(4), stalled.Detail);
        Assert.NotNull(bench.Dispatcher.Options.Ledger.Find(silent.Id, host.Name)!.StalledSince);
        // All the others have been felt as often by now.
        await bench.Dispatcher.StopAsync(silent, TimeSpan.Zero, Cancel);
        var next = await watch.NextAsync();
        Assert.Equal((TaskChangeKind.Ended, silent.Id), Of(next));
        Assert.Null(next.Task!.StalledSince);
        await StopAllAsync(bench);

        async Task<RemoteTask> SendAsync(string command) => await bench.Dispatcher.DispatchAsync(host, new TaskRequest { Command = command }, Cancel);
    }

    [Fact]
    public async Task Stalled_task_that_does_something_again_resumes_and_one_with_a_limit_of_its_own_keeps_to_that()
    {
        await using var bench = new Bench(shared.Fleet);
        var host = Bench.HostOf(shared.Fleet.Hosts[3]);
        var flag = Path.Combine(bench.Folder, "go");
        var patient = await bench.Dispatcher.DispatchAsync(host, new TaskRequest { Command = "exec sleep 1000", StallLimit = TimeSpan.Zero }, Cancel);
        var task = await bench.Dispatcher.DispatchAsync(
            host, new TaskRequest { Command = $"mkfifo '{flag}'; read -r x <'{flag}'; echo $x; exec sleep 1000", StallLimit = TimeSpan.FromSeconds(2) }, Cancel);
        await using var watch = new Watched(bench, new WatchOptions { StallLimit = TimeSpan.FromMinutes(30) });
        Assert.Equal((TaskChangeKind.Stalled, task.Id), Of(await watch.NextAsync()));
        await File.WriteAllTextAsync(flag, "awake\n", Cancel);
        Assert.Equal((TaskChangeKind.Resumed, task.Id), Of(await watch.NextAsync()));
        Assert.Equal((TaskChangeKind.Stalled, task.Id), Of(await watch.NextAsync()));
        Assert.Null(bench.Dispatcher.Options.Ledger.Find(patient.Id, host.Name)!.StalledSince);
        await StopAllAsync(bench);
    }

    [Fact]
    public async Task Stalled_task_is_stopped_where_that_was_asked_and_its_reason_says_so()
    {
        await using var bench = new Bench(shared.Fleet);
        var task = await bench.Dispatcher.DispatchAsync(
            Bench.HostOf(shared.Fleet.Hosts[0]), new TaskRequest { Command = "echo begun; exec sleep 1000", StallLimit = TimeSpan.FromSeconds(2) }, Cancel);
        var changes = await CollectAsync(bench, new WatchOptions { Until = WatchUntil.AllEnded, StopStalled = true });
        Assert.Equal([(TaskChangeKind.Stalled, task.Id), (TaskChangeKind.Ended, task.Id)], changes.Select(Of));
        var ended = changes[1].Task!;
        Assert.Equal(TaskState.Stopped, ended.State);
        Assert.StartsWith("stopped by a watch: silent for ", ended.Reason, StringComparison.Ordinal);
        Assert.Equal("begun\n", await File.ReadAllTextAsync(ended.LogPath!, Cancel));
    }

    [Fact]
    public async Task Watch_that_looks_once_finds_a_stall_over_several_runs()
    {
        await using var bench = new Bench(shared.Fleet);
        var task = await bench.Dispatcher.DispatchAsync(
            Bench.HostOf(shared.Fleet.Hosts[1]), new TaskRequest { Command = "exec sleep 1000", StallLimit = TimeSpan.FromSeconds(2) }, Cancel);
        var changes = new List<TaskChange>();
        for (var runs = 0; changes.Count == 0 && runs < 200; runs++)
            changes.AddRange(await CollectAsync(bench, new WatchOptions { Until = WatchUntil.Once }));
        Assert.Equal((TaskChangeKind.Stalled, task.Id), Of(Assert.Single(changes)));
        // Said once.
        Assert.Empty(await CollectAsync(bench, new WatchOptions { Until = WatchUntil.Once }));
        await StopAllAsync(bench);
    }

    [Fact]
    public async Task Heartbeat_costs_no_request_while_nothing_changes()
    {
        using var counter = new RequestCounter();
        await using var fleet = await OwnFleet.StartAsync(1, _ => new FleetHostOptions { LoginScript = counter.LoginScript });
        await using var bench = new Bench(fleet);
        var task = await bench.Dispatcher.DispatchAsync(Bench.HostOf(fleet.Hosts[0]), new TaskRequest { Command = "exec sleep 1000" }, Cancel);
        await using var watch = new Watched(bench, new WatchOptions());
        var before = 0;
        // The look, the pulse and the feed; then there is quiet.
        while (before == 0 || before != counter.Requests)
        {
            before = counter.Requests;
            await Task.Delay(TimeSpan.FromSeconds(2), Cancel);
        }

        await Task.Delay(TimeSpan.FromSeconds(10), Cancel);
        Assert.Equal(before, counter.Requests);
        await bench.Dispatcher.StopAsync(task, TimeSpan.Zero, Cancel);
        Assert.Equal((TaskChangeKind.Ended, task.Id), Of(await watch.NextAsync()));
    }

    [Fact]
    public async Task Host_that_goes_away_is_said_once_and_what_ended_meanwhile_when_it_is_back()
    {
        await using var fleet = await OwnFleet.StartAsync(1);
        await using var bench = new Bench(fleet, ssh => ssh with { ConnectTimeout = TimeSpan.FromSeconds(5), RetryDelay = TimeSpan.FromMilliseconds(100) });
        var host = fleet.Hosts[0];
        var flag = Path.Combine(bench.Folder, "go");
        var task = await bench.Dispatcher.DispatchAsync(Bench.HostOf(host), new TaskRequest { Command = $"while [ ! -e '{flag}' ]; do sleep 0.1; done; echo late" }, Cancel);
        await using var watch = new Watched(bench, new WatchOptions());
        await fleet.Hosts[0].StopAsync(Cancel);
        await fleet.Hosts[0].KillConnectionsAsync(Cancel);
        var gone = await watch.NextAsync();
        Assert.Equal((TaskChangeKind.Unreachable, host.Name), (gone.Kind, gone.HostName));
        Assert.Equal(TaskState.Running, bench.Dispatcher.Options.Ledger.Find(task.Id, host.Name)!.State);
        await File.WriteAllTextAsync(flag, "", Cancel);
        await fleet.Hosts[0].StartAsync(Cancel);
        Assert.Equal(TaskChangeKind.Reachable, (await watch.NextAsync()).Kind);
        var ended = await watch.NextAsync();
        Assert.Equal((TaskChangeKind.Ended, task.Id), Of(ended));
        Assert.Equal("late\n", await File.ReadAllTextAsync(ended.Task!.LogPath!, Cancel));
    }

    private static (TaskChangeKind, string?) Of(TaskChange change) => (change.Kind, change.Id);

    private static async Task<List<TaskChange>> CollectAsync(Bench bench, WatchOptions options)
    {
        var changes = new List<TaskChange>();
        await foreach (var change in new TaskWatch(bench.Dispatcher, options).RunAsync(Cancel))
            changes.Add(change);
        return changes;
    }

    private static async Task StopAllAsync(Bench bench)
    {
        foreach (var task in bench.Dispatcher.Options.Ledger.List().Where(t => !t.State.IsFinal()).ToArray())
            await bench.Dispatcher.StopAsync(task, TimeSpan.Zero, Cancel);
    }

    /// <summary>A watch that goes on beside the test.</summary>
    private sealed class Watched : IAsyncDisposable
    {
        private readonly CancellationTokenSource _end = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        private readonly IAsyncEnumerator<TaskChange> _changes;
        private Task<bool> _next;

        public Watched(Bench bench, WatchOptions options)
        {
            _changes = new TaskWatch(bench.Dispatcher, options).RunAsync(_end.Token).GetAsyncEnumerator(Cancel);
            _next = _changes.MoveNextAsync().AsTask();
        }

        public async Task<TaskChange> NextAsync()
        {
            Assert.True(await _next.WaitAsync(TimeSpan.FromSeconds(60), Cancel));
            var change = _changes.Current;
            _next = _changes.MoveNextAsync().AsTask();
            return change;
        }

        public async ValueTask DisposeAsync()
        {
            await _end.CancelAsync();
            await ((Task)_next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await _changes.DisposeAsync();
            _end.Dispose();
        }
    }
}
