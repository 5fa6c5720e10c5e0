using System.Diagnostics;
using System.Security.Cryptography;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Fleet.Tests;

/// <summary>Following, over real connections, by several processes and while nothing happens.</summary>
public sealed class FeedTests(SharedFleet shared)
{
    [Fact]
    public async Task Ten_followers_in_ten_processes_get_the_same_bytes()
    {
        await using var bench = new Bench(shared.Fleet);
        var server = shared.Fleet.Hosts[2];
        var go = $"go-{Guid.NewGuid():N}";
        var task = await bench.Dispatcher.DispatchAsync(Bench.HostOf(server), new TaskRequest
        {
            Command = $"i=0; while [ $i -lt 20 ]; do head -c 50000 /dev/urandom; i=$((i + 1)); sleep 0.1; done; until [ -e {go} ]; do sleep 0.05; done; echo end",
        }, Bench.Cancel);
        using var rdispatch = new Rdispatch(shared.Fleet.SshConfigPath);
        var followers = Enumerable.Range(0, 10).Select(_ => rdispatch.Start("logs", "-f", task.Id, "--host", server.Name)).ToList();
        try
        {
            var logs = followers.Select(HashAsync).ToList();
            // Whoever has come by then has nine others beside it.
            await File.WriteAllTextAsync(Path.Combine(server.HomeOnDisk, go), "", Bench.Cancel);
            var hashes = await Task.WhenAll(logs).WaitAsync(TimeSpan.FromSeconds(120), Bench.Cancel);
            var truth = Convert.ToHexString(SHA256.HashData(await File.ReadAllBytesAsync(Path.Combine(server.HomeOnDisk, ".remote-dispatch/tasks", task.Id, "log"), Bench.Cancel)));
            Assert.All(hashes, h => Assert.Equal(truth, h));
        }
        finally
        {
            foreach (var follower in followers)
            {
                if (!follower.HasExited)
                    follower.Kill(entireProcessTree: true);
                follower.Dispose();
            }
        }
    }

    [Fact]
    public async Task Follower_that_is_killed_leaves_nothing_on_the_host()
    {
        await using var bench = new Bench(shared.Fleet);
        var server = shared.Fleet.Hosts[3];
        var task = await bench.Dispatcher.DispatchAsync(Bench.HostOf(server), new TaskRequest { Command = "cd /; echo begun; exec sleep 1000" }, Bench.Cancel);
        using var rdispatch = new Rdispatch(shared.Fleet.SshConfigPath);
        using var follower = rdispatch.Start("logs", "-f", task.Id, "--host", server.Name);
        Assert.Equal("begun", await follower.StandardOutput.ReadLineAsync(Bench.Cancel));
        var tasks = Path.Combine(server.HomeOnDisk, ".remote-dispatch/tasks");
        await UntilAsync(() => Residents(tasks) >= 4);
        // The program and its ssh, at once, as a machine that goes away.
        follower.Kill(entireProcessTree: true);
        await UntilAsync(() => Residents(tasks) == 0);
        await bench.Dispatcher.StopAsync(task, TimeSpan.Zero, Bench.Cancel);
    }

    private static async Task<string> HashAsync(Process process) => Convert.ToHexString(await SHA256.HashDataAsync(process.StandardOutput.BaseStream, Bench.Cancel));

    /// <summary>The processes of feeds: they work in the folder of the workspaces.</summary>
    private static int Residents(string tasks) => Directory.EnumerateDirectories("/proc").Count(p =>
    {
        try
        {
            return int.TryParse(Path.GetFileName(p), out _) && new FileInfo(p + "/cwd").LinkTarget == tasks;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    });

    private static async Task UntilAsync(Func<bool> condition)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(30), "not within 30 seconds");
            await Task.Delay(20, Bench.Cancel);
        }
    }
}
