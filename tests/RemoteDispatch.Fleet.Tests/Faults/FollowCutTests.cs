using System.Globalization;
using System.Security.Cryptography;
using RemoteDispatch.Hosts;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Fleet.Tests.Faults;

/// <summary>
/// A log of 50 MB, followed over a connection that is cut at random bytes: five times, or as often as
/// <c>REMOTE_DISPATCH_FAULT_CUTS</c> says.
/// </summary>
public sealed class FollowCutTests(FaultTable table)
{
    private const int Length = 50_000_000;

    private static int Cuts => int.Parse(Environment.GetEnvironmentVariable("REMOTE_DISPATCH_FAULT_CUTS") ?? "5", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Followed_log_is_the_log_and_its_end_the_end_wherever_the_connection_is_cut()
    {
        await using var network = ProxiedFleet.Before(await OwnFleet.StartAsync(1));
        await using var bench = Bench.Through(network, o => o with { RetryDelay = TimeSpan.FromMilliseconds(100) });
        var (server, proxy) = (network.Fleet.Hosts[0], network.Proxies[0]);
        var task = await bench.Dispatcher.DispatchAsync(DispatchHost.FromAddress(server.Name), new TaskRequest
        {
            Command = $"head -c {Length / 2} /dev/urandom; until [ -e go ]; do sleep 0.05; done; head -c {Length / 2} /dev/urandom; exit 9",
        }, Bench.Cancel);
        using var followed = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var (offset, cuts, gaps) = (0L, 0, 0);
        var next = CutSomewhere();
        await foreach (var chunk in bench.Dispatcher.ReadLogAsync(task, new LogQuery { Follow = true }, Bench.Cancel))
        {
            gaps += chunk.Offset == offset ? 0 : 1;
            offset = chunk.Offset + chunk.Bytes.Length;
            followed.AppendData(chunk.Bytes.Span);
            task = chunk.Task;
            if (next.IsCompleted && cuts < Cuts && ++cuts < Cuts)
                next = CutSomewhere();
            if (offset >= Length / 2)
                await File.WriteAllTextAsync(Path.Combine(server.HomeOnDisk, "go"), "", Bench.Cancel);
        }

        var truth = Convert.ToHexString(await SHA256.HashDataAsync(File.OpenRead(Path.Combine(server.HomeOnDisk, ".remote-dispatch/tasks", task.Id, "log")), Bench.Cancel));
        var isWhole = truth == Convert.ToHexString(followed.GetHashAndReset());
        table.Add("a followed log of 50 MB, cut", cuts, 1, isWhole ? 0 : 1, gaps, task.ExitCode == 9 ? 0 : 1);
        Assert.Equal((true, 0, (long)Length, TaskState.Failed, 9), (isWhole, gaps, offset, task.State, task.ExitCode!.Value));
        Assert.True(cuts >= Math.Min(Cuts, 2), $"{cuts} cuts");
        await bench.Dispatcher.DisposeAsync();
        await Leftovers.AssertNoneAsync(network);

        // So that all of them happen, and one of them in each connection.
        Task CutSomewhere() => proxy.CutAfterAsync(Random.Shared.Next(30_000, Math.Max(100_000, (int)(1.5 * Length / Cuts))));
    }
}
