using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using RemoteDispatch.Hosts;
using RemoteDispatch.Tasks;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Core.Tests.Workspaces;

/// <summary>A task in a sandbox, on hosts that have bwrap, have none, and have one that does not work.</summary>
public sealed class SandboxTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public SandboxTests()
    {
        Directory.CreateDirectory(Home + "/.ssh");
        File.WriteAllText(Home + "/.ssh/id_ed25519", "planted-key");
        File.WriteAllText(Home + "/.netrc", "planted-netrc");
        Directory.CreateDirectory(Home + "/project/sub");
        File.WriteAllText(Home + "/project/readme", "of-the-project");
        Host = _folder.Host with { WorkspaceRoot = "~/.remote-dispatch/tasks" };
    }

    public static TheoryData<string, string> AllKinds
    {
        get
        {
            var kinds = new TheoryData<string, string>();
            foreach (var shell in Shells.All.Select(s => s.Data))
            {
                kinds.Add(shell, "bwrap");
                kinds.Add(shell, "none");
            }

            return kinds;
        }
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Home => _folder.Path + "/real";

    private DispatchHost Host { get; }

    public void Dispose() => _folder.Dispose();

    [Theory, MemberData(nameof(AllKinds))]
    public async Task Sandbox_has_a_home_of_its_own_few_variables_and_umask_077_and_is_gone_at_the_end(string shell, string kind)
    {
        await using var client = Client(shell, kind);
        var order = Order("box", "env | sed 's/=.*//' | sort >\"$HOME/names\"; cat \"$HOME/names\"; umask; pwd; ls -A; touch made; ls -l made | cut -c1-10; echo \"$MINE\"", new())
            with { Environment = new Dictionary<string, string> { ["MINE"] = "my own" } };
        var started = await LaunchAsync(client, order);
        Assert.Equal(kind == "bwrap" ? new TaskSandbox(SandboxKind.Boundary, "bwrap", true) : new TaskSandbox(SandboxKind.Environment, null, true), started.Sandbox);
        var ended = await client.EndAsync(Host, "box");
        Assert.Equal(started.Sandbox, ended.Sandbox);
        Assert.Equal(0, ended.ExitCode);
        var home = Workspace("box") + "/home";
        Assert.Equal(
            [
                "HOME", "LANG", "MINE", "PATH", "PWD", "REMOTE_DISPATCH_ID", "REMOTE_DISPATCH_MARK", "REMOTE_DISPATCH_WORKSPACE", "TMPDIR",
                "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME",
                "0077", home, ".cache", ".config", ".local", "names", "tmp", "-rw-------", "my own",
            ],
            (await LinesAsync("box")).Where(l => l is not ("OLDPWD" or "SHLVL" or "_")));
        Assert.False(Directory.Exists(home), "its home is still there");
        Assert.Equal(["bin", "claim", "command", "events", "exit", "inbox", "log", "process", "sandbox", "task.json", "times", "wrapper"],
            Directory.EnumerateFileSystemEntries(Workspace("box")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Boundary_shows_a_system_that_cannot_be_written_and_neither_home_nor_records_nor_processes(string shell)
    {
        await using var client = Client(shell, "bwrap");
        var command = $"""
            cat {Home}/.ssh/id_ed25519 {Home}/.netrc {Home}/project/readme; cat ~/.ssh/id_ed25519
            cat /etc/shadow | head -c 1
            for f in {Workspace("walls")}/exit {Workspace("walls")}/command {Workspace("walls")}/new /usr/bin/x /etc/x /x; do true >>$f && echo wrote $f; done
            echo x >{Home}/x
            v=$(cat /proc/sys/kernel/printk_ratelimit); echo $v >/proc/sys/kernel/printk_ratelimit && echo wrote /proc/sys
            ls /proc | grep -c '^[0-9]*$'
            ls -d /root /home /run/user /var/lib/docker 2>/dev/null
            tr '\0' '\n' </proc/{Environment.ProcessId}/environ
            grep CapEff /proc/self/status
            echo end
            """;
        await LaunchAsync(client, Order("walls", command, new()));
        Assert.Equal(0, (await client.EndAsync(Host, "walls")).ExitCode);
        var said = (await LinesAsync("walls")).Where(l => !l.Contains(": ", StringComparison.Ordinal) || l.StartsWith("wrote", StringComparison.Ordinal)).ToArray();
        Assert.Equal("end", said[^1]);
        Assert.Equal("CapEff:\t0000000000000000", said[^2]);
        Assert.True(int.Parse(said[0], CultureInfo.InvariantCulture) < 10, string.Join('\n', said));
        Assert.Equal(3, said.Length);
        // It may have a file of that name in its own /tmp.
        Assert.False(File.Exists(Home + "/x"));
        Assert.DoesNotContain("planted", await File.ReadAllTextAsync(Workspace("walls") + "/log", Cancel), StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Environment_alone_is_never_called_a_boundary(string shell)
    {
        foreach (var kind in new[] { "none", "forbidden" })
        {
            await using var client = Client(shell, kind);
            var started = await LaunchAsync(client, Order(kind, $"cat {Home}/.netrc", new()));
            Assert.Equal(SandboxKind.Environment, started.Sandbox!.Kind);
            await client.EndAsync(Host, kind);
            // It keeps nothing out, and says so.
            Assert.Equal(["planted-netrc"], await LinesAsync(kind));
        }
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Boundary_that_is_required_is_refused_with_the_reason_where_none_can_be_made(string shell)
    {
        foreach (var (kind, why) in new[] { ("none", "install bubblewrap"), ("forbidden", "bwrap: ") })
        {
            await using var client = Client(shell, kind);
            foreach (var (id, box) in new[] { ("required", new SandboxRequest { RequireBoundary = true }), ("offline", new SandboxRequest { NoNetwork = true }) })
            {
                var answer = await client.LaunchAsync(Host, Order($"{kind}-{id}", $"touch {_folder.Path}/ran", box), Cancel);
                Assert.Contains(why, Assert.IsType<LaunchAnswer.Refused>(answer).Why, StringComparison.Ordinal);
                Assert.False(Directory.Exists(Workspace($"{kind}-{id}") + "/home"));
            }
        }

        Assert.False(File.Exists(_folder.Path + "/ran"));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Paths_are_there_as_they_were_named_and_the_working_directory_can_be_written(string shell)
    {
        await using var client = Client(shell, "bwrap");
        Directory.CreateDirectory(Home + "/data set/it's");
        Directory.CreateDirectory(Home + "/out");
        await File.WriteAllTextAsync(Home + "/data set/it's/table", "rows", Cancel);
        var box = new SandboxRequest { Paths = ["~/data set/it's", "project/readme"], WritablePaths = [Home + "/out"] };
        var command = $"cat {Home}/data*/it*/table; touch {Home}/data*/it*/table; cat {Home}/project/readme; echo result >{Home}/out/file; echo built >here; pwd; ls {Home}";
        await LaunchAsync(client, Order("paths", command, box) with { WorkingDirectory = "project/sub" });
        await client.EndAsync(Host, "paths");
        var log = await File.ReadAllTextAsync(Workspace("paths") + "/log", Cancel);
        Assert.StartsWith("rows", log, StringComparison.Ordinal);
        Assert.Contains("Read-only", log, StringComparison.OrdinalIgnoreCase);
        Assert.EndsWith($"of-the-project{Home}/project/sub\ndata set\nout\nproject\n", log, StringComparison.Ordinal);
        Assert.Equal("result\n", await File.ReadAllTextAsync(Home + "/out/file", Cancel));
        Assert.Equal("built\n", await File.ReadAllTextAsync(Home + "/project/sub/here", Cancel));
    }

    [Theory, MemberData(nameof(AllKinds))]
    public async Task Paths_that_would_undo_the_sandbox_or_are_not_there_are_refused(string shell, string kind)
    {
        await using var client = Client(shell, kind);
        Directory.CreateSymbolicLink(Home + "/link", Home);
        string[] paths = ["~", "/", _folder.Path, Home, "link", "~/nothing", "~/.remote-dispatch/tasks", Home + "/link/.remote-dispatch/tasks/bad0"];
        foreach (var (path, i) in paths.Select((p, i) => (p, i)))
        {
            var order = Order($"bad{i}", "true", i % 2 == 0 ? new SandboxRequest { Paths = [path] } : new SandboxRequest { WritablePaths = [path] });
            Assert.Contains("sandbox", Assert.IsType<LaunchAnswer.Refused>(await client.LaunchAsync(Host, order, Cancel)).Why, StringComparison.Ordinal);
            order = Order($"cwd{i}", "true", new()) with { WorkingDirectory = path };
            Assert.IsType<LaunchAnswer.Refused>(await client.LaunchAsync(Host, order, Cancel));
        }
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Folder_that_holds_the_workspaces_is_bound_without_them(string shell)
    {
        await using var client = Client(shell, "bwrap");
        var hidden = Host with { WorkspaceRoot = Home + "/project/tasks" };
        var order = Order("inside", $"ls {Home}/project/tasks {Home}/project/tasks/inside; echo x >{Home}/project/tasks/inside/exit", new SandboxRequest { WritablePaths = ["~/project"] });
        Assert.IsType<LaunchAnswer.Started>(await client.LaunchAsync(hidden, order, Cancel));
        Assert.NotEqual(0, (await client.EndAsync(hidden, "inside")).ExitCode);
        Assert.Contains("command\nevents\nhome\ninbox\n", await File.ReadAllTextAsync(Home + "/project/tasks/inside/log", Cancel), StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(AllKinds))]
    public async Task What_the_command_leaves_running_ends_with_the_sandbox(string shell, string kind)
    {
        await using var client = Client(shell, kind);
        // Under a boundary its environment need not be found: the boundary goes.
        var clear = kind == "bwrap" ? "env -i PATH=\"$PATH\" " : "";
        var command = $"({clear}setsid sh -c 'trap \"\" TERM; echo up >\"$1\"; while :; do sleep 1; done' sh {Home}/out/up >/dev/null 2>&1 &); until [ -e {Home}/out/up ]; do sleep 0.05; done; exit 5";
        Directory.CreateDirectory(Home + "/out");
        await LaunchAsync(client, Order("left", command, new SandboxRequest { WritablePaths = ["~/out"] }));
        Assert.Equal(5, (await client.EndAsync(Host, "left")).ExitCode);
        Assert.False(Directory.Exists(Workspace("left") + "/home"));
        await NoProcessAsync(Home + "/out/up");
    }

    [Theory, MemberData(nameof(AllKinds))]
    public async Task Stop_gives_the_command_its_time_and_ends_everything(string shell, string kind)
    {
        await using var client = Client(shell, kind);
        Directory.CreateDirectory(Home + "/out");
        var box = new SandboxRequest { WritablePaths = ["~/out"] };
        var command = $"trap 'sleep 0.3; echo cleaned up; exit 7' TERM; echo ready >{Home}/out/ready; while :; do sleep 0.1; done";
        await LaunchAsync(client, Order("kind", command, box));
        await FileAsync(Home + "/out/ready");
        await UntilGoneAsync(client, "kind", StopStep.Term);
        var ended = await client.EndAsync(Host, "kind");
        // busybox's env cannot give a command its signals back, so that bwrap is not deaf to TERM there: a boundary ends at once.
        var isCut = (shell, kind) == ("busybox", "bwrap");
        Assert.Equal((EndKind.Stopped, isCut ? 143 : 7), (ended.Kind, ended.ExitCode));
        Assert.Equal(!isCut, (await LinesAsync("kind")).Contains("cleaned up"));

        var deaf = $"(setsid sh -c 'trap \"\" TERM; echo up >\"$1\"; while :; do sleep 1; done' sh {Home}/out/deaf &); trap '' TERM; while :; do sleep 1; done";
        await LaunchAsync(client, Order("deaf", deaf, box));
        await FileAsync(Home + "/out/deaf");
        await client.StopAsync(Host, "deaf", StopStep.Term, Cancel);
        await UntilGoneAsync(client, "deaf", StopStep.Kill);
        Assert.Equal(EndKind.Stopped, (await client.EndAsync(Host, "deaf")).Kind);
        await NoProcessAsync(Home + "/out/deaf");

        await LaunchAsync(client, Order("limit", deaf.Replace("/deaf", "/limit", StringComparison.Ordinal), box) with { TimeLimit = TimeSpan.FromSeconds(1) });
        Assert.Equal(EndKind.TimedOut, (await client.EndAsync(Host, "limit")).Kind);
        await NoProcessAsync(Home + "/out/limit");
        Assert.DoesNotContain(Directory.GetDirectories(Home + "/.remote-dispatch/tasks"), d => Directory.Exists(d + "/home"));
    }

    [Theory, MemberData(nameof(AllKinds))]
    public async Task Killed_command_leaves_no_home_and_that_of_a_killed_wrapper_goes_with_the_workspace(string shell, string kind)
    {
        await using var client = Client(shell, kind);
        await LaunchAsync(client, Order("killed", "mkdir -p ro/d; : >ro/d/f; chmod 500 ro/d ro; kill -9 $$", new()));
        Assert.Equal(137, (await client.EndAsync(Host, "killed")).ExitCode);
        Assert.False(Directory.Exists(Workspace("killed") + "/home"));

        Directory.CreateDirectory(Home + "/out");
        var wrapper = await LaunchAsync(client, Order("lost", $"mkdir -p ro/d; : >ro/d/f; chmod 500 ro/d ro; echo >{Home}/out/up; exec sleep 1000.25", new SandboxRequest { WritablePaths = ["~/out"] }));
        await FileAsync(Home + "/out/up");
        Process.GetProcessById(wrapper.Process.Pid).Kill();
        while ((await client.StatusAsync(Host, ["lost"], Cancel))[0] is not Lost)
            await Task.Delay(5, Cancel);
        // A boundary ends with its wrapper; else a stop finds what is left.
        if (kind == "bwrap")
            await NoProcessAsync("1000.25");
        await UntilGoneAsync(client, "lost", StopStep.Kill);
        Assert.Null(await client.RemoveAsync(Host, "lost", keepLog: false, Cancel));
        Assert.False(Directory.Exists(Workspace("lost")));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Without_network_not_even_this_host_is_reached(string shell)
    {
        Assert.SkipUnless(File.Exists("/bin/bash"), "bash, which can connect, is not installed.");
        await using var client = Client(shell, "bwrap");
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        var command = $"#!/bin/bash\n(: </dev/tcp/127.0.0.1/{((IPEndPoint)server.LocalEndpoint).Port}) 2>/dev/null && echo reached || echo out of reach";
        await LaunchAsync(client, Order("on", command, new()));
        await client.EndAsync(Host, "on");
        Assert.Equal(["reached"], await LinesAsync("on"));
        var started = await LaunchAsync(client, Order("off", command, new SandboxRequest { NoNetwork = true }));
        Assert.Equal("Boundary (bwrap, no network)", started.Sandbox!.ToString());
        await client.EndAsync(Host, "off");
        Assert.Equal(["out of reach"], await LinesAsync("off"));
    }

    [Theory, MemberData(nameof(AllKinds))]
    public async Task Only_what_is_allowed_crosses(string shell, string kind)
    {
        await using var client = Client(shell, kind);
        Directory.CreateDirectory(Home + "/.claude");
        await File.WriteAllTextAsync(Home + "/.gitconfig", "[user]\n name = Ann O'Dev\n email = ann@example.org\n[credential]\n helper = store\n[include]\n path = more\n", Cancel);
        await File.WriteAllTextAsync(Home + "/more", "[user]\n name = Somebody Else\n", Cancel);
        await File.WriteAllTextAsync(Home + "/.claude/settings.json", "{\"model\":\"x\"}", Cancel);
        await File.WriteAllTextAsync(Home + "/.claude/.credentials.json", "planted-login", Cancel);
        const string Look = "cd; git config user.name; git config user.email; git config credential.helper; find .claude .gitconfig -type f 2>/dev/null | sort; cat .claude/* .claude/.cred* 2>/dev/null; true";
        (SandboxAllowance Allow, string[] Said)[] cases =
        [
            (SandboxAllowance.None, []),
            (SandboxAllowance.GitIdentity, ["Ann O'Dev", "ann@example.org", ".gitconfig"]),
            (SandboxAllowance.AgentSettings, [".claude/settings.json", "{\"model\":\"x\"}"]),
            (SandboxAllowance.AgentSettings | SandboxAllowance.AgentLogin, [".claude/.credentials.json", ".claude/settings.json", "{\"model\":\"x\"}planted-login"]),
        ];
        foreach (var (allow, said) in cases)
        {
            var id = "allow" + (int)allow;
            await LaunchAsync(client, Order(id, Look, new SandboxRequest { Allow = allow }));
            await client.EndAsync(Host, id);
            Assert.Equal(said, (await LinesAsync(id)).Where(l => !l.StartsWith("cat: ", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public async Task Boundary_is_one_for_a_user_who_is_not_root_too()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root can become somebody else.");
        await using var client = Client("dash", "bwrap", asUser: "65534");
        using (var chown = Process.Start("chown", ["-R", "65534:65534", _folder.Path]))
            await chown.WaitForExitAsync(Cancel);
        var started = await LaunchAsync(client, Order("nobody", $"id -u; cat {Home}/.netrc 2>/dev/null || echo kept out; echo x >made && cat made", new()));
        Assert.Equal(SandboxKind.Boundary, started.Sandbox!.Kind);
        await client.EndAsync(Host, "nobody");
        Assert.Equal(["65534", "kept out", "x"], await LinesAsync("nobody"));
        Assert.False(Directory.Exists(Workspace("nobody") + "/home"));

        await LaunchAsync(client, Order("stopped", "trap '' TERM; while :; do sleep 1; done", new()));
        await client.StopAsync(Host, "stopped", StopStep.Term, Cancel);
        await UntilGoneAsync(client, "stopped", StopStep.Kill);
        Assert.Equal(EndKind.Stopped, (await client.EndAsync(Host, "stopped")).Kind);
    }

    [Fact]
    public async Task Boundary_under_tmux_has_the_panes_terminal_and_leaves_a_record()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/tmux"), "tmux is not installed.");
        await using var client = Client("dash", "bwrap");
        var started = await LaunchAsync(client, Order("pane", "[ -t 0 ] && echo terminal; exit 3", new()) with { Runner = "tmux" });
        Assert.Equal(SandboxKind.Boundary, started.Sandbox!.Kind);
        Assert.Equal(3, (await client.EndAsync(Host, "pane")).ExitCode);
        Assert.Equal(["terminal"], await LinesAsync("pane"));
        Assert.False(Directory.Exists(Workspace("pane") + "/home"));
    }

    /// <summary>A host whose login has the planted home and variables; its bwrap is this machine's, none, or one that may make no namespace.</summary>
    private WorkspaceClient Client(string shell, string kind, string? asUser = null)
    {
        Assert.SkipUnless(kind == "none" || File.Exists("/usr/bin/bwrap"), "bwrap is not installed: apt-get install bubblewrap.");
        Assert.SkipWhen(kind == "forbidden" && !Environment.IsPrivilegedProcess, "Only root can take root's capabilities away.");
        var path = "/usr/local/bin:/usr/bin:/bin";
        if (kind == "none")
        {
            path = _folder.Path + "/bin";
            Directory.CreateDirectory(path);
            foreach (var program in Directory.EnumerateFiles("/usr/bin").Concat(Directory.EnumerateFiles("/bin")).DistinctBy(Path.GetFileName).Where(f => !f.EndsWith("/bwrap", StringComparison.Ordinal)))
            {
                if (!File.Exists(path + "/" + Path.GetFileName(program)))
                    File.CreateSymbolicLink(path + "/" + Path.GetFileName(program), program);
            }
        }

        var options = Shells.Options(shell);
        string[] login =
        [
            "/usr/bin/env", "-i", "HOME=" + Home, "PATH=" + path, "LANG=C", "PLANTED=planted-variable", "SSH_AUTH_SOCK=/nowhere", "DOCKER_HOST=unix:///nowhere", "BASH_ENV=/nowhere", "rd_box=x",
            "XDG_RUNTIME_DIR=/run/user/0", "DBUS_SESSION_BUS_ADDRESS=unix:path=/nowhere", "BASH_FUNC_f%%=() { echo planted; }", "KEY=-----BEGIN\nabcdef==\n",
        ];
        string[] user = asUser is null ? [] : ["/usr/bin/setpriv", "--reuid", asUser, "--regid", asUser, "--clear-groups"];
        string[] bare = kind == "forbidden" ? ["/usr/bin/setpriv", "--bounding-set=-all", "--no-new-privs"] : [];
        return new WorkspaceClient(options with { Shell = [.. login, .. user, .. bare, .. options.Shell!] });
    }

    private static LaunchOrder Order(string id, string command, SandboxRequest box) =>
        TestOrders.Order(id, command) with { With = [.. box.Words()], More = box.ToShellText(["MINE"]) };

    private async Task<Running> LaunchAsync(WorkspaceClient client, LaunchOrder order)
    {
        var answer = await client.LaunchAsync(Host, order, Cancel);
        return answer is LaunchAnswer.Started started ? started.State : throw new InvalidOperationException($"{order.Id}: {answer}");
    }

    private string Workspace(string id) => $"{Home}/.remote-dispatch/tasks/{id}";

    private async Task<string[]> LinesAsync(string id) =>
        (await File.ReadAllTextAsync(Workspace(id) + "/log", Cancel)).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private async Task UntilGoneAsync(WorkspaceClient client, string id, StopStep first)
    {
        for (var step = first; (await client.StopAsync(Host, id, step, Cancel)).Left > 0; step = first == StopStep.Kill ? first : StopStep.Look)
            await Task.Delay(10, Cancel);
    }

    private static async Task FileAsync(string path)
    {
        while (!File.Exists(path))
            await Task.Delay(5, Cancel);
    }

    /// <summary>Waits until no process has the word in its command line.</summary>
    private static async Task NoProcessAsync(string word)
    {
        var until = Stopwatch.StartNew();
        while (Directory.GetDirectories("/proc").Any(Has))
        {
            Assert.True(until.Elapsed < TimeSpan.FromSeconds(20), $"a process with {word} is still there");
            await Task.Delay(20, Cancel);
        }

        bool Has(string folder)
        {
            try
            {
                return char.IsAsciiDigit(Path.GetFileName(folder)[0]) && File.ReadAllText(folder + "/cmdline").Contains(word, StringComparison.Ordinal);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return false;
            }
        }
    }
}
