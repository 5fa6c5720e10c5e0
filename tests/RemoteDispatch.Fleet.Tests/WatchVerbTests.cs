using System.Diagnostics;
using System.Text.Json.Nodes;

namespace RemoteDispatch.Fleet.Tests;

/// <summary>rdispatch watch as processes: several at once, one that is killed, and what it says and does not say.</summary>
public sealed class WatchVerbTests(SharedFleet shared)
{
    // The hosts are the whole suite's: a task of another test that has the same id is another task.
    private readonly string _ours = $"watched{Guid.NewGuid():N}";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_watches_and_twenty_tasks_announce_each_end_once()
    {
        using var cli = new Rdispatch(shared.Fleet.SshConfigPath);
        // What is sent before anybody watches is followed as well as what is sent meanwhile.
        await SendAsync(cli, 0, 6);
        using var first = Begin(cli);
        using var second = Begin(cli);
        await SendAsync(cli, 6, 20);
        await first.UntilAsync(() => Ended(first, second).Count >= 20, second);
        // Whoever would say it again has had the time for that.
        await first.UntilAsync(() => RecordsOf(cli).Count(r => r.Contains("\"announced\":true,\"collected\":true", StringComparison.Ordinal)) == 20);
        await first.EndAsync();
        await second.EndAsync();
        var (_, once, errors) = await cli.RunAsync("watch", "--once", "--json");
        Assert.Equal(("", ""), (once, errors));
        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"{_ours}-{i:00}"), Ended(first, second).Order());
        Assert.Equal(20, Directory.GetFiles(Path.Combine(cli.Folder, "logs"), "*.log", SearchOption.AllDirectories).Length);
    }

    [Fact]
    public async Task Watch_that_is_killed_is_taken_over_by_the_next_and_nothing_is_lost()
    {
        using var cli = new Rdispatch(shared.Fleet.SshConfigPath);
        using var first = Begin(cli);
        await first.UntilAsync(() => File.Exists(Path.Combine(cli.Folder, "state", "tasks", "watch", "old")));
        await SendAsync(cli, 0, 8);
        await first.UntilAsync(() => Ended(first).Count >= 2);
        first.Kill();
        using var second = Begin(cli, "--until-ended");
        await second.UntilAsync(() => second.Process.HasExited);
        var all = Ended(first, second);
        Assert.Equal(Enumerable.Range(0, 8).Select(i => $"{_ours}-{i:00}"), all.Distinct().Order());
        // What the killed one had said and not yet noted is said once more: at most what it had in hand.
        Assert.InRange(all.Count, 8, 16);
        Assert.Equal(8, RecordsOf(cli).Count(r => r.Contains("\"announced\":true,\"collected\":true", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Watch_is_ended_by_a_signal_within_two_seconds_and_that_is_no_failure()
    {
        using var cli = new Rdispatch(shared.Fleet.SshConfigPath);
        using var watch = Begin(cli);
        await watch.UntilAsync(() => File.Exists(Path.Combine(cli.Folder, "state", "tasks", "watch", "old")));
        var clock = Stopwatch.StartNew();
        await watch.EndAsync();
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(10));
        Assert.Equal("", watch.Errors);
    }

    [Fact]
    public async Task Address_of_a_webhook_that_cannot_be_reached_is_in_nothing_that_is_said_or_written()
    {
        using var cli = new Rdispatch(shared.Fleet.SshConfigPath);
        var secret = Path.Combine(cli.Folder, "slack");
        await File.WriteAllTextAsync(secret, "http://127.0.0.1:9/services/topsecret\n", Cancel);
        Assert.Equal(0, (await cli.RunAsync("watch", "--once")).Code);
        await SendAsync(cli, 0, 1);
        Assert.Equal(0, (await cli.RunAsync("wait", $"{_ours}-00")).Code);
        // Eight attempts are two minutes: it is ended before, and the end is left to the next watch.
        using var watch = Begin(cli, "--slack-webhook-file", secret, "--verbose");
        await watch.UntilAsync(() => Ended(watch).Count == 1);
        await watch.EndAsync();
        var written = Directory.EnumerateFiles(cli.Folder, "*", SearchOption.AllDirectories).Where(f => f != secret).Select(File.ReadAllText);
        Assert.DoesNotContain(written.Append(watch.Errors).Concat(watch.Lines), t => t.Contains("topsecret", StringComparison.Ordinal));
        var (_, next, _) = await cli.RunAsync("watch", "--once", "--json");
        Assert.Equal($"{_ours}-00", (string?)JsonNode.Parse(next)!["task"]!["id"]);
        var refused = await cli.RunAsync("watch", "--slack-webhook-file", Path.Combine(cli.Folder, "none"));
        Assert.NotEqual(0, refused.Code);
    }

    private async Task SendAsync(Rdispatch cli, int from, int to)
    {
        for (var i = from; i < to; i++)
        {
            var (code, _, errors) = await cli.RunAsync("run", "--id", $"{_ours}-{i:00}", "--host", shared.Fleet.Hosts[i % 4].Name, "--", $"echo {i}; sleep 0.{i % 10}");
            Assert.True(code == 0, errors);
        }
    }

    private static Watch Begin(Rdispatch cli, params string[] more) => new(cli.Start(["watch", "--json", .. more]));

    private static List<string> Ended(params Watch[] watches) =>
        [.. watches.SelectMany(w => w.Lines).Select(l => JsonNode.Parse(l)!).Where(j => (string?)j["kind"] == "Ended").Select(j => (string)j["task"]!["id"]!)];

    private static IEnumerable<string> RecordsOf(Rdispatch cli) => Directory.GetFiles(Path.Combine(cli.Folder, "state", "tasks", "watch"), "watched*.json").Select(f =>
    {
        try
        {
            return File.ReadAllText(f);
        }
        catch (IOException)
        {
            // A watch has it.
            return "";
        }
    });

    /// <summary>A watch as a process, and what it has said.</summary>
    private sealed class Watch : IDisposable
    {
        private readonly List<string> _lines = [];
        private readonly List<string> _errors = [];

        public Watch(Process process)
        {
            Process = process;
            process.OutputDataReceived += (_, e) => Add(_lines, e.Data);
            process.ErrorDataReceived += (_, e) => Add(_errors, e.Data);
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
        }

        public Process Process { get; }

        public IReadOnlyList<string> Lines => Copy(_lines);

        public string Errors => string.Join('\n', Copy(_errors));

        public async Task UntilAsync(Func<bool> condition, Watch? other = null)
        {
            var clock = Stopwatch.StartNew();
            while (!condition())
            {
                Assert.True(clock.Elapsed < TimeSpan.FromMinutes(2), $"Not true within two minutes; said: {string.Join('\n', Lines)}\n{Errors}\nand: {string.Join('\n', other?.Lines ?? [])}\n{other?.Errors}");
                await Task.Delay(50, Cancel);
            }
        }

        public void Kill() => Process.Kill();

        public async Task EndAsync()
        {
            using var kill = System.Diagnostics.Process.Start("kill", ["-TERM", $"{Process.Id}"]);
            await Process.WaitForExitAsync(Cancel);
            Assert.True(Process.ExitCode is 0 or 143, $"{Process.ExitCode} {Errors}");
        }

        public void Dispose()
        {
            if (!Process.HasExited)
                Process.Kill(entireProcessTree: true);
            Process.Dispose();
        }

        private static void Add(List<string> list, string? line)
        {
            lock (list)
            {
                if (line is not null)
                    list.Add(line);
            }
        }

        private static List<string> Copy(List<string> list)
        {
            lock (list)
                return [.. list];
        }
    }
}
