using System.Security.Cryptography;
using System.Text;
using RemoteDispatch.Credentials;
using RemoteDispatch.Hosts;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Fleet.Tests;

/// <summary>Secrets reach the task's environment and nothing else, and are masked in what comes back.</summary>
public sealed class CredentialTests(SharedFleet shared)
{
    [Fact]
    public async Task Values_of_every_kind_arrive_exactly()
    {
        await using var bench = new Bench(shared.Fleet);
        string[] values =
        [
            "plain-token", "it's \"quoted\" $HOME `id` \\ \n second line\n", "ümläut ☃ 𝄞", " blanks ", "*", new string('x', 64 << 10),
            Convert.ToBase64String(RandomNumberGenerator.GetBytes(40_000)), "-n", "%s%n\\n",
        ];
        var grants = values.Select((v, i) => CredentialGrant.Create($"SECRET_{i}", v)).ToArray();
        var command = string.Concat(values.Select((_, i) => $"printf %s \"$SECRET_{i}\" | sha256sum | cut -c1-64\n"));
        var task = await RunAsync(bench, Bench.HostOf(shared.Fleet.Hosts[0]), command, grants);
        Assert.Equal(
            values.Select(v => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(v)))),
            (await bench.TextOf(task)).Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Values_are_in_no_file_no_argument_and_no_process_that_is_not_the_tasks()
    {
        await using var fleet = await OwnFleet.StartAsync(1);
        await using var bench = new Bench(fleet);
        var host = Bench.HostOf(fleet.Hosts[0]);
        var grants = Enumerable.Range(0, 20).Select(i => CredentialGrant.Create($"CANARY_{i}", "canary-" + RandomNumberGenerator.GetHexString(40))).ToArray();
        var values = grants.Select(g => g.Reveal()).ToArray();

        using var watching = CancellationTokenSource.CreateLinkedTokenSource(Bench.Cancel);
        var sampler = Task.Run(() => SampleAsync(values, watching.Token), Bench.Cancel);
        var task = await bench.Dispatcher.DispatchAsync(
            host, new TaskRequest { Command = "echo \"$CANARY_0\"; sleep 1; exit 3", Credentials = grants }, Bench.Cancel);
        // The next task on the same channel has none of it, and nor has the resident shell.
        var next = await RunAsync(bench, host, "env; cat /proc/$PPID/environ | tr '\\0' '\\n'", []);
        task = await bench.Dispatcher.WaitAsync(task, null, Bench.Cancel);
        task = await bench.Dispatcher.CollectLogAsync(task, cancellationToken: Bench.Cancel);
        await watching.CancelAsync();
        var (seen, samples) = await sampler;

        Assert.Equal(3, task.ExitCode);
        Assert.DoesNotContain(values, v => Encoding.UTF8.GetString(bench.LogOf(next).Result).Contains(v, StringComparison.Ordinal));
        Assert.True(samples > 5, $"only {samples} samples were taken");
        Assert.Empty(seen);
        // The task's own log holds what the task printed; nothing else on either side does.
        var log = Path.Combine(fleet.Hosts[0].HomeOnDisk, ".remote-dispatch", "tasks", task.Id, "log");
        Assert.Contains(values[0], await File.ReadAllTextAsync(log, Bench.Cancel), StringComparison.Ordinal);
        Assert.Equal([log], FilesWith(values, fleet.Directory, bench.Folder));
        Assert.DoesNotContain(bench.Steps, s => values.Any(v => s.ToString().Contains(v, StringComparison.Ordinal)));
        Assert.Equal(grants.Select(g => g.Name), task.CredentialNames);

        // And the search can find.
        var planted = Path.Combine(bench.Folder, "planted");
        await File.WriteAllTextAsync(planted, "x" + values[7] + "x", Bench.Cancel);
        Assert.Equal([planted], FilesWith(values, bench.Folder));
    }

    [Fact]
    public async Task What_the_task_prints_of_them_is_masked_in_the_followed_view_and_in_the_copy_at_the_same_offsets()
    {
        await using var bench = new Bench(shared.Fleet);
        var grant = CredentialGrant.Create("TOKEN", "ghp_0123456789abcdef");
        const string Command = "printf 'a %s b\\n' \"$TOKEN\"; printf 'ghp_0123'; sleep 0.2; printf '456789abcdef\\n'; printf 'user:%s' \"$TOKEN\" | base64; echo end";
        var task = await RunAsync(bench, Bench.HostOf(shared.Fleet.Hosts[0]), Command, [grant]);
        var shown = await bench.TextOf(task);
        Assert.StartsWith($"a {new string('*', 20)} b\n{new string('*', 20)}\n", shown, StringComparison.Ordinal);
        Assert.EndsWith("\nend\n", shown, StringComparison.Ordinal);
        task = await bench.Dispatcher.CollectLogAsync(task, cancellationToken: Bench.Cancel);
        Assert.Equal(shown, await File.ReadAllTextAsync(task.LogPath!, Bench.Cancel));

        var plain = await ReadAsync(bench, task, new LogQuery { NoRedaction = true });
        Assert.Contains("a ghp_0123456789abcdef b\nghp_0123456789abcdef\n", plain, StringComparison.Ordinal);
        Assert.Equal(plain.Length, shown.Length);
        // From every offset, in the middle of a value too.
        for (var offset = 0; offset < shown.Length; offset++)
            Assert.Equal(shown[offset..], await ReadAsync(bench, task, new LogQuery { Offset = offset }));
    }

    [Fact]
    public async Task Same_request_with_another_value_is_the_same_task_and_with_another_name_is_not()
    {
        await using var bench = new Bench(shared.Fleet);
        var host = Bench.HostOf(shared.Fleet.Hosts[0]);
        var request = new TaskRequest { Id = TaskId.New(TimeProvider.System), Command = "echo once $TOKEN", Credentials = [CredentialGrant.Create("TOKEN", "first-value")] };
        var first = await bench.Dispatcher.DispatchAsync(host, request, Bench.Cancel);
        var again = await bench.Dispatcher.DispatchAsync(host, request with { Credentials = [CredentialGrant.Create("TOKEN", "rotated-value")] }, Bench.Cancel);
        Assert.Equal(first.Id, again.Id);
        await bench.Dispatcher.WaitAsync(again, null, Bench.Cancel);
        Assert.Equal("once ***********\n", await bench.TextOf(again));
        var failure = await Assert.ThrowsAsync<DispatchException>(
            () => bench.Dispatcher.DispatchAsync(host, request with { Credentials = [CredentialGrant.Create("OTHER", "first-value")] }, Bench.Cancel));
        Assert.Equal(FailureReason.TaskConflict, failure.Reason);
        // What came later has not made what runs forget its own.
        Assert.Equal("once ***********\n", await bench.TextOf(again));
    }

    private static async Task<RemoteTask> RunAsync(Bench bench, DispatchHost host, string command, IReadOnlyList<CredentialGrant> grants)
    {
        var task = await bench.Dispatcher.DispatchAsync(host, new TaskRequest { Command = command, Credentials = grants }, Bench.Cancel);
        task = await bench.Dispatcher.WaitAsync(task, TimeSpan.FromSeconds(60), Bench.Cancel);
        Assert.Equal(TaskState.Succeeded, task.State);
        return task;
    }

    private static async Task<string> ReadAsync(Bench bench, RemoteTask task, LogQuery query)
    {
        using var bytes = new MemoryStream();
        await foreach (var chunk in bench.Dispatcher.ReadLogAsync(task, query, Bench.Cancel))
            bytes.Write(chunk.Bytes.Span);
        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    private static string[] FilesWith(IReadOnlyList<string> values, params string[] folders)
    {
        var secrets = values.Select(Encoding.UTF8.GetBytes).ToArray();
        return folders.SelectMany(f => Directory.EnumerateFiles(f, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }))
            .Where(f => secrets.Any(s => File.ReadAllBytes(f).AsSpan().IndexOf(s) >= 0)).ToArray();
    }

    /// <summary>Reads the command line and the environment of every process, again and again; those of the task carry its mark.</summary>
    private static async Task<(IReadOnlyList<string> Seen, int Samples)> SampleAsync(IReadOnlyList<string> values, CancellationToken cancellationToken)
    {
        var secrets = values.Select(Encoding.UTF8.GetBytes).ToArray();
        var seen = new List<string>();
        var samples = 0;
        while (!cancellationToken.IsCancellationRequested)
        {
            foreach (var folder in Directory.GetDirectories("/proc").Where(d => int.TryParse(Path.GetFileName(d), out var pid) && pid != Environment.ProcessId))
            {
                var environment = Read(folder + "/environ");
                var isTask = environment.AsSpan().IndexOf("REMOTE_DISPATCH_MARK="u8) >= 0;
                if (secrets.Any(s => Read(folder + "/cmdline").AsSpan().IndexOf(s) >= 0 || (!isTask && environment.AsSpan().IndexOf(s) >= 0)))
                    seen.Add(Encoding.UTF8.GetString(Read(folder + "/cmdline")).Replace('\0', ' '));
            }

            samples++;
            await Task.Yield();
        }

        return (seen, samples);
    }

    private static byte[] Read(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
