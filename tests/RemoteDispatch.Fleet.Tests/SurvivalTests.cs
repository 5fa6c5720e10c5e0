using System.Globalization;
using System.Text.Json;
using RemoteDispatch.Cli;

namespace RemoteDispatch.Fleet.Tests;

/// <summary>A host with a real systemd, for one class of tests; what a test changes of it, the next one sets for itself.</summary>
public sealed class OneSystemdHost : IAsyncLifetime
{
    private SystemdHost? _host;

    /// <summary>The host; the test is skipped, and says so, where none can be started.</summary>
    public SystemdHost Host
    {
        get
        {
            Assert.SkipWhen(SystemdHost.Missing is not null, SystemdHost.Missing ?? "");
            return _host!;
        }
    }

    public async ValueTask InitializeAsync()
    {
        if (SystemdHost.Missing is null)
            _host = await SystemdHost.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
            await _host.DisposeAsync();
    }
}

/// <summary>What becomes of a task when the last connection ends and systemd-logind cleans up. rdispatch runs in the host's network.</summary>
public sealed class SurvivalTests(OneSystemdHost one) : IClassFixture<OneSystemdHost>
{
    private const string Endless = "echo begun; until [ -e ~/go ]; do sleep 0.05; done; echo done; exit 5";

    [Fact]
    public async Task Plain_detached_process_is_killed_at_logout_where_the_host_does_so_and_lives_where_it_does_not()
    {
        // What the tests below prove would mean nothing otherwise.
        await one.Host.SetLingerAsync(false, Bench.Cancel);
        foreach (var isKilling in new[] { true, false })
        {
            await one.Host.SetKillUserProcessesAsync(isKilling, Bench.Cancel);
            Assert.Equal("up\n", await SshAsync("setsid -f sleep 7777 </dev/null >/dev/null 2>&1; echo up"));
            await one.Host.AwaitLogoutAsync(Bench.Cancel);
            await UntilAsync(async () => await IsThereAsync("sleep 7777") != isKilling);
        }

        await one.Host.RunAsync("pkill -KILL -xf 'sleep 7777'", Bench.Cancel);
    }

    [Theory, InlineData("auto"), InlineData("session"), InlineData("systemd"), InlineData("tmux")]
    public async Task Task_of_a_user_who_lingers_survives_the_last_logout_of_a_host_that_kills(string runner)
    {
        await PrepareAsync(isKilling: true, isLingering: true);
        using var program = new Rdispatch(one.Host.SshConfigPath, one.Host.ClientPrefix);
        var id = $"kept-{runner}";
        var run = await program.RunAsync("run", "--host", "h1", "--id", id, "--runner", runner, "--env", "SECRET=s3cret-word", "--", Endless);
        Assert.True(run.Code == 0, run.Errors);
        await one.Host.AwaitLogoutAsync(Bench.Cancel);

        // In a scope of its own, by its name; and no unit holds a value of its environment.
        Assert.Contains($"remote-dispatch-{id}-", await one.Host.RunAsync("cat /proc/[0-9]*/cgroup 2>/dev/null; true", Bench.Cancel), StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", await one.Host.RunAsync("cat /run/user/*/systemd/transient/* /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '; true", Bench.Cancel), StringComparison.Ordinal);
        Assert.Equal("Running", await StateOf(program, id));
        await one.Host.AwaitLogoutAsync(Bench.Cancel);
        await one.Host.RunAsync("touch /home/walter/go", Bench.Cancel);
        Assert.Equal(5, (await program.RunAsync("wait", id)).Code);
        Assert.Equal("begun\ndone\n", (await program.RunAsync("logs", id)).Output);
        Assert.Equal(0, (await program.RunAsync("rm", id)).Code);
    }

    [Theory, InlineData("auto"), InlineData("session"), InlineData("systemd"), InlineData("tmux")]
    public async Task Task_of_a_user_who_does_not_linger_is_refused_with_the_remedy_and_can_be_sent_once_that_is_followed(string runner)
    {
        await PrepareAsync(isKilling: true, isLingering: false);
        using var program = new Rdispatch(one.Host.SshConfigPath, one.Host.ClientPrefix);
        var id = $"refused-{runner}";
        string[] line = ["run", "--host", "h1", "--id", id, "--runner", runner, "--", "touch ~/ran"];
        var run = await program.RunAsync(line);
        Assert.Equal(ExitCodes.LaunchFailed, run.Code);
        Assert.Contains("lingering is off", run.Errors, StringComparison.Ordinal);
        Assert.Contains("sudo loginctl enable-linger walter", run.Errors, StringComparison.Ordinal);
        Assert.Equal("", await one.Host.RunAsync($"ls -d /home/walter/ran /home/walter/.remote-dispatch/tasks/{id} 2>/dev/null; true", Bench.Cancel));

        var check = await program.RunAsync("check", "h1");
        Assert.Equal(ExitCodes.Unhealthy, check.Code);
        Assert.Contains("enable-linger walter", check.Output + check.Errors, StringComparison.Ordinal);

        await one.Host.SetLingerAsync(true, Bench.Cancel);
        Assert.Equal(0, (await program.RunAsync("check", "h1")).Code);
        run = await program.RunAsync(line);
        Assert.True(run.Code == 0, run.Errors);
        Assert.Equal(0, (await program.RunAsync("wait", id)).Code);
    }

    [Fact]
    public async Task Task_on_a_host_that_does_not_kill_needs_no_lingering_and_survives_the_last_logout()
    {
        await PrepareAsync(isKilling: false, isLingering: false);
        using var program = new Rdispatch(one.Host.SshConfigPath, one.Host.ClientPrefix);
        Assert.Equal(0, (await program.RunAsync("run", "--host", "h1", "--id", "plain", "--", Endless)).Code);
        await one.Host.AwaitLogoutAsync(Bench.Cancel);
        Assert.Equal("Running", await StateOf(program, "plain"));
        Assert.Equal("", await one.Host.RunAsync("grep -l remote-dispatch- /proc/[0-9]*/cgroup; true", Bench.Cancel));
        Assert.Equal(0, (await program.RunAsync("rm", "plain", "--force")).Code);
    }

    [Theory]
    [InlineData(false, "KillUserProcesses=yes", "KillExcludeUsers=eve walter")]
    [InlineData(false, "KillUserProcesses=yes", "KillOnlyUsers=eve")]
    [InlineData(true, "KillUserProcesses=no", "KillOnlyUsers=eve walter")]
    [InlineData(true, "KillUserProcesses=yes", "KillExcludeUsers=walt")]
    public async Task Host_that_names_users_is_taken_at_its_word(bool isKilling, params string[] settings)
    {
        await PrepareAsync(isKilling: false, isLingering: false);
        await one.Host.ConfigureLogindAsync(settings, Bench.Cancel);
        // logind is asked what it does, and the product what it thinks of it.
        Assert.Equal("up\n", await SshAsync("setsid -f sleep 6666 </dev/null >/dev/null 2>&1; echo up"));
        await one.Host.AwaitLogoutAsync(Bench.Cancel);
        await UntilAsync(async () => await IsThereAsync("sleep 6666") != isKilling);
        await one.Host.RunAsync("pkill -KILL -xf 'sleep 6666'; true", Bench.Cancel);

        using var program = new Rdispatch(one.Host.SshConfigPath, one.Host.ClientPrefix);
        Assert.Equal(isKilling ? ExitCodes.LaunchFailed : 0, (await program.RunAsync("run", "--wait", "--host", "h1", "--", "true")).Code);
    }

    [Fact]
    public async Task Task_of_root_is_excluded_by_default_and_survives_the_last_logout()
    {
        await PrepareAsync(isKilling: true, isLingering: false);
        using var program = new Rdispatch(one.Host.SshConfigPath, one.Host.ClientPrefix);
        var run = await program.RunAsync("run", "--host", "root@h1", "--id", "roots", "--", "exec sleep 5555");
        Assert.True(run.Code == 0, run.Errors);
        await one.Host.AwaitLogoutAsync(Bench.Cancel);
        Assert.Equal("Running", await StateOf(program, "roots"));
        Assert.Equal(0, (await program.RunAsync("rm", "roots", "--force")).Code);
    }

    [Fact]
    public async Task Systemd_by_hand_is_refused_without_lingering_even_where_the_host_does_not_kill()
    {
        await PrepareAsync(isKilling: false, isLingering: false);
        using var program = new Rdispatch(one.Host.SshConfigPath, one.Host.ClientPrefix);
        var run = await program.RunAsync("run", "--host", "h1", "--runner", "systemd", "--", "true");
        Assert.Equal(ExitCodes.LaunchFailed, run.Code);
        Assert.Contains("sudo loginctl enable-linger walter", run.Errors, StringComparison.Ordinal);
    }

    [Theory, InlineData("auto"), InlineData("tmux")]
    public async Task Stop_of_a_task_in_a_scope_leaves_nothing_of_it(string runner)
    {
        await PrepareAsync(isKilling: true, isLingering: true);
        using var program = new Rdispatch(one.Host.SshConfigPath, one.Host.ClientPrefix);
        var id = $"stopped-{runner}";
        var run = await program.RunAsync("run", "--host", "h1", "--id", id, "--runner", runner, "--", "(setsid sleep 8888 &); exec sleep 8888");
        Assert.True(run.Code == 0, run.Errors);
        await UntilAsync(() => IsThereAsync("sleep 8888"));
        Assert.Equal(0, (await program.RunAsync("stop", id)).Code);
        Assert.False(await IsThereAsync("sleep 8888"));
        // The scope goes with its last process; systemd hears of that in its own time.
        await UntilAsync(async () => (await one.Host.RunAsync($"find /sys/fs/cgroup -name 'remote-dispatch-{id}-*'", Bench.Cancel)).Length == 0);
    }

    private async Task PrepareAsync(bool isKilling, bool isLingering)
    {
        await one.Host.SetKillUserProcessesAsync(isKilling, Bench.Cancel);
        await one.Host.SetLingerAsync(isLingering, Bench.Cancel);
        await one.Host.RunAsync("rm -rf /home/walter/go /home/walter/ran", Bench.Cancel);
        await one.Host.AwaitLogoutAsync(Bench.Cancel);
    }

    private async Task<string> SshAsync(string command)
    {
        string[] line = [.. one.Host.ClientPrefix, "ssh", "-F", one.Host.SshConfigPath, "h1", command];
        using var ssh = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(line[0], line[1..])
        {
            RedirectStandardOutput = true,
        })!;
        var said = await ssh.StandardOutput.ReadToEndAsync(Bench.Cancel).WaitAsync(TimeSpan.FromSeconds(30), Bench.Cancel);
        await ssh.WaitForExitAsync(Bench.Cancel);
        return said;
    }

    private async Task<bool> IsThereAsync(string command) =>
        (await one.Host.RunAsync($"pgrep -xf '{command}'; true", Bench.Cancel)).Length > 0;

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        for (var left = 400; !await holds(); left--)
        {
            Assert.True(left > 0, "It has not come true.");
            await Task.Delay(TimeSpan.FromMilliseconds(50), Bench.Cancel);
        }
    }

    private static async Task<string?> StateOf(Rdispatch program, string id)
    {
        var status = await program.RunAsync("status", id, "--json");
        Assert.True(status.Code == 0, string.Create(CultureInfo.InvariantCulture, $"{status.Code} {status.Errors}"));
        using var json = JsonDocument.Parse(status.Output);
        return json.RootElement.GetProperty("state").GetString();
    }
}
