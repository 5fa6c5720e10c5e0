using System.Diagnostics;
using System.Net.Sockets;
using RemoteDispatch.Hosts;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Core.Tests.Workspaces;

/// <summary>A task's agent.sock and its ssh, under every shell; the agent is a real one, and each channel brings it along.</summary>
public sealed class ForwardingTests : IDisposable
{
    private static readonly string[] Asked = ["agent:asked", "agent"];
    private static readonly string[] Required = ["agent:asked", "agent:required", "agent"];

    private readonly TestFolder _folder = new();
    private readonly List<Process> _agents = [];
    private readonly DispatchHost _host;

    public ForwardingTests()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/ssh-agent"), "ssh-agent is not installed: apt-get install openssh-client.");
        _host = _folder.Host with { ForwardAgent = true };
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        foreach (var agent in _agents)
        {
            agent.Kill();
            agent.Dispose();
        }

        _folder.Dispose();
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Task_with_an_agent_reaches_its_keys_and_one_without_sees_no_socket(string shell)
    {
        await using var client = Client(shell, await AgentAsync("key"));
        await LaunchAsync(client, "with", "ssh-add -l; echo \"$SSH_AUTH_SOCK\"", Asked);
        await LaunchAsync(client, "without", "echo \"${SSH_AUTH_SOCK-none} ${SSH_AGENT_PID-none}\"; command -v ssh", []);
        await client.EndAsync(_host, "with");
        await client.EndAsync(_host, "without");
        Assert.Matches($"^256 SHA256:.* key \\(ED25519\\)\n{_folder.Workspace("with")}/agent.sock\n$", await LogAsync("with"));
        Assert.Equal("none none\n/usr/bin/ssh\n", await LogAsync("without"));
        // The end takes the link along.
        Assert.False(IsLink(_folder.Workspace("with") + "/agent.sock"));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Connection_that_ends_leaves_no_link_to_its_socket_and_the_next_one_renews_that_of_a_running_task(string shell)
    {
        var (first, second) = (await AgentAsync("first"), await AgentAsync("second"));
        var one = Client(shell, first);
        await LaunchAsync(one, "long", Steps(3, "ssh-add -l"), Asked);
        await StepAsync("long", 1);
        await one.DisposeAsync();
        await UntilAsync(() => Target() == "/dev/null");
        await StepAsync("long", 2);
        await using var two = Client(shell, second);
        await two.StatusAsync(_host, ["long"], Cancel);
        Assert.Equal(second, Target());
        await StepAsync("long", 3);
        await two.EndAsync(_host, "long");
        Assert.Matches("^256 .* first \\(ED25519\\)\n(Error|Could not).*\n256 .* second \\(ED25519\\)\n$", await LogAsync("long"));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Older_connection_puts_its_socket_back_when_the_newer_one_has_left(string shell)
    {
        var (older, newer) = (await AgentAsync("older"), await AgentAsync("newer"));
        await using var one = Client(shell, older);
        await LaunchAsync(one, "a", "exec sleep 1000", Asked);
        Assert.Equal(older, Target());
        var two = Client(shell, newer);
        await two.ListAsync(_host, Cancel);
        Assert.Equal(newer, Target());
        // The older one takes nothing away from the newer one.
        await one.StatusAsync(_host, ["a"], Cancel);
        Assert.Equal(newer, Target());
        await two.DisposeAsync();
        await UntilAsync(() => Target() == "/dev/null");
        await one.StatusAsync(_host, ["a"], Cancel);
        Assert.Equal(older, Target());
        await one.StopAsync(_host, "a", StopStep.Term, Cancel);
        await one.EndAsync(_host, "a");
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Ssh_of_a_task_without_a_connected_agent_fails_with_one_plain_line_within_a_second(string shell)
    {
        await using var client = Client(shell, "");
        await LaunchAsync(client, "alone", Timed(Ssh(shell) + " -p 1 127.0.0.1 true"), Asked);
        await client.EndAsync(_host, "alone");
        var (lines, took) = await TimedLogAsync("alone");
        Assert.Contains("refused", lines[0], StringComparison.Ordinal);
        Assert.Equal(
            ["RemoteDispatch: no SSH agent is connected for task alone. To connect one: 'rdispatch wait alone --keep-agent', or 'Wait-RemoteTask alone -KeepAgent'.", "255"], lines[1..]);
        Assert.InRange(took, 0, 1);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Agent_that_does_not_answer_is_given_up_and_leaves_no_process(string shell)
    {
        using var silent = Silent();
        await using var client = Client(shell, Socket("silent"));
        await LaunchAsync(client, "hung", Timed(Ssh(shell) + " -p 1 127.0.0.1 true"), Asked);
        await client.EndAsync(_host, "hung");
        var (lines, took) = await TimedLogAsync("hung");
        Assert.StartsWith("RemoteDispatch: the SSH agent of task hung does not answer", lines[^2], StringComparison.Ordinal);
        Assert.Equal("255", lines[^1]);
        Assert.InRange(took, 0, 6);
        Assert.Equal(0, (await client.StopAsync(_host, "hung", StopStep.Look, Cancel)).Left);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Ssh_of_a_task_is_the_hosts_own_but_for_the_agent(string shell)
    {
        await using var client = Client(shell, "");
        var bin = Directory.CreateDirectory(_folder.Path + "/bin").FullName;
        await File.WriteAllTextAsync(bin + "/ssh", "#!/bin/sh\nread -r line\necho \"$0|$*|${SSH_AUTH_SOCK-none}|$line\"\nexit 7\n", Cancel);
        File.SetUnixFileMode(bin + "/ssh", UnixFileMode.UserRead | UnixFileMode.UserExecute);
        // An agent of the task's own, and none: stdin, arguments and the exit code are the host's ssh's.
        var ssh = Ssh(shell);
        await LaunchAsync(client, "own", $"echo in | SSH_AUTH_SOCK=/my/own ssh 'a b' '$c'; echo $?; echo in | {ssh} -V; echo $?; echo in | {ssh} x; echo $?", Asked,
            new Dictionary<string, string> { ["PATH"] = bin + ":/usr/bin:/bin" });
        await client.EndAsync(_host, "own");
        var link = _folder.Workspace("own") + "/agent.sock";
        Assert.Equal($"{bin}/ssh|a b $c|/my/own|in\n7\n{bin}/ssh|-V|{link}|in\n7\n{bin}/ssh|x|none|in\n7\n", await LogAsync("own"));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Task_that_requires_an_agent_is_refused_with_what_is_missing_and_the_id_stays_free(string shell)
    {
        using var silent = Silent();
        foreach (var (agent, why, remedy) in new[]
        {
            ("", "forwards none", "AllowAgentForwarding"), (await AgentAsync(null), "has no key", "ssh-add"),
            (Socket("nobody"), "does not answer", "ssh-add -l"), (Socket("silent"), "does not answer", "ssh-add -l"),
        })
        {
            await using var client = Client(shell, agent);
            var order = TestOrders.Order("needs", "true") with { With = Required };
            var refused = Assert.IsType<LaunchAnswer.Refused>(await client.LaunchAsync(_host, order, Cancel));
            Assert.Contains(why, refused.Why, StringComparison.Ordinal);
            Assert.Contains(remedy, refused.Remedy, StringComparison.Ordinal);
            Assert.IsType<Absent>((await client.StatusAsync(_host, ["needs"], Cancel))[0]);
        }

        await using var right = Client(shell, await AgentAsync("key"));
        await LaunchAsync(right, "needs", "true", Required);
        Assert.Equal(0, (await right.EndAsync(_host, "needs")).ExitCode);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Socket_of_another_owner_is_no_agent(string shell)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root can give a file away.");
        var socket = await AgentAsync("planted");
        await Health.HealthBench.ByHandAsync($"chown nobody '{socket}'");
        await using var client = Client(shell, socket);
        var refused = Assert.IsType<LaunchAnswer.Refused>(await client.LaunchAsync(_host, TestOrders.Order("needs", "true") with { With = Required }, Cancel));
        Assert.Contains("does not answer", refused.Why, StringComparison.Ordinal);
        await LaunchAsync(client, "asks", Ssh(shell) + " -p 1 127.0.0.1 true", Asked);
        await client.EndAsync(_host, "asks");
        Assert.Contains("no SSH agent is connected for task asks", await LogAsync("asks"), StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Request_that_has_nothing_to_renew_starts_no_process(string shell)
    {
        await using var client = Client(shell, await AgentAsync("key"));
        await LaunchAsync(client, "a", "exec sleep 1000", Asked);
        const string Watched = "ln() { echo forked; }; mv() { echo forked; }; readlink() { echo forked; }; ";
        var quiet = await client.FactsAsync(_host, root => $"{Watched}rd_agent '{root}'; echo end", Cancel);
        Assert.Equal(["end", ""], quiet);
        File.Delete(_folder.Path + "/tasks/.agent");
        File.CreateSymbolicLink(_folder.Path + "/tasks/.agent", "/dev/null");
        // The functions are still in the way, and would be seen.
        var busy = await client.FactsAsync(_host, root => $"rd_agent '{root}'; unset -f ln mv readlink; rd_agent '{root}'; echo end", Cancel);
        Assert.Contains("forked", busy);
        Assert.Equal(Socket("key"), Target());
        await client.StopAsync(_host, "a", StopStep.Term, Cancel);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Path_too_long_for_a_socket_is_refused_where_the_agent_was_asked_for_and_is_no_link_where_the_entry_forwards(string shell)
    {
        await using var client = Client(shell, await AgentAsync("key"));
        var id = "long-" + new string('x', 90);
        var refused = Assert.IsType<LaunchAnswer.Refused>(await client.LaunchAsync(_host, TestOrders.Order(id, "true") with { With = Asked }, Cancel));
        Assert.Contains("103 bytes", refused.Why, StringComparison.Ordinal);
        await LaunchAsync(client, id, "echo ${SSH_AUTH_SOCK+set}", ["agent"]);
        Assert.Equal(0, (await client.EndAsync(_host, id)).ExitCode);
        Assert.Equal("", (await LogAsync(id)).Trim());
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Task_in_tmux_has_it_too_and_a_task_whose_wrapper_is_killed_loses_its_link(string shell)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/tmux"), "tmux is not installed: apt-get install tmux.");
        await using var client = Client(shell, await AgentAsync("key"));
        var order = TestOrders.Order("pane", "ssh-add -l; exec sleep 1000") with { With = Asked, Runner = "tmux" };
        Assert.IsType<LaunchAnswer.Started>(await client.LaunchAsync(_host, order, Cancel));
        await UntilAsync(() => File.ReadAllText(_folder.Workspace("pane") + "/log").Contains("(ED25519)", StringComparison.Ordinal));
        Assert.Equal("yes", await client.AgentOfAsync(_host, "pane", Cancel));
        await client.StopAsync(_host, "pane", StopStep.End, Cancel);
        Assert.IsType<Ended>((await client.StatusAsync(_host, ["pane"], Cancel))[0]);
        Assert.Equal("no", await client.AgentOfAsync(_host, "pane", Cancel));
    }

    private static string Timed(string command) => $"cut -d' ' -f1 /proc/uptime; {command}; echo $?; cut -d' ' -f1 /proc/uptime";

    /// <summary>The task's own ssh, read by this shell and not by the host's.</summary>
    private static string Ssh(string shell) => string.Join(' ', Shells.CommandLine(shell)) + " \"$REMOTE_DISPATCH_WORKSPACE/bin/ssh\"";

    /// <summary>A command again and again, each time when it is told to.</summary>
    private string Steps(int count, string command) =>
        $"for n in $(seq {count}); do until [ -e {_folder.Path}/go$n ]; do sleep 0.02; done; {command}; touch {_folder.Path}/done$n; done";

    private async Task StepAsync(string id, int step)
    {
        await File.WriteAllTextAsync($"{_folder.Path}/go{step}", id, Cancel);
        await UntilAsync(() => File.Exists($"{_folder.Path}/done{step}"));
    }

    private static WorkspaceClient Client(string shell, string agent)
    {
        var options = Shells.Options(shell);
        return new WorkspaceClient(options with { Shell = ["/usr/bin/env", agent.Length > 0 ? "SSH_AUTH_SOCK=" + agent : "-uSSH_AUTH_SOCK", .. options.Shell!] });
    }

    private async Task LaunchAsync(WorkspaceClient client, string id, string command, IReadOnlyList<string> with, IReadOnlyDictionary<string, string>? environment = null)
    {
        var order = TestOrders.Order(id, command) with { With = with };
        Assert.IsType<LaunchAnswer.Started>(await client.LaunchAsync(_host, environment is null ? order : order with { Environment = environment }, Cancel));
    }

    private string Socket(string name) => $"{_folder.Path}/{name}.sock";

    /// <summary>Starts an agent; its one key has the same name, and with no name it has none.</summary>
    private async Task<string> AgentAsync(string? key)
    {
        var socket = Socket(key ?? "empty");
        var agent = Process.Start(new ProcessStartInfo("ssh-agent", ["-D", "-a", socket]) { RedirectStandardOutput = true })!;
        _agents.Add(agent);
        await agent.StandardOutput.ReadLineAsync(Cancel);
        if (key is not null)
            await Health.HealthBench.ByHandAsync($"cd '{_folder.Path}' && ssh-keygen -q -t ed25519 -N '' -C {key} -f {key} && SSH_AUTH_SOCK='{socket}' ssh-add -q {key}");
        return socket;
    }

    /// <summary>A socket whose other end accepts and says nothing, as a forwarded one whose connection hangs.</summary>
    private Socket Silent()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(Socket("silent")));
        socket.Listen();
        return socket;
    }

    private async Task<string> LogAsync(string id) => await File.ReadAllTextAsync(_folder.Workspace(id) + "/log", Cancel);

    private async Task<(string[] Lines, double Seconds)> TimedLogAsync(string id)
    {
        var lines = (await LogAsync(id)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return (lines[1..^1], double.Parse(lines[^1], System.Globalization.CultureInfo.InvariantCulture) - double.Parse(lines[0], System.Globalization.CultureInfo.InvariantCulture));
    }

    /// <summary>Where the link of all tasks leads.</summary>
    private string? Target() => new FileInfo(_folder.Path + "/tasks/.agent").LinkTarget;

    private static bool IsLink(string path) => new FileInfo(path).LinkTarget is not null;

    private static async Task UntilAsync(Func<bool> holds)
    {
        while (!holds())
            await Task.Delay(10, Cancel);
    }
}
