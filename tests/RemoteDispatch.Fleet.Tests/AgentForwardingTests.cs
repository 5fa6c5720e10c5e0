using System.Diagnostics;
using RemoteDispatch.Hosts;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Fleet.Tests;

/// <summary>
/// The SSH agent of whoever is connected reaches a detached task, and nobody else's: real hosts, a real agent, git over ssh from one host
/// to another, and rdispatch as processes of their own.
/// </summary>
public sealed class AgentForwardingTests
{
    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    [Fact]
    public async Task Push_of_a_detached_task_works_while_somebody_is_connected_and_fails_at_once_with_the_remedy_while_nobody_is()
    {
        await using var pushing = await PushingTask.CreateAsync();
        var home = pushing.Machine();
        await pushing.SendAsync(home, "push-1", "--require-agent");
        // The process that sent it has ended.
        await pushing.UntilLinkedAsync(toSocket: false);
        await ExpectNobodyAsync(1);

        // What the message says.
        var waiting = pushing.Start(home, "wait", "push-1", "--keep-agent");
        await ExpectPushAsync(2);
        AssertPrivate(pushing);

        // It dies, and another process connects, with no word of the agent: the task is known to have been given it.
        waiting.Kill();
        await pushing.UntilLinkedAsync(toSocket: false);
        await ExpectNobodyAsync(3);
        var following = pushing.Start(home, "logs", "-f", "push-1");
        await ExpectPushAsync(4);
        following.Kill();
        await pushing.UntilLinkedAsync(toSocket: false);

        // Another machine, which has not sent it and whose inventory does not forward: only where it is said.
        var other = pushing.Machine();
        Assert.Equal(0, (await other.RunAsync("status", "push-1", "--host", "h1")).Code);
        await ExpectNobodyAsync(5);
        pushing.Start(other, "wait", "push-1", "--host", "h1", "--keep-agent");
        await ExpectPushAsync(6);

        Assert.Equal(0, (await home.RunAsync("stop", "push-1")).Code);
        Assert.Null(new FileInfo(pushing.Root + "/push-1/agent.sock").LinkTarget);

        async Task ExpectPushAsync(int n)
        {
            await pushing.UntilLinkedAsync(toSocket: true);
            var (code, said, _) = await pushing.PushAsync();
            Assert.True(code == 0, said);
            Assert.Equal($"push {n}", await pushing.PushedAsync());
        }

        async Task ExpectNobodyAsync(int n)
        {
            var (code, said, seconds) = await pushing.PushAsync();
            Assert.NotEqual(0, code);
            Assert.Contains(
                "RemoteDispatch: no SSH agent is connected for task push-1. To connect one: 'rdispatch wait push-1 --keep-agent', or 'Wait-RemoteTask push-1 -KeepAgent'.\n",
                said, StringComparison.Ordinal);
            Assert.True(seconds < 1, $"it took {seconds} s");
            Assert.NotEqual($"push {n}", await pushing.PushedAsync());
        }
    }

    [Fact]
    public async Task Connection_that_hangs_gives_the_message_within_its_bound_and_the_next_one_works()
    {
        await using var pushing = await PushingTask.CreateAsync();
        var home = pushing.Machine();
        await pushing.SendAsync(home, "push-2", "--forward-agent");
        pushing.Start(home, "wait", "push-2", "--keep-agent");
        await pushing.UntilLinkedAsync(toSocket: true);
        var frozen = Assert.Single(pushing.Forwarding());
        PushingTask.Send("-STOP", frozen);
        try
        {
            var (code, said, seconds) = await pushing.PushAsync();
            Assert.NotEqual(0, code);
            Assert.Contains("RemoteDispatch: the SSH agent of task push-2 does not answer, its connection hangs. To connect anew: 'rdispatch wait push-2 --keep-agent'", said, StringComparison.Ordinal);
            Assert.True(seconds < 10, $"it took {seconds} s");
            var before = new FileInfo(pushing.Root + "/.agent").LinkTarget;
            pushing.Start(home, "wait", "push-2", "--keep-agent");
            await PushingTask.UntilAsync(() => new FileInfo(pushing.Root + "/.agent").LinkTarget != before, "the link is the second one's");
            Assert.Equal(0, (await pushing.PushAsync()).Code);
        }
        finally
        {
            PushingTask.Send("-CONT", frozen);
        }
    }

    [Fact]
    public async Task Older_connection_takes_over_when_the_newer_one_leaves()
    {
        await using var pushing = await PushingTask.CreateAsync();
        var home = pushing.Machine();
        await pushing.SendAsync(home, "push-3", "--forward-agent");
        pushing.Start(home, "wait", "push-3", "--keep-agent");
        await pushing.UntilLinkedAsync(toSocket: true);
        var link = new FileInfo(pushing.Root + "/.agent");
        var older = link.LinkTarget;
        Assert.Equal(0, (await home.RunAsync("status", "push-3")).Code);
        await PushingTask.UntilAsync(() => { link.Refresh(); return link.LinkTarget == older; }, "the older one's socket is back");
        Assert.Equal(0, (await pushing.PushAsync()).Code);
    }

    [Fact]
    public async Task Program_that_keeps_the_agent_stays_until_the_end_and_leaves_the_task_when_it_is_interrupted()
    {
        await using var pushing = await PushingTask.CreateAsync();
        var home = pushing.Machine();
        var keeping = pushing.Start(home, pushing.Line("push-4", "--keep-agent"));
        Assert.Equal("push-4\th1\tRunning", await keeping.StandardOutput.ReadLineAsync(Bench.Cancel));
        Assert.Equal(0, (await pushing.PushAsync()).Code);
        var clock = Stopwatch.StartNew();
        PushingTask.Send("-INT", keeping.Id);
        await keeping.WaitForExitAsync(Bench.Cancel);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(2), $"it took {clock.Elapsed}");
        Assert.Equal(130, keeping.ExitCode);
        var errors = await keeping.StandardError.ReadToEndAsync(Bench.Cancel);
        Assert.Contains("the task 'push-4' on host 'h1' goes on, without its SSH agent", errors, StringComparison.Ordinal);
        Assert.Contains("rdispatch wait push-4 --host h1 --keep-agent", errors, StringComparison.Ordinal);
        await pushing.UntilLinkedAsync(toSocket: false);
        Assert.NotEqual(0, (await pushing.PushAsync()).Code);

        // And by itself at the end, with the task's own code.
        var ended = await home.RunAsync("run", "--host", "h1", "--keep-agent", "--", "ssh-add -l && exit 7");
        Assert.True(ended.Code == 7, ended.Errors);
    }

    [Fact]
    public async Task Task_without_the_option_sees_no_socket_and_one_of_a_host_whose_entry_forwards_does()
    {
        await using var pushing = await PushingTask.CreateAsync();
        var home = pushing.Machine();
        Assert.Equal("none\n", (await home.RunAsync("run", "--host", "h1", "--wait", "--", "echo ${SSH_AUTH_SOCK-none}")).Output);
        Assert.Empty(Directory.GetFiles(pushing.Root, ".agent"));
        Assert.Equal(0, (await home.RunAsync("hosts", "add", "entry", "h1", "--forward-agent")).Code);
        var seen = await home.RunAsync("run", "--host", "entry", "--id", "by-entry", "--wait", "--", "echo $SSH_AUTH_SOCK; ssh-add -l | wc -l");
        Assert.Equal($"{pushing.Root}/by-entry/agent.sock\n1\n", seen.Output);
        // On the connection of an entry that forwards, and yet not given: as it is in a container, or for another user of the channel.
        var kept = await home.RunAsync("run", "--host", "h1", "--id", "plain", "--", "exec sleep 1000");
        Assert.Equal(0, kept.Code);
        var wait = await home.RunAsync("wait", "plain", "--keep-agent");
        Assert.Equal(202, wait.Code);
        Assert.Contains("was dispatched without an SSH agent", wait.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Required_agent_that_is_not_there_is_refused_with_what_is_missing_here_or_there()
    {
        await using var pushing = await PushingTask.CreateAsync(i => new FleetHostOptions { SshdOptions = i == 0 ? ["AllowAgentForwarding no"] : [] });
        var refused = await pushing.Machine().RunAsync("run", "--host", "h1", "--require-agent", "--id", "r1", "--", "true");
        Assert.Equal(208, refused.Code);
        Assert.Contains("its SSH server does not allow it", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("AllowAgentForwarding yes", refused.Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(pushing.Root + "/r1"));

        var without = pushing.Machine(hasAgent: false);
        var none = await without.RunAsync("run", "--host", "h2", "--require-agent", "--id", "r2", "--", "true");
        Assert.Equal(221, none.Code);
        Assert.Contains("there is no SSH agent on this machine", none.Errors, StringComparison.Ordinal);
        Assert.Contains("ssh-add", none.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("r2", (await without.RunAsync("list", "--cached")).Output, StringComparison.Ordinal);

        await SshAgentProcess.RunAsync(new Dictionary<string, string> { ["SSH_AUTH_SOCK"] = pushing.Agent.Socket }, "ssh-add", "-q", "-D");
        var empty = await pushing.Machine().RunAsync("run", "--host", "h2", "--keep-agent", "--id", "r3", "--", "true");
        Assert.Equal(221, empty.Code);
        Assert.Contains("has no key", empty.Errors, StringComparison.Ordinal);

        // One that is only asked for is another matter: it may come later.
        var asked = await pushing.Machine().RunAsync("run", "--host", "h1", "--forward-agent", "--wait", "--", "test -h \"$SSH_AUTH_SOCK\"");
        Assert.Equal(0, asked.Code);
    }

    [Fact]
    public async Task Git_finds_the_tasks_ssh_behind_a_profile_and_a_command_that_set_a_path_of_their_own()
    {
        await using var pushing = await PushingTask.CreateAsync();
        await File.WriteAllTextAsync(pushing.Fleet.Hosts[0].HomeOnDisk + "/.profile", "PATH=/usr/bin:/bin\n", Bench.Cancel);
        await File.WriteAllTextAsync(pushing.Fleet.Hosts[0].HomeOnDisk + "/.bash_profile", "PATH=/usr/bin:/bin\n", Bench.Cancel);
        var home = pushing.Machine(hasAgent: false);
        var run = await home.RunAsync("run", "--host", "h1", "--forward-agent", "--login-shell", "--wait", "--id", "login", "--", "command -v ssh; PATH=/usr/bin:/bin; command -v ssh; git ls-remote ssh://127.0.0.1:1/nowhere");
        Assert.StartsWith($"{pushing.Fleet.Hosts[0].Home}/.remote-dispatch/tasks/login/bin/ssh\n/usr/bin/ssh\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("RemoteDispatch: no SSH agent is connected for task login.", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Transport.Wsl, null, "WSL has no agent forwarding"), InlineData(Transport.Ssh, "box", "run in the container 'box'")]
    public async Task Way_that_forwards_no_agent_is_refused_with_the_reason_before_anything_is_done(Transport transport, string? container, string why)
    {
        await using var bench = new Bench(null);
        var host = new DispatchHost { Name = "there", Address = HostAddress.Parse("there"), Transport = transport, Container = ContainerChoice.Parse(container) };
        var request = new TaskRequest { Command = "true", AgentForwarding = AgentForwarding.Forward };
        var refused = await Assert.ThrowsAsync<DispatchException>(() => bench.Dispatcher.DispatchAsync(host, request, Bench.Cancel));
        Assert.Equal(FailureReason.InvalidInput, refused.Reason);
        Assert.Contains(why, refused.Message, StringComparison.Ordinal);
        Assert.Throws<DispatchException>(() => DispatchPlan.Of(host, request));
        Assert.Contains("with your SSH agent", DispatchPlan.Of(DispatchHost.FromAddress("there"), request).ToString(), StringComparison.Ordinal);
        Assert.Empty(bench.Dispatcher.Options.Ledger.List());
    }

    private static void AssertPrivate(PushingTask pushing)
    {
        var socket = new FileInfo(pushing.Root + "/.agent").LinkTarget!;
        foreach (var folder in new[] { pushing.Root, pushing.Root + "/push-1", Path.GetDirectoryName(socket)! })
            Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(folder) & Others);
    }
}
