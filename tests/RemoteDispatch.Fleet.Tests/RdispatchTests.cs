using System.Diagnostics;
using System.Text.Json;
using RemoteDispatch.Cli;
using RemoteDispatch.Cli.Output;
using RemoteDispatch.Health;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Fleet.Tests;

/// <summary>The program as cron and CI use it.</summary>
public sealed class RdispatchTests(SharedFleet shared)
{
    [Theory, InlineData("exit 0", 0), InlineData("exit 7", 7), InlineData("exit 205", 205), InlineData("kill -9 $$", 137)]
    public async Task Run_and_wait_ends_with_the_tasks_own_exit_code(string command, int code)
    {
        using var program = new Rdispatch(shared.Fleet.SshConfigPath);
        var run = await program.RunAsync("run", "--wait", "--host", "h1", "--", command);
        Assert.True(run.Code == code, run.Errors);
    }

    [Fact]
    public async Task Log_of_a_waited_task_comes_out_byte_for_byte()
    {
        using var program = new Rdispatch(shared.Fleet.SshConfigPath);
        var run = await program.RunAsync("run", "--wait", "--host", "h2", "--", "printf 'a\\tb\\n'; printf 'no end'");
        Assert.Equal((0, "a\tb\nno end"), (run.Code, run.Output));
    }

    [Fact]
    public async Task Task_is_listed_read_awaited_and_removed_by_other_processes()
    {
        using var program = new Rdispatch(shared.Fleet.SshConfigPath);
        var run = await program.RunAsync("run", "--host", "h1", "--host", "h2", "--", "echo \"on $(basename \"$HOME\")\"", "--json");
        Assert.Equal(0, run.Code);
        var plain = await program.RunAsync("run", "--host", "h3", "--id", "others", "--", "echo here; exit 4");
        Assert.StartsWith("others\th3\t", plain.Output, StringComparison.Ordinal);

        Assert.Equal(4, (await program.RunAsync("wait", "others")).Code);
        Assert.Equal("here\n", (await program.RunAsync("logs", "others")).Output);
        Assert.Contains("others", (await program.RunAsync("list", "--state", "Failed")).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await program.RunAsync("rm", "others")).Code);
        Assert.Equal(ExitCodes.TaskNotFound, (await program.RunAsync("status", "others")).Code);
        Assert.False(Directory.Exists(Path.Combine(shared.Fleet.Hosts[2].HomeOnDisk, ".remote-dispatch", "tasks", "others")));
    }

    [Fact]
    public async Task Pattern_means_each_task_that_is_like_it_once()
    {
        using var program = new Rdispatch(shared.Fleet.SshConfigPath);
        foreach (var (id, command) in new[] { ("like-1", "exec sleep 1000"), ("like-2", "exec sleep 1000"), ("like-3", "exit 0"), ("Like-4", "exec sleep 1000") })
            Assert.Equal(0, (await program.RunAsync("run", "--host", "h2", "--id", id, "--", command)).Code);
        Assert.Equal(0, (await program.RunAsync("wait", "like-3")).Code);

        var stopped = await program.RunAsync("stop", "like-*", "like-1", "--grace", "0s");
        Assert.Equal((0, "like-1\th2\tStopped\nlike-2\th2\tStopped"), (stopped.Code, Lines(stopped.Output)));
        Assert.Contains("Running", (await program.RunAsync("status", "Like-?")).Output, StringComparison.Ordinal);
        using var stranger = new Rdispatch(shared.Fleet.SshConfigPath);
        var missed = await stranger.RunAsync("rm", "like-*");
        Assert.Equal((ExitCodes.TaskNotFound, ""), (missed.Code, missed.Output));
        Assert.Contains("like 'like-*'", missed.Errors, StringComparison.Ordinal);
        var removed = await stranger.RunAsync("rm", "?ike-*", "--host", "h2", "--force");
        Assert.True(removed.Code == 0, removed.Errors);
        Assert.Equal(4, removed.Output.TrimEnd().Split('\n').Length);

        static string Lines(string output) => string.Join('\n', output.TrimEnd().Split('\n').Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Host_knows_its_tasks_where_the_ledger_is_empty()
    {
        using var sender = new Rdispatch(shared.Fleet.SshConfigPath);
        using var stranger = new Rdispatch(shared.Fleet.SshConfigPath);
        Assert.Equal(0, (await sender.RunAsync("run", "--host", "h4", "--id", "found", "--", "echo for you")).Code);
        Assert.Contains("found", (await stranger.RunAsync("list", "--host", "h4")).Output, StringComparison.Ordinal);
        Assert.Equal("for you\n", (await stranger.RunAsync("logs", "found", "--host", "h4", "-f")).Output);
        Assert.Equal(0, (await stranger.RunAsync("rm", "found", "--host", "h4")).Code);
    }

    [Fact]
    public async Task Interrupt_ends_the_following_within_two_seconds_and_never_the_task()
    {
        using var program = new Rdispatch(shared.Fleet.SshConfigPath);
        using var run = program.Start("run", "--wait", "--host", "h1", "--id", "interrupted", "--", "echo begun; exec sleep 1000");
        Assert.Equal("begun", await run.StandardOutput.ReadLineAsync(Bench.Cancel));
        var clock = Stopwatch.StartNew();
        using (var kill = Process.Start("kill", ["-INT", run.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]))
            await kill.WaitForExitAsync(Bench.Cancel);
        await run.WaitForExitAsync(Bench.Cancel);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(2), $"it took {clock.Elapsed}");
        Assert.Equal(ExitCodes.Interrupted, run.ExitCode);
        Assert.Contains("rdispatch logs -f interrupted", await run.StandardError.ReadToEndAsync(Bench.Cancel), StringComparison.Ordinal);

        Assert.Contains("Running", (await program.RunAsync("status", "interrupted")).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await program.RunAsync("stop", "interrupted")).Code);
        Assert.Equal(ExitCodes.TaskStopped, (await program.RunAsync("wait", "interrupted")).Code);
        Assert.Equal(0, (await program.RunAsync("rm", "interrupted")).Code);
    }

    [Fact]
    public async Task Host_that_is_down_is_one_error_with_a_remedy_and_the_others_run()
    {
        await using var fleet = await OwnFleet.StartAsync(3);
        await fleet.Hosts[1].StopAsync(Bench.Cancel);
        using var program = new Rdispatch(fleet.SshConfigPath);
        var run = await program.RunAsync("run", "--wait", "--json", "--host", "h1", "--host", "h2", "--host", "h3", "--", "exit 0");
        using var json = JsonDocument.Parse(run.Output);
        var results = json.RootElement.EnumerateArray().ToArray();
        Assert.Equal(3, results.Length);
        Assert.Equal("Succeeded", results[0].GetProperty("task").GetProperty("state").GetString());
        Assert.Equal("ConnectionRefused", results[1].GetProperty("error").GetProperty("reason").GetString(), ignoreCase: true);
        Assert.Equal("Succeeded", results[2].GetProperty("task").GetProperty("state").GetString());
        Assert.Equal(ExitCodes.Connect, run.Code);
    }

    [Theory]
    [InlineData(ExitCodes.Usage, "run", "--id", "../x", "--", "true")]
    [InlineData(ExitCodes.Usage, "run", "--host", "-oProxyCommand=id", "--", "true")]
    [InlineData(ExitCodes.Usage, "nonsense")]
    [InlineData(ExitCodes.TaskNotFound, "status", "nobody-knows-it")]
    [InlineData(ExitCodes.Inventory, "hosts", "remove", "nobody")]
    public async Task Wrong_input_has_its_exit_code_and_says_what_to_do(int code, params string[] arguments)
    {
        using var program = new Rdispatch(null);
        var run = await program.RunAsync(arguments);
        Assert.Equal((code, ""), (run.Code, run.Output));
        Assert.NotEqual("", run.Errors);
        Assert.DoesNotContain("   at ", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_failure_and_every_state_has_an_exit_code()
    {
        foreach (var reason in Enum.GetValues<FailureReason>())
            Assert.InRange(ExitCodes.Of(reason), 200, 255);
    }

    [Fact]
    public async Task Time_limit_is_kept_by_the_host()
    {
        using var program = new Rdispatch(shared.Fleet.SshConfigPath);
        var run = await program.RunAsync("run", "--wait", "--timeout", "1s", "--host", "h2", "--", "exec sleep 1000");
        Assert.Equal(ExitCodes.TaskTimedOut, run.Code);
    }

    [Fact]
    public async Task Check_tells_a_healthy_host_from_one_that_is_down()
    {
        await using var fleet = await OwnFleet.StartAsync(2);
        await fleet.Hosts[1].StopAsync(Bench.Cancel);
        using var program = new Rdispatch(fleet.SshConfigPath);
        Assert.Equal(0, (await program.RunAsync("check", "h1")).Code);
        var check = await program.RunAsync("check", "h1", "h2");
        Assert.Equal(ExitCodes.Unhealthy, check.Code);
        var lines = check.Output.Split('\n');
        Assert.StartsWith("h1  healthy  ", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("h2  NOT healthy: connect  ", lines[1], StringComparison.Ordinal);
        Assert.Contains(lines, l => l.StartsWith("h1    disk ", StringComparison.Ordinal) && l.Contains("Pass    yes", StringComparison.Ordinal));

        // What nobody was asked is one line, and what is wrong is said once, with what to do about it.
        var at = Assert.Single(Enumerable.Range(0, lines.Length), i => lines[i].StartsWith("h2    connect ", StringComparison.Ordinal));
        Assert.Contains("refused", lines[at], StringComparison.OrdinalIgnoreCase);
        Assert.StartsWith("  → ", lines[at + 1], StringComparison.Ordinal);
        Assert.Matches(@"\Ah2    \d+ more +Skip +not connected\z", lines[at + 2]);
        Assert.Equal("", string.Join('\n', lines[(at + 3)..]) + check.Errors);
        Assert.Contains("h2    docker ", (await program.RunAsync("check", "h2", "--verbose")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Failed_check_has_its_remedy_below_it_whether_it_is_required_or_not()
    {
        var health = new HostHealth
        {
            Host = DispatchHost.FromAddress("h1"),
            Checks = [new("disk", CheckStatus.Pass, true, TimeSpan.Zero, "much"), new("docker", CheckStatus.Fail, false, TimeSpan.Zero, "no answer", "Start it."), new("git", CheckStatus.Skip, false, TimeSpan.Zero, "not there")],
        };
        Assert.Equal(["h1  healthy  0s"], HealthText.Verdicts([health]));
        Assert.Equal(
            ["HOST  CHECK   STATUS  REQUIRED  MS  DETAIL", "h1    disk    Pass    yes       0   much", "h1    docker  Fail              0   no answer", "  → Start it.", "h1    git     Skip                  not there"],
            HealthText.Checks([health], isEachShown: false).Lines(width: null));
        // A narrow terminal cuts what is well, and never what is to be read.
        Assert.Equal(["h1    disk …", "h1    docker  Fail              0   no answer", "  → Start it."], HealthText.Checks([health], isEachShown: false).Lines(width: 12).Skip(1).Take(3));
    }

    [Fact]
    public async Task Check_selects_requires_and_tells_facts_as_values()
    {
        using var program = new Rdispatch(shared.Fleet.SshConfigPath);
        var all = await program.RunAsync("check", "h1", "--json");
        Assert.True(all.Code == 0, all.Errors);
        using (var json = JsonDocument.Parse(all.Output))
        {
            var host = json.RootElement[0];
            foreach (var fact in new[] { "freeBytes", "memoryTotalBytes", "memoryAvailableBytes", "loadAverage", "processors", "clockOffsetMs", "clockUncertaintyMs", "tasksRunning", "tasksLeft" })
                Assert.Equal(JsonValueKind.Number, host.GetProperty(fact).ValueKind);
            foreach (var fact in new[] { "system", "user", "loginShell" })
                Assert.NotEqual("", host.GetProperty(fact).GetString());
            Assert.Equal(JsonValueKind.Array, host.GetProperty("gpus").ValueKind);
            Assert.Equal(JsonValueKind.Array, host.GetProperty("agents").ValueKind);
            Assert.Contains(host.GetProperty("checks").EnumerateArray(), c => c.GetProperty("name").GetString() == "agent-forwarding");
        }

        var some = await program.RunAsync("check", "h1", "h2", "--check", "disk", "--require", "orbstack", "--json");
        Assert.Equal(ExitCodes.Unhealthy, some.Code);
        Assert.Contains("h1: orbstack: not there", some.Errors, StringComparison.Ordinal);
        using (var json = JsonDocument.Parse(some.Output))
        {
            Assert.Equal(["connect", "disk", "orbstack"], json.RootElement[1].GetProperty("checks").EnumerateArray().Select(c => c.GetProperty("name").GetString()));
            Assert.Equal(JsonValueKind.Null, json.RootElement[1].GetProperty("loadAverage").ValueKind);
        }

        var wrong = await program.RunAsync("check", "h1", "--check", "gnu");
        Assert.Equal((ExitCodes.Usage, ""), (wrong.Code, wrong.Output));
        Assert.Contains("connect, workspace", wrong.Errors, StringComparison.Ordinal);
    }
}
