using System.Diagnostics;
using System.Text;

namespace RemoteDispatch.Fleet.Tests.Canaries;

/// <summary>
/// Twenty secrets on every way to a task that runs here, with every runner: the task has them, and nothing else does, on either side, at any
/// time. <c>rdispatch</c> goes the way, with all that it can say of it.
/// </summary>
public sealed class CanaryTests(OneSystemdHost systemd) : IClassFixture<OneSystemdHost>
{
    // It has them all, lives long enough to be looked at, and prints one: the copy and the view of its log have stars instead.
    private const string Command = "n=0; for i in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19; do eval \"v=\\$CANARY_$i\"; [ ${#v} = 46 ] && n=$((n + 1)); done; echo has $n; echo \"printed: $CANARY_3\"; sleep 1; exit 17";

    [Theory]
    [InlineData("local", "session"), InlineData("local", "tmux"), InlineData("ssh", "session"), InlineData("ssh", "tmux"), InlineData("jump", "session"), InlineData("jump", "tmux")]
    public async Task Secrets_are_in_the_task_and_nowhere_else(string hop, string runner)
    {
        await using var fleet = await OwnFleet.StartAsync(2);
        using var config = new SshConfigFile(fleet, $"Host behind\n  ProxyJump h1\n  HostName {fleet.Hosts[1].Address}\n  Port {fleet.Hosts[1].Port}\n");
        using var program = new Rdispatch(config.Path);
        var (host, home) = hop switch
        {
            "local" => ("local", program.Folder),
            "ssh" => ("h1", fleet.Hosts[0].HomeOnDisk),
            _ => ("behind", fleet.Hosts[1].HomeOnDisk),
        };
        await TravelAsync(program, host, runner, home + "/.remote-dispatch/tasks/canary/log", fleet.Directory);
    }

    [Theory, InlineData("local"), InlineData("ssh")]
    public async Task Secrets_are_in_the_task_in_a_container_and_nowhere_else(string hop)
    {
        await using var engine = await DockerEngine.StartAsync(Bench.Cancel);
        await engine.RunContainerAsync("box", null, Bench.Cancel);
        await using var fleet = await OwnFleet.StartAsync(1, _ => new FleetHostOptions { LoginScript = $"export DOCKER_HOST={engine.Socket}" });
        using var program = new Rdispatch(fleet.SshConfigPath) { DockerHost = engine.Socket };
        var added = await program.RunAsync("hosts", "add", "boxed", hop == "ssh" ? "h1" : "local", "--container", "box");
        Assert.True(added.Code == 0, added.Errors);
        // The container's disk is in the engine's own folder; where a file of it lies there is the engine's choice.
        await TravelAsync(program, "boxed", "session", "/root/.remote-dispatch/tasks/canary/log", fleet.Directory, engine.Folder);
    }

    [Theory, InlineData("session"), InlineData("systemd"), InlineData("tmux")]
    public async Task Secrets_are_in_the_task_in_a_scope_of_systemds_and_nowhere_else(string runner)
    {
        await systemd.Host.SetKillUserProcessesAsync(true, Bench.Cancel);
        await systemd.Host.SetLingerAsync(true, Bench.Cancel);
        using var program = new Rdispatch(systemd.Host.SshConfigPath, systemd.Host.ClientPrefix);
        var mark = await TravelAsync(program, "h1", runner, null, systemd.Host.Directory);
        // The host's disk is its own; what systemd keeps of its units and the journal are there too.
        var found = await systemd.Host.RunAsync($"find /home /tmp /run /etc /dev/shm /var/tmp /var/log /var/lib/systemd -xdev -type f -newer /etc/machine-id -exec grep -laF {mark} {{}} + 2>/dev/null; true", Bench.Cancel);
        Assert.Equal("/home/walter/.remote-dispatch/tasks/canary/log\n", found);
        Assert.Equal(0, (await program.RunAsync("rm", "canary")).Code);
    }

    [Fact]
    public async Task Program_that_is_aborted_in_the_middle_leaves_no_dump_that_has_them()
    {
        await using var fleet = await OwnFleet.StartAsync(1, _ => new FleetHostOptions { LoginScript = "sleep 1" });
        using var program = new Rdispatch(fleet.SshConfigPath);
        var canaries = new Canaries();
        using var secrets = new SecretFiles(canaries);
        using var doomed = program.Start(["run", "--verbose", "--host", "h1", .. secrets.Options, "--", "exit 0"]);
        while (fleet.Hosts[0].CountConnections() == 0 && !doomed.HasExited)
            await Task.Delay(10, Bench.Cancel);
        Assert.Equal(0, Signal(doomed.Id, "ABRT"));
        var said = await doomed.StandardOutput.ReadToEndAsync(Bench.Cancel) + await doomed.StandardError.ReadToEndAsync(Bench.Cancel);
        await doomed.WaitForExitAsync(Bench.Cancel);
        Assert.False(canaries.AreIn(said), said);
        Assert.Empty(canaries.FilesWith(program.Folder, fleet.Directory));
        Assert.DoesNotContain(Directory.EnumerateFiles(Path.GetTempPath(), $"*{doomed.Id}*"), f => new FileInfo(f).Length > 0);
    }

    [Fact]
    public async Task Search_finds_a_leak_of_each_kind()
    {
        var canaries = new Canaries(1);
        var value = canaries.Values[0].Value;
        var folder = Directory.CreateTempSubdirectory("rd-leak-");
        try
        {
            var file = Path.Combine(folder.CreateSubdirectory("deep").FullName, ".hidden");
            await File.WriteAllTextAsync(file, $"x{value}x", Bench.Cancel);
            Assert.Equal([file], canaries.FilesWith(folder.FullName));
            Assert.True(canaries.AreIn($"a line of a stream with {value} in it"));

            using var end = CancellationTokenSource.CreateLinkedTokenSource(Bench.Cancel);
            var watching = Task.Run(() => canaries.WatchProcessesAsync(end.Token), Bench.Cancel);
            using var argument = Process.Start("sleep", ["30"])!;
            using var word = Process.Start(new ProcessStartInfo("sh", ["-c", "sleep 30; :", value]))!;
            using var variable = Process.Start(new ProcessStartInfo("sleep", ["31"]) { Environment = { ["LEAK"] = value } })!;
            using var task = Process.Start(new ProcessStartInfo("sleep", ["32"]) { Environment = { ["LEAK"] = value, ["REMOTE_DISPATCH_MARK"] = "1" } })!;
            await Task.Delay(500, Bench.Cancel);
            await end.CancelAsync();
            var (found, _) = await watching;
            foreach (var process in (Process[])[argument, word, variable, task])
                process.Kill(entireProcessTree: true);
            Assert.Contains(found, f => f.StartsWith("command line: sh -c", StringComparison.Ordinal));
            Assert.Contains(found, f => f.StartsWith("environment of: sleep 31", StringComparison.Ordinal));
            Assert.DoesNotContain(found, f => f.Contains("sleep 30 ", StringComparison.Ordinal) || f.Contains("sleep 32", StringComparison.Ordinal));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Sends the task, and all that comes after; then looks everywhere.</summary>
    /// <returns>What the secrets begin with.</returns>
    private static async Task<string> TravelAsync(Rdispatch program, string host, string runner, string? log, params string[] otherSide)
    {
        var canaries = new Canaries();
        using var secrets = new SecretFiles(canaries);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Bench.Cancel);
        var watching = Task.Run(() => canaries.WatchProcessesAsync(end.Token), Bench.Cancel);
        var said = new StringBuilder();

        await SayAsync(17, ["run", "--verbose", "--wait", "--host", host, "--id", "canary", "--runner", runner, .. secrets.Options, "--", Command]);
        // The next task on the same channel, and the resident shell, have none of it. The view of the log has stars.
        await SayAsync(0, ["run", "--verbose", "--wait", "--host", host, "--id", "next", "--", "env; cat /proc/$PPID/environ 2>/dev/null | tr '\\0' '\\n'"]);
        await SayAsync(0, ["status", "--verbose", "--json", "canary"]);
        await SayAsync(0, ["list", "--verbose", "--json", "--host", host]);
        await end.CancelAsync();
        var (found, rounds) = await watching;

        Assert.True(rounds > 3, $"only {rounds} rounds");
        Assert.Empty(found);
        Assert.Contains("has 20\nprinted: **********************************************\n", said.ToString(), StringComparison.Ordinal);
        Assert.False(canaries.AreIn(said.ToString()), said.ToString());
        var files = canaries.FilesWith([program.Folder, .. otherSide]);
        if (log is null)
            Assert.Empty(files);
        else
            Assert.All(files, f => Assert.EndsWith(log, f, StringComparison.Ordinal));
        // The log on the host is the task's own: the search would have found it elsewhere too.
        Assert.Equal(log is null, files.Count == 0);
        Assert.Equal(0, (await program.RunAsync("rm", "next")).Code);
        return canaries.Mark;

        async Task SayAsync(int code, string[] arguments)
        {
            var (ended, output, errors) = await program.RunAsync(arguments);
            said.Append(output).Append(errors);
            Assert.True(ended == code, $"{ended}: {output}{errors}");
        }
    }

    private static int Signal(int id, string name)
    {
        using var kill = Process.Start("kill", ["-s", name, id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
        return kill.ExitCode;
    }
}
