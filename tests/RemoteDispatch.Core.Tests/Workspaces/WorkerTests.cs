using System.Globalization;
using RemoteDispatch.Connections;
using RemoteDispatch.Hosts;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Core.Tests.Workspaces;

/// <summary>A limit of the workers is kept on the host itself, whoever launches and at whatever moment, under every shell.</summary>
public sealed class WorkerTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Gate => _folder.Path + "/gate";

    // Runs until the test opens the gate.
    private string Waits => $"while [ ! -e '{Gate}' ]; do sleep 0.05 || sleep 1; done";

    public void Dispose() => _folder.Dispose();

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Launch_beyond_the_most_workers_is_busy_leaves_the_id_free_and_starts_when_one_has_ended(string shell)
    {
        await using var client = Shells.Client(shell);
        var host = _folder.Host with { WorkerLimit = new WorkerLimit { MaxWorkers = 2 } };
        // One that was sent by somebody without a limit counts too.
        Assert.IsType<LaunchAnswer.Started>(await client.LaunchAsync(_folder.Host, TestOrders.Order("a", Waits), Cancel));
        Assert.IsType<LaunchAnswer.Started>(await client.LaunchAsync(host, TestOrders.Order("b", Waits), Cancel));
        var busy = Assert.IsType<LaunchAnswer.Busy>(await client.LaunchAsync(host, TestOrders.Order("c", "echo ran"), Cancel));
        Assert.Equal(("2 of 2 workers run on local", TimeSpan.Zero), (busy.Why, busy.Again));
        Assert.False(Directory.Exists(_folder.Workspace("c")));
        // What has begun is what it is, and so is another request under its id.
        Assert.IsType<LaunchAnswer.Taken>(await client.LaunchAsync(host, TestOrders.Order("b", Waits), Cancel));
        Assert.IsType<LaunchAnswer.Taken>(await client.LaunchAsync(host, TestOrders.Order("a", Waits), Cancel));
        Assert.IsType<LaunchAnswer.Conflict>(await client.LaunchAsync(host, TestOrders.Order("a", "true"), Cancel));

        await File.WriteAllTextAsync(Gate, "", Cancel);
        await client.EndAsync(host, "a");
        await client.EndAsync(host, "b");
        Assert.IsType<LaunchAnswer.Started>(await client.LaunchAsync(host, TestOrders.Order("c", "echo ran"), Cancel));
        Assert.Equal(0, (await client.EndAsync(host, "c")).ExitCode);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Clients_that_launch_at_the_same_moment_start_one_where_one_may_run(string shell)
    {
        var host = _folder.Host with { WorkerLimit = new WorkerLimit { MaxWorkers = 1 } };
        var clients = Enumerable.Range(0, 6).Select(_ => Shells.Client(shell)).ToArray();
        await Task.WhenAll(clients.Select(c => c.StatusAsync(host, ["none"], Cancel)));
        for (var round = 0; round < 4; round++)
        {
            File.Delete(Gate);
            var answers = await Task.WhenAll(clients.Select((c, i) => c.LaunchAsync(host, TestOrders.Order($"r{round}-{i}", Waits), Cancel)));
            Assert.Single(answers.OfType<LaunchAnswer.Started>());
            Assert.Equal(5, answers.OfType<LaunchAnswer.Busy>().Count());
            await File.WriteAllTextAsync(Gate, "", Cancel);
            await clients[0].EndAsync(host, $"r{round}-{Array.FindIndex(answers, a => a is LaunchAnswer.Started)}");
        }

        foreach (var client in clients)
            await client.DisposeAsync();
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Task_does_not_hold_the_lock_of_the_launches(string shell)
    {
        await using var client = Shells.Client(shell);
        var host = _folder.Host with { WorkerLimit = new WorkerLimit { MaxWorkers = 9 } };
        foreach (var runner in (string[])["session", "tmux"])
        {
            Assert.SkipUnless(runner == "session" || File.Exists("/usr/bin/tmux"), "tmux is not installed.");
            Assert.IsType<LaunchAnswer.Started>(await client.LaunchAsync(host, TestOrders.Order(runner, Waits) with { Runner = runner }, Cancel));
            // From a shell of its own: the same open file would not stand in its own way.
            await using var other = Shells.Client(shell);
            Assert.IsType<LaunchAnswer.Started>(await other.LaunchAsync(host, TestOrders.Order(runner + "-2", "true"), Cancel));
        }

        await File.WriteAllTextAsync(Gate, "", Cancel);
        foreach (var id in (string[])["session", "tmux"])
            await client.EndAsync(host, id);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Starts_are_as_far_apart_as_the_interval_says_by_the_host_s_own_records(string shell)
    {
        await using var client = Shells.Client(shell);
        var host = _folder.Host with { WorkerLimit = new WorkerLimit { StartInterval = TimeSpan.FromSeconds(2) } };
        var starts = new List<DateTimeOffset>();
        for (var i = 0; i < 3;)
        {
            switch (await client.LaunchAsync(host, TestOrders.Order($"t{i}", "true"), Cancel))
            {
                case LaunchAnswer.Started started:
                    starts.Add(started.State.Started);
                    await client.EndAsync(host, $"t{i}");
                    // What was removed has started all the same.
                    await client.RemoveAsync(host, $"t{i++}", false, Cancel);
                    break;
                case LaunchAnswer.Busy busy:
                    Assert.Contains("next start on local in ", busy.Why, StringComparison.Ordinal);
                    Assert.InRange(busy.Again, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
                    await Task.Delay(100, Cancel);
                    break;
                case var other:
                    Assert.Fail($"{other}");
                    break;
            }
        }

        Assert.All(starts.Zip(starts.Skip(1)), p => Assert.True(p.Second - p.First >= TimeSpan.FromSeconds(2), $"{p}"));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Record_of_the_last_start_may_hold_anything_and_lie_in_the_future(string shell)
    {
        await using var client = Shells.Client(shell);
        var host = _folder.Host with { WorkerLimit = new WorkerLimit { StartInterval = TimeSpan.FromSeconds(1) } };
        Directory.CreateDirectory(_folder.Path + "/tasks");
        var at = 0;
        foreach (var odd in (string[])["", "rubbish", "9999999999 1", "08", "$(touch x)", "-1", "99999999999999999999"])
        {
            await File.WriteAllTextAsync(_folder.Path + "/tasks/.starts", odd, Cancel);
            Assert.IsType<LaunchAnswer.Started>(await client.LaunchAsync(host, TestOrders.Order($"t{at}", "true"), Cancel));
            await client.EndAsync(host, $"t{at++}");
        }
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Worker_is_started_where_its_memory_is_free_and_all_fit(string shell)
    {
        // The host's /proc/meminfo is a stand-in, in a mount namespace of this shell's own.
        Assert.SkipUnless(Environment.IsPrivilegedProcess && File.Exists("/usr/bin/unshare"), "A stand-in for /proc/meminfo needs root and unshare.");
        await using var client = WithMemory(shell, total: 8 << 20, free: 5 << 20);
        var host = _folder.Host with { WorkerLimit = new WorkerLimit { MemoryPerWorker = 3L << 30, MemoryReserve = 1L << 30 } };
        Assert.IsType<LaunchAnswer.Started>(await client.LaunchAsync(host, TestOrders.Order("a", Waits), Cancel));
        // It has not taken anything yet, and has its place all the same.
        Assert.IsType<LaunchAnswer.Started>(await client.LaunchAsync(host, TestOrders.Order("b", Waits), Cancel));
        var fit = Assert.IsType<LaunchAnswer.Busy>(await client.LaunchAsync(host, TestOrders.Order("c", "true"), Cancel));
        Assert.Equal("2 workers of 3 GiB are all that the 8 GiB of local hold", fit.Why);
        SetMemory(8 << 20, 3 << 20);
        await File.WriteAllTextAsync(Gate, "", Cancel);
        await client.EndAsync(host, "a");
        await client.EndAsync(host, "b");
        var free = Assert.IsType<LaunchAnswer.Busy>(await client.LaunchAsync(host, TestOrders.Order("c", "true"), Cancel));
        Assert.Equal("3 GiB free on local, 4 GiB needed", free.Why);
        var never = Assert.IsType<LaunchAnswer.Refused>(await client.LaunchAsync(host with { WorkerLimit = new WorkerLimit { MemoryPerWorker = 9L << 30 } }, TestOrders.Order("c", "true"), Cancel));
        Assert.Contains("does not hold one worker", never.Why, StringComparison.Ordinal);
        SetMemory(8 << 20, 4 << 20);
        Assert.IsType<LaunchAnswer.Started>(await client.LaunchAsync(host, TestOrders.Order("c", "true"), Cancel));
        await client.EndAsync(host, "c");
    }

    [Fact]
    public async Task Host_without_flock_keeps_the_limit_by_perl_and_one_without_either_refuses()
    {
        var host = _folder.Host with { WorkerLimit = new WorkerLimit { MaxWorkers = 1 } };
        await using (var client = new WorkspaceClient(_folder.Without("flock")))
        {
            Assert.IsType<LaunchAnswer.Started>(await client.LaunchAsync(host, TestOrders.Order("a", Waits), Cancel));
            Assert.IsType<LaunchAnswer.Busy>(await client.LaunchAsync(host, TestOrders.Order("b", "true"), Cancel));
            await File.WriteAllTextAsync(Gate, "", Cancel);
            await client.EndAsync(host, "a");
        }

        Directory.Delete(_folder.Path + "/bin", recursive: true);
        await using var bare = new WorkspaceClient(_folder.Without("flock", "perl"));
        var refused = Assert.IsType<LaunchAnswer.Refused>(await bare.LaunchAsync(host, TestOrders.Order("b", "true"), Cancel));
        Assert.Contains("neither flock nor perl", refused.Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lock_is_waited_for_and_goes_with_the_process_that_held_it()
    {
        var host = _folder.Host with { WorkerLimit = new WorkerLimit { MaxWorkers = 1 } };
        Directory.CreateDirectory(_folder.Path + "/tasks");
        await using var client = Shells.Client("dash");
        using (var holder = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("flock", [_folder.Path + "/tasks/.starts", "sh", "-c", "echo held; exec sleep 1000"]) { RedirectStandardOutput = true })!)
        {
            Assert.Equal("held", await holder.StandardOutput.ReadLineAsync(Cancel));
            var busy = Assert.IsType<LaunchAnswer.Busy>(await client.LaunchAsync(host, TestOrders.Order("a", "true"), Cancel));
            Assert.Contains("being started", busy.Why, StringComparison.Ordinal);
            holder.Kill(entireProcessTree: true);
            await holder.WaitForExitAsync(Cancel);
        }

        Assert.IsType<LaunchAnswer.Started>(await client.LaunchAsync(host, TestOrders.Order("a", "true"), Cancel));
        await client.EndAsync(host, "a");
    }

    [Fact]
    public async Task Limit_of_the_space_and_of_the_workers_are_both_kept()
    {
        await using var client = Shells.Client("dash");
        var host = _folder.Host with { WorkspaceLimit = 1L << 40, WorkerLimit = new WorkerLimit { MaxWorkers = 1 } };
        Assert.IsType<LaunchAnswer.Started>(await client.LaunchAsync(host, TestOrders.Order("a", Waits), Cancel));
        Assert.IsType<LaunchAnswer.Busy>(await client.LaunchAsync(host, TestOrders.Order("b", "true"), Cancel));
        Assert.IsType<LaunchAnswer.OverLimit>(await client.LaunchAsync(host with { WorkspaceLimit = 1 }, TestOrders.Order("b", "true") , Cancel));
        await File.WriteAllTextAsync(Gate, "", Cancel);
        await client.EndAsync(host, "a");
    }

    private string MemoryFile => _folder.Path + "/meminfo";

    private void SetMemory(long total, long free) => File.WriteAllText(
        MemoryFile, string.Create(CultureInfo.InvariantCulture, $"MemTotal:       {total} kB\nMemFree:         1000 kB\nMemAvailable:   {free} kB\n"));

    private WorkspaceClient WithMemory(string shell, long total, long free)
    {
        SetMemory(total, free);
        var line = Shells.CommandLine(shell);
        return new WorkspaceClient(new ConnectionOptions
        {
            RequestTimeout = TimeSpan.FromSeconds(20),
            Shell = ["/usr/bin/unshare", "--mount", "sh", "-c", "mount --bind \"$0\" /proc/meminfo && exec \"$@\"", MemoryFile, .. line],
        });
    }
}
