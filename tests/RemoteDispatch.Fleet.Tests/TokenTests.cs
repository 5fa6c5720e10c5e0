using System.Diagnostics;
using System.Text;
using RemoteDispatch.Credentials;
using RemoteDispatch.Hosts;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Fleet.Tests;

/// <summary>A task has a token of its own, and the token ends with the task: whoever is there to see it, and however it ends.</summary>
public sealed class TokenTests(SharedFleet shared) : IAsyncDisposable
{
    private readonly GitHubDouble _github = NewDouble();

    public ValueTask DisposeAsync() => _github.DisposeAsync();

    [Fact]
    public async Task Task_uses_its_token_and_the_token_ends_with_it()
    {
        await using var bench = new Bench(shared.Fleet);
        var task = await bench.Dispatcher.DispatchAsync(Host(), Request(Use), Bench.Cancel);
        task = await bench.Dispatcher.WaitAsync(task, TimeSpan.FromSeconds(60), Bench.Cancel);
        Assert.Equal(TaskState.Succeeded, task.State);
        Assert.Equal(["GH_TOKEN"], task.CredentialNames);
        Assert.Equal("200\n", await bench.TextOf(task));
        await bench.Dispatcher.FinishRevocationsAsync();
        Assert.Empty(_github.Live);
        Assert.Contains(bench.Steps, s => s.Name == "token_made");
        Assert.DoesNotContain(bench.Steps, s => s.ToString().Contains(_github.Made.Single(), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(TaskRunner.Auto)]
    [InlineData(TaskRunner.Tmux)]
    public async Task Host_revokes_the_token_at_the_end_with_nobody_connected(TaskRunner runner)
    {
        RemoteTask task;
        var gate = Path.Combine(Directory.CreateTempSubdirectory("rd-token-").FullName, "gate");
        await using (var bench = new Bench(shared.Fleet))
            task = await bench.Dispatcher.DispatchAsync(Host(), Request(WaitFor(gate) + Use) with { Runner = runner }, Bench.Cancel);
        Assert.Single(_github.Live);
        await File.WriteAllTextAsync(gate, "", Bench.Cancel);
        await _github.UntilNoneLivesAsync(Bench.Cancel).WaitAsync(TimeSpan.FromSeconds(60), Bench.Cancel);
        await using var other = new Bench(shared.Fleet);
        task = await other.Dispatcher.WaitAsync(task, TimeSpan.FromSeconds(30), Bench.Cancel);
        Assert.Equal("200\n", await other.TextOf(task));
        // The other dispatcher never had it.
        Assert.DoesNotContain(other.Steps, s => s.Name.StartsWith("token", StringComparison.Ordinal));
        Directory.Delete(Path.GetDirectoryName(gate)!, recursive: true);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(0)]
    public async Task Token_of_a_task_that_somebody_else_stops_is_revoked_and_the_stop_does_not_wait_for_that(int grace)
    {
        RemoteTask task;
        await using (var bench = new Bench(shared.Fleet))
            task = await bench.Dispatcher.DispatchAsync(Host(), Request("exec sleep 600"), Bench.Cancel);
        // A network that hangs: what revokes is no process of the task, and nobody waits for it.
        var held = new TaskCompletionSource();
        _github.Instead = async _ =>
        {
            await held.Task;
            return false;
        };
        await using var other = new Bench(shared.Fleet);
        task = await other.Dispatcher.StopAsync(task, TimeSpan.FromSeconds(grace), Bench.Cancel);
        Assert.Equal(TaskState.Stopped, task.State);
        Assert.Single(_github.Live);
        held.SetResult();
        await _github.UntilNoneLivesAsync(Bench.Cancel).WaitAsync(TimeSpan.FromSeconds(60), Bench.Cancel);
    }

    [Fact]
    public async Task Token_of_a_task_whose_wrapper_was_killed_is_revoked_by_the_host()
    {
        RemoteTask task;
        await using (var bench = new Bench(shared.Fleet))
            task = await bench.Dispatcher.DispatchAsync(Host(), Request("exec sleep 600"), Bench.Cancel);
        Process.GetProcessById(task.Process!.Pid).Kill();
        await _github.UntilNoneLivesAsync(Bench.Cancel).WaitAsync(TimeSpan.FromSeconds(60), Bench.Cancel);
        await using var other = new Bench(shared.Fleet);
        await other.Dispatcher.StopAsync(task, TimeSpan.Zero, Bench.Cancel);
    }

    [Fact]
    public async Task Token_of_a_short_life_is_revoked_by_the_host_while_the_task_goes_on()
    {
        RemoteTask task;
        await using (var bench = new Bench(shared.Fleet))
            task = await bench.Dispatcher.DispatchAsync(Host(), Request("exec sleep 600", TimeSpan.FromSeconds(3)), Bench.Cancel);
        Assert.Single(_github.Live);
        await _github.UntilNoneLivesAsync(Bench.Cancel).WaitAsync(TimeSpan.FromSeconds(60), Bench.Cancel);
        await using var other = new Bench(shared.Fleet);
        Assert.Equal(TaskState.Running, (await other.Dispatcher.LookAsync(task, Bench.Cancel)).State);
        await other.Dispatcher.StopAsync(task, TimeSpan.Zero, Bench.Cancel);
    }

    [Fact]
    public async Task Host_without_curl_is_told_of_and_the_token_is_revoked_from_here()
    {
        var tools = ToolsWithout("curl");
        await using (var bench = new Bench(null, c => c with { Shell = ["env", $"PATH={tools}", "sh"] }))
        {
            var host = DispatchHost.Local with { WorkspaceRoot = bench.Folder + "/tasks" };
            var task = await bench.Dispatcher.DispatchAsync(host, Request("[ -n \"$GH_TOKEN\" ]"), Bench.Cancel);
            Assert.Contains(bench.Steps, s => s.Name == "token_unguarded");
            Assert.Single(_github.Live);
            await bench.Dispatcher.WaitAsync(task, TimeSpan.FromSeconds(30), Bench.Cancel);
            await bench.Dispatcher.FinishRevocationsAsync();
            Assert.Empty(_github.Live);
        }

        Directory.Delete(tools, recursive: true);
    }

    [Fact]
    public async Task Token_is_made_for_each_host_and_not_at_all_for_a_task_that_runs_already_or_cannot_start()
    {
        await using var bench = new Bench(shared.Fleet);
        var request = Request("exec sleep 600") with { Id = TaskId.New(TimeProvider.System) };
        var one = await bench.Dispatcher.DispatchAsync(Host(), request, Bench.Cancel);
        var two = await bench.Dispatcher.DispatchAsync(Host(1), request, Bench.Cancel);
        Assert.Equal(2, _github.Live.Count);
        await bench.Dispatcher.DispatchAsync(Host(), request, Bench.Cancel);
        Assert.Equal(2, _github.Made.Count);
        await Assert.ThrowsAsync<DispatchException>(() => bench.Dispatcher.DispatchAsync(Host(), Request("true") with { WorkingDirectory = "/nowhere" }, Bench.Cancel));
        await bench.Dispatcher.FinishRevocationsAsync();
        Assert.Equal((2, 3), (_github.Live.Count, _github.Made.Count));

        await bench.Dispatcher.StopAsync(one, TimeSpan.Zero, Bench.Cancel);
        await bench.Dispatcher.RemoveAsync(two, new RemoveOptions { Force = true }, Bench.Cancel);
        await bench.Dispatcher.FinishRevocationsAsync();
        Assert.Empty(_github.Live);
    }

    [Fact]
    public async Task Token_that_cannot_be_had_leaves_no_task()
    {
        await using var bench = new Bench(shared.Fleet);
        var wanted = Request("true", repository: "octo/unknown");
        var failure = await Assert.ThrowsAsync<DispatchException>(() => bench.Dispatcher.DispatchAsync(Host(2), wanted, Bench.Cancel));
        Assert.Equal(FailureReason.CredentialUnavailable, failure.Reason);
        Assert.Empty(bench.Dispatcher.Options.Ledger.List());
    }

    [Fact]
    public async Task Token_is_in_no_file_no_argument_and_no_process_that_is_not_the_tasks_until_after_its_end()
    {
        await using var fleet = await OwnFleet.StartAsync(1);
        await using var bench = new Bench(fleet);
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(Bench.Cancel);
        var seen = new List<string>();
        var samples = 0;
        var sampler = Task.Run(
            () =>
            {
                while (!watching.IsCancellationRequested)
                {
                    samples++;
                    seen.AddRange(_github.Made.SelectMany(Showing));
                }
            }, Bench.Cancel);
        var other = CredentialGrant.Create("OTHER_SECRET", "other-secret-0123456789\nsecond_line=of it");
        var task = await bench.Dispatcher.DispatchAsync(Bench.HostOf(fleet.Hosts[0]), Request(Use + "sleep 2") with { Credentials = [other] }, Bench.Cancel);
        await _github.UntilNoneLivesAsync(Bench.Cancel).WaitAsync(TimeSpan.FromSeconds(60), Bench.Cancel);
        task = await bench.Dispatcher.WaitAsync(task, TimeSpan.FromSeconds(60), Bench.Cancel);
        await bench.Dispatcher.CollectLogAsync(task, cancellationToken: Bench.Cancel);
        await watching.CancelAsync();
        await sampler;
        Assert.True(samples > 5, $"only {samples} samples were taken");
        Assert.Empty(seen);
        var value = Encoding.UTF8.GetBytes(_github.Made.Single());
        Assert.DoesNotContain(
            new[] { fleet.Directory, bench.Folder }.SelectMany(f => Directory.EnumerateFiles(f, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })),
            f => File.ReadAllBytes(f).AsSpan().IndexOf(value) >= 0);

        IEnumerable<string> Showing(string token)
        {
            byte[][] secrets = [Encoding.UTF8.GetBytes(token), "other-secret-0123456789"u8.ToArray()];
            foreach (var folder in Directory.GetDirectories("/proc").Where(d => int.TryParse(Path.GetFileName(d), out var pid) && pid != Environment.ProcessId))
            {
                var (line, environment) = (Read(folder + "/cmdline"), Read(folder + "/environ"));
                var isTask = environment.AsSpan().IndexOf("REMOTE_DISPATCH_MARK="u8) >= 0;
                if (secrets.Any(s => line.AsSpan().IndexOf(s) >= 0 || (!isTask && environment.AsSpan().IndexOf(s) >= 0)))
                    yield return Encoding.UTF8.GetString(line).Replace('\0', ' ');
            }
        }
    }

    private static GitHubDouble NewDouble()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/curl"), "curl is not installed: apt-get install curl.");
        return new GitHubDouble();
    }

    /// <summary>A PATH for this machine's shell that has all but a few programs.</summary>
    private static string ToolsWithout(params string[] names)
    {
        var tools = Directory.CreateTempSubdirectory("rd-tools-").FullName;
        foreach (var file in new[] { "/usr/bin", "/bin" }.SelectMany(Directory.GetFiles).Where(f => !names.Contains(Path.GetFileName(f))).DistinctBy(Path.GetFileName))
            File.CreateSymbolicLink(Path.Combine(tools, Path.GetFileName(file)), file);
        return tools;
    }

    // The task's own curl takes it over stdin too: an argument would be the task's fault, and the test's.
    private string Use => $"printf 'header = \"Authorization: Bearer %s\"\\n' \"$GH_TOKEN\" | curl -s -o /dev/null -w '%{{http_code}}\\n' --config - {_github.Address}/installation/repositories\n";

    private DispatchHost Host(int index = 0) => Bench.HostOf(shared.Fleet.Hosts[index]);

    private static string WaitFor(string file) => $"n=0; until [ -e '{file}' ]; do n=$((n + 1)); [ $n -lt 1200 ] || exit 99; sleep 0.05; done\n";

    private TaskRequest Request(string command, TimeSpan? life = null, string repository = "octo/one") => new()
    {
        Command = command,
        ScopedToken = ScopedTokenRequest.Create(GitHubApp.Create(GitHubDouble.AppId, _github.KeyPem), [repository], TokenRight.Parse(["contents:write"]), life, _github.Address),
    };

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
