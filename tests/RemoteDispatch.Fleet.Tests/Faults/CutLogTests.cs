using System.Security.Cryptography;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Fleet.Tests.Faults;

/// <summary>A log that is followed over a line that breaks again and again.</summary>
public sealed class CutLogTests(FaultTable table)
{
    private const int Cuts = 200;
    private const int CutsPerLog = 25;
    private const int LogSize = 20 << 20;

    [Fact]
    public async Task Log_followed_over_a_line_that_is_cut_at_two_hundred_random_bytes_is_the_log_to_the_last_byte()
    {
        await using var network = ProxiedFleet.Before(await OwnFleet.StartAsync(Cuts / CutsPerLog));
        await using var bench = Bench.Through(network);
        var seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var done = 0;
        await Parallel.ForEachAsync(network.Fleet.Hosts, new ParallelOptions { MaxDegreeOfParallelism = Cuts / CutsPerLog, CancellationToken = Bench.Cancel }, async (server, _) =>
        {
            var number = server.Name[1] - '0';
            // It grows while it is followed: in pieces, as a task prints.
            var task = await bench.Dispatcher.DispatchAsync(
                Bench.HostOf(server), new TaskRequest { Command = "i=0; while [ $i -lt 20 ]; do head -c 1048576 /dev/urandom; i=$((i + 1)); sleep 0.02; done; exit 7" }, Bench.Cancel);
            using var over = CancellationTokenSource.CreateLinkedTokenSource(Bench.Cancel);
            var cutting = CutAsync(network.Proxies[number - 1], new Random(seed + number), over.Token);

            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var (next, lost, doubled) = (0L, 0, 0);
            await foreach (var chunk in bench.Dispatcher.ReadLogAsync(task, new LogQuery { Follow = true }, Bench.Cancel))
            {
                lost += chunk.Offset > next ? 1 : 0;
                doubled += chunk.Offset < next ? 1 : 0;
                next = chunk.Offset + chunk.Bytes.Length;
                hash.AppendData(chunk.Bytes.Span);
                task = chunk.Task;
            }

            await over.CancelAsync();
            var cuts = await cutting;
            Interlocked.Add(ref done, cuts);
            table.Add("connection cut at a random byte of a followed log", cuts, 1, lost, doubled, task.ExitCode == 7 ? 0 : 1);
            var log = await File.ReadAllBytesAsync(Path.Combine(server.HomeOnDisk, ".remote-dispatch/tasks", task.Id, "log"), Bench.Cancel);
            Assert.Equal((LogSize, (long)LogSize), (log.Length, next));
            Assert.Equal(SHA256.HashData(log), hash.GetHashAndReset());
            Assert.Equal((TaskState.Failed, 7), (task.State, task.ExitCode));
        });
        Assert.Equal(Cuts, done);
        await bench.Dispatcher.DisposeAsync();
        await Leftovers.AssertNoneAsync(network);
    }

    /// <summary>One cut behind the other, each so soon that all of them come before the log's end; returns how many there were when the log was through.</summary>
    private static async Task<int> CutAsync(FaultProxy proxy, Random random, CancellationToken cancellationToken)
    {
        for (var cuts = 0; cuts < CutsPerLog; cuts++)
        {
            try
            {
                await proxy.CutAfterAsync(random.NextInt64(1, 2 * LogSize / CutsPerLog * 6 / 10)).WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return cuts;
            }
        }

        return CutsPerLog;
    }
}
