using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using RemoteDispatch.Credentials;
using RemoteDispatch.Hosts;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Fleet.Tests;

/// <summary>stdout and stderr apart: both followed by whoever asks, collected, masked, removed, over real connections and their loss.</summary>
public sealed class SeparateErrorTests(SharedFleet shared)
{
    // A megabyte to each, in turns, and a word at the end of each when it is let go on.
    private const string Flood =
        "i=0; while [ $i -lt 64 ]; do head -c 16384 /dev/urandom; head -c 16384 /dev/urandom >&2; i=$((i + 1)); done; "
        + "until [ -e GO ]; do sleep 0.05; done; printf last-out; printf last-err >&2; exit 9";

    [Theory, InlineData("auto"), InlineData("tmux")]
    public async Task Another_process_follows_both_each_on_the_stream_of_its_name_to_the_last_byte(string runner)
    {
        Assert.SkipWhen(runner == "tmux" && !File.Exists("/usr/bin/tmux"), "tmux is not installed: apt-get install tmux.");
        var server = shared.Fleet.Hosts[1];
        var go = $"go-{Guid.NewGuid():N}";
        var id = $"apart-{runner}-{Guid.NewGuid():N}";
        using var sender = new Rdispatch(shared.Fleet.SshConfigPath);
        using var waiting = sender.Start(
            "run", "--host", server.Name, "--id", id, "--runner", runner, "--separate-error", "--wait", "--", Flood.Replace("GO", go, StringComparison.Ordinal));
        var waited = HashesAsync(waiting);
        var workspace = Path.Combine(server.HomeOnDisk, ".remote-dispatch/tasks", id);
        await UntilAsync(() => File.Exists(workspace + "/error"));
        // It knows nothing but the host and the id.
        using var other = new Rdispatch(shared.Fleet.SshConfigPath);
        using var following = other.Start("logs", "-f", id, "--host", server.Name);
        var followed = HashesAsync(following);
        await UntilAsync(() => new FileInfo(workspace + "/error").Length == 1 << 20);
        await File.WriteAllTextAsync(Path.Combine(server.HomeOnDisk, go), "", Bench.Cancel);

        var seen = await followed.WaitAsync(TimeSpan.FromSeconds(60), Bench.Cancel);
        var truth = (await HashAsync(workspace + "/log"), await HashAsync(workspace + "/error"));
        Assert.Equal((1L << 20) + 8, new FileInfo(workspace + "/log").Length);
        Assert.Equal((1L << 20) + 8, new FileInfo(workspace + "/error").Length);
        Assert.Equal(truth, seen);
        Assert.Equal(truth, await waited.WaitAsync(TimeSpan.FromSeconds(60), Bench.Cancel));
        await Task.WhenAll(waiting.WaitForExitAsync(Bench.Cancel), following.WaitForExitAsync(Bench.Cancel));
        Assert.Equal((9, 9), (waiting.ExitCode, following.ExitCode));

        // What was collected beside it, and what is there for whoever reads later.
        var copies = Directory.GetFiles(sender.Folder + "/logs", "*.log", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToArray();
        Assert.Equal(2, copies.Length);
        Assert.EndsWith(".error.log", copies[0], StringComparison.Ordinal);
        Assert.Equal(truth, (await HashAsync(copies[1]), await HashAsync(copies[0])));
        Assert.Equal(("", "last-err"), await TailAsync("--stream", "error", "--offset", $"{1 << 20}"));
        Assert.Equal(("last-out", ""), await TailAsync("--stream", "output", "--offset", $"{1 << 20}"));
        Assert.Equal(("last-out", "last-err"), await TailAsync("--offset", $"{1 << 20}"));
        var (documents, none) = await TailAsync("--offset", $"{1 << 20}", "--json");
        Assert.Equal(("{\"offset\":1048576,\"text\":\"last-out\",\"stream\":\"output\"}\n{\"offset\":1048576,\"text\":\"last-err\",\"stream\":\"error\"}\n", ""), (documents, none));

        async Task<(string, string)> TailAsync(params string[] more)
        {
            var (code, output, errors) = await other.RunAsync(["logs", id, "--host", server.Name, .. more]);
            Assert.Equal(0, code);
            return (output, errors);
        }
    }

    [Fact]
    public async Task Both_are_whole_and_once_across_cuts_and_the_end_comes_behind_both()
    {
        await using var network = ProxiedFleet.Before(await OwnFleet.StartAsync(1));
        await using var bench = Bench.Through(network, o => o with { RetryDelay = TimeSpan.FromMilliseconds(50) });
        var (server, proxy) = (network.Fleet.Hosts[0], network.Proxies[0]);
        var task = await bench.Dispatcher.DispatchAsync(DispatchHost.FromAddress(server.Name), new TaskRequest
        {
            Command = Flood.Replace("GO", "go", StringComparison.Ordinal), SeparateError = true,
        }, Bench.Cancel);
        var bytes = new Dictionary<LogStreams, MemoryStream> { [LogStreams.Output] = new(), [LogStreams.Error] = new() };
        var cuts = 0;
        var next = proxy.CutAfterAsync(200_000);
        var states = new List<TaskState>();
        await foreach (var chunk in bench.Dispatcher.ReadLogAsync(task, new LogQuery { Follow = true }, Bench.Cancel))
        {
            // Each has offsets of its own.
            Assert.Equal(bytes[chunk.Stream].Length, chunk.Offset);
            bytes[chunk.Stream].Write(chunk.Bytes.Span);
            states.Add(chunk.Task.State);
            task = chunk.Task;
            if (next.IsCompleted && ++cuts < 4)
                next = proxy.CutAfterAsync(300_000);
            if (bytes.Values.Sum(b => b.Length) >= 2 << 20)
                await File.WriteAllTextAsync(Path.Combine(server.HomeOnDisk, "go"), "", Bench.Cancel);
        }

        var workspace = Path.Combine(server.HomeOnDisk, ".remote-dispatch/tasks", task.Id);
        Assert.True(cuts > 1, $"{cuts} cuts");
        Assert.Equal(await File.ReadAllBytesAsync(workspace + "/log", Bench.Cancel), bytes[LogStreams.Output].ToArray());
        Assert.Equal(await File.ReadAllBytesAsync(workspace + "/error", Bench.Cancel), bytes[LogStreams.Error].ToArray());
        Assert.Equal((TaskState.Failed, 9), (task.State, task.ExitCode));
        // Never back from the end.
        Assert.DoesNotContain(TaskState.Running, states.SkipWhile(s => s == TaskState.Running));
    }

    [Fact]
    public async Task Following_both_costs_one_connection_more_with_a_tail_too()
    {
        await using var fleet = await OwnFleet.StartAsync(1);
        var server = fleet.Hosts[0];
        await using var bench = new Bench(fleet);
        var request = new TaskRequest { Command = "seq 1 9; seq 11 19 >&2; until [ -e go ]; do sleep 0.05; done; echo end; echo end >&2", SeparateError = true };
        var task = await bench.Dispatcher.DispatchAsync(Bench.HostOf(server), request, Bench.Cancel);
        Assert.True(task.SeparateError);
        await UntilAsync(() => new FileInfo(Path.Combine(server.HomeOnDisk, ".remote-dispatch/tasks", task.Id, "error")) is { Exists: true, Length: 27 });
        var shown = new Dictionary<LogStreams, string> { [LogStreams.Output] = "", [LogStreams.Error] = "" };
        await foreach (var chunk in bench.Dispatcher.ReadLogAsync(task, new LogQuery { Follow = true, Tail = 2 }, Bench.Cancel))
        {
            shown[chunk.Stream] += Encoding.UTF8.GetString(chunk.Bytes.Span);
            if (shown.Values.All(s => s.Length > 0))
                await File.WriteAllTextAsync(Path.Combine(server.HomeOnDisk, "go"), "", Bench.Cancel);
        }

        Assert.Equal(("8\n9\nend\n", "18\n19\nend\n"), (shown[LogStreams.Output], shown[LogStreams.Error]));
        Assert.Equal(2, server.CountConnections());
    }

    [Fact]
    public async Task Secret_is_masked_in_each_at_equal_offsets_and_both_copies_go_with_the_workspace()
    {
        await using var bench = new Bench(shared.Fleet);
        var host = Bench.HostOf(shared.Fleet.Hosts[0]);
        var task = await bench.Dispatcher.DispatchAsync(host, new TaskRequest
        {
            Command = "printf 'out %s|' \"$TOKEN\"; printf 'err %s|' \"$TOKEN\" >&2", SeparateError = true,
            Credentials = [CredentialGrant.Create("TOKEN", "ghp_0123456789abcdef")],
        }, Bench.Cancel);
        await bench.Dispatcher.WaitAsync(task, null, Bench.Cancel);
        var stars = new string('*', 20);
        Assert.Equal(($"out {stars}|", $"err {stars}|"), await BothAsync(new LogQuery()));
        Assert.Equal((stars[3..] + "|", stars[3..] + "|"), await BothAsync(new LogQuery { Offset = 7 }));
        Assert.Equal(("", "err ghp_0123456789abcdef|"), await BothAsync(new LogQuery { Stream = LogStreams.Error, NoRedaction = true }));

        // From a session that knows nothing of it.
        await using var other = new Bench(shared.Fleet);
        Assert.True(Assert.Single(await other.Dispatcher.FindAsync(task.Id, host, Bench.Cancel)).SeparateError);
        var removed = await bench.Dispatcher.RemoveAsync(task, null, Bench.Cancel);
        Assert.Equal($"out {stars}|", await File.ReadAllTextAsync(removed.LogPath!, Bench.Cancel));
        Assert.Equal($"err {stars}|", await File.ReadAllTextAsync(removed.ErrorLogPath!, Bench.Cancel));
        Assert.Equal(removed.LogPath![..^4] + ".error.log", removed.ErrorLogPath);
        Assert.Equal(2, Directory.GetFiles(bench.Folder + "/logs", "*.log", SearchOption.AllDirectories).Length);

        async Task<(string, string)> BothAsync(LogQuery query)
        {
            var shown = new Dictionary<LogStreams, string> { [LogStreams.Output] = "", [LogStreams.Error] = "" };
            await foreach (var chunk in bench.Dispatcher.ReadLogAsync(task, query, Bench.Cancel))
                shown[chunk.Stream] += Encoding.UTF8.GetString(chunk.Bytes.Span);
            return (shown[LogStreams.Output], shown[LogStreams.Error]);
        }
    }

    [Fact]
    public async Task Stderr_of_a_task_that_keeps_none_apart_is_refused_and_its_log_is_its_output()
    {
        await using var bench = new Bench(shared.Fleet);
        var task = await bench.RunAsync(Bench.HostOf(shared.Fleet.Hosts[0]), "echo one; echo two >&2");
        var failure = await Assert.ThrowsAsync<DispatchException>(async () => await ReadAsync(LogStreams.Error));
        Assert.Equal(FailureReason.InvalidInput, failure.Reason);
        Assert.Contains("-SeparateError", failure.Remedy, StringComparison.Ordinal);
        Assert.Equal("one\ntwo\n", await ReadAsync(LogStreams.Output));
        Assert.Equal("one\ntwo\n", await ReadAsync(LogStreams.Both));
        Assert.Null((await bench.Dispatcher.CollectLogAsync(task, cancellationToken: Bench.Cancel)).ErrorLogPath);

        async Task<string> ReadAsync(LogStreams streams)
        {
            var text = "";
            await foreach (var chunk in bench.Dispatcher.ReadLogAsync(task, new LogQuery { Stream = streams }, Bench.Cancel))
            {
                Assert.Equal(LogStreams.Output, chunk.Stream);
                text += Encoding.UTF8.GetString(chunk.Bytes.Span);
            }

            return text;
        }
    }

    private static async Task<(string, string)> HashesAsync(Process process)
    {
        var (output, errors) = (SHA256.HashDataAsync(process.StandardOutput.BaseStream, Bench.Cancel).AsTask(), SHA256.HashDataAsync(process.StandardError.BaseStream, Bench.Cancel).AsTask());
        return (Convert.ToHexString(await output), Convert.ToHexString(await errors));
    }

    private static async Task<string> HashAsync(string path) => Convert.ToHexString(SHA256.HashData(await File.ReadAllBytesAsync(path, Bench.Cancel)));

    private static async Task UntilAsync(Func<bool> condition)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(60), "not within a minute");
            await Task.Delay(20, Bench.Cancel);
        }
    }
}
