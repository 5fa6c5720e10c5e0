using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using RemoteDispatch.Hosts;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Fleet.Tests.Faults;

/// <summary>
/// A hundred tasks and more on ten hosts, while everything fails at random. For half a minute; for longer where
/// <c>REMOTE_DISPATCH_FAULT_SECONDS</c> says so.
/// </summary>
public sealed class StormTests(FaultTable table)
{
    private const int Hosts = 10;
    private const int FewestTasks = 100;
    private const int Workers = 10;

    private readonly ConcurrentDictionary<string, int> _operations = [];

    private static TimeSpan Length =>
        TimeSpan.FromSeconds(int.Parse(Environment.GetEnvironmentVariable("REMOTE_DISPATCH_FAULT_SECONDS") ?? "30", CultureInfo.InvariantCulture));

    [Fact]
    public async Task Every_task_runs_once_every_log_is_whole_and_nothing_is_left_behind()
    {
        await using var network = ProxiedFleet.Before(await OwnFleet.StartAsync(Hosts));
        var bench = Bench.Through(network, o => o with
        {
            ConnectTimeout = TimeSpan.FromSeconds(6), RequestTimeout = TimeSpan.FromSeconds(6), RetryDelay = TimeSpan.FromMilliseconds(200),
        });
        await using var _ = bench;
        var seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        using var storm = new CancellationTokenSource(Length);
        // On three groups of hosts at once, so that no fault waits for another.
        Chaos[] chaos = [new(network, ..3, table, seed), new(network, 3..6, table, seed + 1), new(network, 6.., table, seed + 2)];
        var raging = Task.WhenAll(chaos.Select(c => c.RageAsync(storm.Token)));

        var next = -1;
        var done = new ConcurrentBag<Outcome>();
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(async _ =>
        {
            while (Interlocked.Increment(ref next) is var number && (number < FewestTasks || !storm.IsCancellationRequested))
                done.Add(await RunAsync(bench, network, new Job(number, new Random(seed + number))));
        }));
        await storm.CancelAsync();
        await raging;

        // What must be true of each is looked at where it is true: on the host's disk.
        var judged = done.Select(o => (Outcome: o, Verdict: Judge(o, network.Fleet.Hosts[o.Job.Host]))).ToList();
        var faults = chaos.Sum(c => c.Injected);
        table.Add($"storm: tasks under {faults} faults", faults, _operations.Values.Sum(),
            judged.Count(j => j.Verdict.Lost), judged.Count(j => j.Verdict.Doubled), judged.Count(j => j.Verdict.Wrong));
        foreach (var (outcome, verdict) in judged.Where(j => j.Verdict is not { Lost: false, Doubled: false, Wrong: false }))
            TestContext.Current.TestOutputHelper?.WriteLine($"{outcome.Task.Id}: {verdict}, {outcome.Task.State} {outcome.Task.ExitCode}");
        Assert.True(judged.Count >= FewestTasks, $"{judged.Count} tasks");
        Assert.All(judged, j => Assert.Equal(new Verdict(false, false, false), j.Verdict));

        foreach (var outcome in done)
            await bench.Dispatcher.RemoveAsync(outcome.Task, cancellationToken: Bench.Cancel);
        Assert.All(network.Fleet.Hosts, h => Assert.Empty(Directory.EnumerateFileSystemEntries(h.HomeOnDisk + "/.remote-dispatch/tasks")));
        Assert.Empty(Directory.EnumerateFiles(bench.Folder, "*.part", SearchOption.AllDirectories));
        await bench.Dispatcher.DisposeAsync();
        await Leftovers.AssertNoneAsync(network);
    }

    /// <summary>What a user does: dispatch, again with the same id until it is known to run; follow or wait; collect; sometimes stop.</summary>
    private async Task<Outcome> RunAsync(Bench bench, ProxiedFleet network, Job job)
    {
        var host = DispatchHost.FromAddress(network.Fleet.Hosts[job.Host].Name);
        var task = await PersistAsync("dispatch", () => bench.Dispatcher.DispatchAsync(host, job.Request, Bench.Cancel));
        if (job.IsStopped)
            task = await PersistAsync("stop", () => bench.Dispatcher.StopAsync(task, TimeSpan.FromSeconds(3), Bench.Cancel));
        var followed = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var (offset, gaps) = (0L, 0);
        await PersistAsync("follow", async () =>
        {
            await foreach (var chunk in bench.Dispatcher.ReadLogAsync(task, new LogQuery { Follow = true, Offset = offset }, Bench.Cancel))
            {
                gaps += chunk.Offset == offset ? 0 : 1;
                offset = chunk.Offset + chunk.Bytes.Length;
                followed.AppendData(chunk.Bytes.Span);
            }

            return task;
        });
        await PersistAsync("look", () => bench.Dispatcher.LookAsync(task, Bench.Cancel));
        task = await PersistAsync("wait", () => bench.Dispatcher.WaitAsync(task, null, Bench.Cancel));
        task = await PersistAsync("collect", () => bench.Dispatcher.CollectLogAsync(task, cancellationToken: Bench.Cancel));
        return new Outcome(job, task, Convert.ToHexString(followed.GetHashAndReset()), gaps);
    }

    /// <summary>As often as it takes: a failure in a storm is a plain one that passes, and no other.</summary>
    private async Task<RemoteTask> PersistAsync(string name, Func<Task<RemoteTask>> act)
    {
        for (var attempt = 0; ; attempt++)
        {
            _operations.AddOrUpdate(name, 1, (_, n) => n + 1);
            try
            {
                return await act();
            }
            catch (DispatchException e) when (attempt < 30 && e.Host is not null && e.Remedy.Length > 0
                && e.Reason is FailureReason.ConnectionLost or FailureReason.ConnectionRefused or FailureReason.ConnectFailed or FailureReason.ConnectTimedOut or FailureReason.RequestTimedOut)
            {
                await Task.Delay(50, Bench.Cancel);
            }
        }
    }

    private static Verdict Judge(Outcome outcome, FleetHost server)
    {
        var job = outcome.Job;
        var runs = Path.Combine(server.HomeOnDisk, $"runs-{job.Number}");
        var times = File.Exists(runs) ? File.ReadAllLines(runs).Length : 0;
        var log = Path.Combine(server.HomeOnDisk, ".remote-dispatch/tasks", outcome.Task.Id, "log");
        var truth = Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(log)));
        var copy = Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(outcome.Task.LogPath!)));
        // A task that is stopped may be so before its first command.
        var isRight = job.IsStopped
            ? outcome.Task.State is TaskState.Stopped
            : (outcome.Task.State, outcome.Task.ExitCode) == (job.ExitCode == 0 ? TaskState.Succeeded : TaskState.Failed, job.ExitCode);
        return new Verdict(
            Lost: (times == 0 && !job.IsStopped) || truth != copy || truth != outcome.Followed || outcome.Gaps > 0,
            Doubled: times > 1,
            Wrong: !isRight);
    }

    private sealed record Outcome(Job Job, RemoteTask Task, string Followed, int Gaps);

    private sealed record Verdict(bool Lost, bool Doubled, bool Wrong);

    private sealed record Job
    {
        public Job(int number, Random random)
        {
            Number = number;
            Host = random.Next(Hosts);
            IsStopped = random.Next(10) == 0;
            ExitCode = random.Next(4) == 0 ? random.Next(1, 126) : 0;
            var pieces = random.Next(1, 40);
            Request = new TaskRequest
            {
                Id = TaskId.Parse($"storm-{number}"),
                Command = $"echo ran >>~/runs-{number}; i=0; while [ $i -lt {pieces} ]; do head -c {random.Next(1, 20_000)} /dev/urandom; i=$((i + 1)); sleep 0.05; done\n"
                    + (IsStopped ? "exec sleep 1000" : $"exit {ExitCode}"),
            };
        }

        public int Number { get; }

        public int Host { get; }

        public bool IsStopped { get; }

        public int ExitCode { get; }

        public TaskRequest Request { get; }
    }
}
