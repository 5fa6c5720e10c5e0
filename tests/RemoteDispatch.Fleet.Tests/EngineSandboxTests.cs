using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using RemoteDispatch.Credentials;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Fleet.Tests;

/// <summary>Sandboxes on real sshd hosts whose bwrap does not work, and a real Docker engine.</summary>
public sealed class EngineSandboxTests : IAsyncLifetime
{
    private EngineBench _bench = null!;

    private string Home => _bench.Home;

    public async ValueTask InitializeAsync() => _bench = await EngineBench.StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (_bench is not null)
            await _bench.DisposeAsync();
    }

    [Fact]
    public async Task Engine_keeps_the_task_in_where_bwrap_cannot_and_the_result_says_docker()
    {
        var command = $"""
            cat {Home}/.ssh/id_ed25519 /etc/shadow
            cat {Home}/.remote-dispatch/tasks/$REMOTE_DISPATCH_ID/task.json
            for f in $REMOTE_DISPATCH_WORKSPACE/exit $REMOTE_DISPATCH_WORKSPACE/command /usr/bin/x /etc/x /x /proc/sys/kernel/printk_ratelimit; do true >>$f && echo wrote $f; done
            ls -d /root /home /run/docker.sock /var/run {_bench.Engine.Folder}
            tr '\0' '\n' </proc/{Environment.ProcessId}/environ
            env | grep planted
            ls /proc | grep -c '^[0-9]*$'
            grep CapEff /proc/self/status
            umask; ls -A ~; echo "$HOSTNAME."; echo x >~/made && echo y >/tmp/made && cat ~/made ~/tmp/made
            for i in 1 2 3 4 5 6 7 8 9; do echo out$i; echo err$i >&2; done
            exit 126
            """;
        var task = await _bench.RunAsync(new TaskRequest { Command = command, Sandbox = new SandboxRequest { RequireBoundary = true } });
        Assert.Equal(("Boundary (docker)", 126), (task.Sandbox!.ToString(), task.ExitCode));
        var log = await _bench.TextOf(task);
        var said = log.Split('\n').Where(l => !l.StartsWith("cat: ", StringComparison.Ordinal) && !l.Contains("annot ", StringComparison.Ordinal)).ToArray();
        Assert.True(int.Parse(said[0], System.Globalization.CultureInfo.InvariantCulture) < 10, log);
        Assert.Equal(
            ["CapEff:\t0000000000000000", "0077", ".cache", ".config", ".local", "tmp", ".", "x", "y", .. Enumerable.Range(1, 9).SelectMany(i => new[] { $"out{i}", $"err{i}" }), ""], said[1..]);
        await NothingLeftAsync(task);
    }

    [Fact]
    public async Task Engine_gives_secrets_exactly_and_keeps_none_on_its_disk_or_in_an_argument()
    {
        var canary = "canary-" + RandomNumberGenerator.GetHexString(40);
        var secrets = new[] { $"{canary}'\"$(x)`\\\n 'two'\n\n", canary + new string('\'', 2000) + new string('x', 62 * 1024), "" };
        var request = new TaskRequest
        {
            Command = "for v in \"$A\" \"$B\" \"$C\"; do printf %s \"$v\" | sha256sum | cut -c1-64; done; echo ready; until [ -e ~/../go ] || [ -e \"$GO/go\" ]; do sleep 0.05; done",
            Sandbox = new SandboxRequest { Paths = ["~/go"], NoNetwork = true },
            Environment = new Dictionary<string, string> { ["GO"] = Home + "/go" },
            Credentials = [.. secrets.Take(2).Select((s, i) => CredentialGrant.Create(((char)('A' + i)).ToString(), s))],
        };
        Directory.CreateDirectory(Home + "/go");
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(Bench.Cancel);
        var sampler = Task.Run(() => ArgumentsWith(canary, watching.Token), Bench.Cancel);
        var task = await _bench.ReadyAsync(request);
        Assert.Equal("Boundary (docker, no network)", task.Sandbox!.ToString());
        var told = await _bench.Engine.OutputAsync(Bench.Cancel, "inspect", (await _bench.ContainersAsync()).Trim());
        Assert.Contains("remote-dispatch-sandbox", told, StringComparison.Ordinal);
        Assert.DoesNotContain(canary, told, StringComparison.Ordinal);
        Assert.True(await OnDiskAsync("remote-dispatch-sandbox"));
        Assert.False(await OnDiskAsync(canary));
        await File.WriteAllTextAsync(Home + "/go/go", "", Bench.Cancel);
        task = await _bench.Dispatcher.WaitAsync(task, TimeSpan.FromSeconds(60), Bench.Cancel);
        await watching.CancelAsync();
        Assert.Empty(await sampler);
        Assert.Equal(0, task.ExitCode);
        Assert.Equal(secrets.Select(s => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(s)))).Append("ready"), (await _bench.TextOf(task)).Split('\n')[..4]);
        await NothingLeftAsync(task);
    }

    [Fact]
    public async Task Engine_with_no_network_reaches_not_even_this_host()
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        var command = $"#!/bin/bash\n(: </dev/tcp/127.0.0.1/{((IPEndPoint)server.LocalEndpoint).Port}) 2>/dev/null && echo reached || echo out of reach";
        Assert.Equal("reached\n", await _bench.TextOf(await _bench.RunAsync(new TaskRequest { Command = command, Sandbox = new SandboxRequest() })));
        Assert.Equal("out of reach\n", await _bench.TextOf(await _bench.RunAsync(new TaskRequest { Command = command, Sandbox = new SandboxRequest { NoNetwork = true } })));
    }

    [Fact]
    public async Task Host_without_bwrap_has_its_boundary_from_the_engine()
    {
        Assert.Equal("no bwrap\n", await _bench.TextOf(await _bench.RunAsync(new TaskRequest { Command = "command -v bwrap || echo no bwrap" }, _bench.HostWithoutBwrap)));
        var request = new TaskRequest
        {
            Command = "cat /proc/1/environ | tr '\\0' '\\n' | grep planted; echo \"$REMOTE_DISPATCH_ID\"; exit 3",
            Sandbox = new SandboxRequest { RequireBoundary = true, Paths = [_bench.WithoutBwrap] },
        };
        var task = await _bench.RunAsync(request, _bench.HostWithoutBwrap);
        Assert.Equal(("Boundary (docker)", 3), (task.Sandbox!.ToString(), task.ExitCode));
        Assert.Equal($"{task.Id}\n", await _bench.TextOf(task));
        await NothingLeftAsync(task);
    }

    [Fact]
    public async Task Engine_makes_the_boundary_under_tmux_too_and_keeps_the_two_outputs_apart()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/tmux"), "tmux is not installed: apt-get install tmux.");
        var request = new TaskRequest { Command = "echo out; echo err >&2; cat; exit 5", Sandbox = new SandboxRequest(), Runner = TaskRunner.Tmux, SeparateError = true };
        var task = await _bench.RunAsync(request);
        Assert.Equal(("Boundary (docker)", 5), (task.Sandbox!.ToString(), task.ExitCode));
        foreach (var (file, text) in new[] { ("log", "out\n"), ("error", "err\n") })
            Assert.Equal(text, await File.ReadAllTextAsync($"{Home}/.remote-dispatch/tasks/{task.Id}/{file}", Bench.Cancel));
        await NothingLeftAsync(task);
    }

    private static List<int> ArgumentsWith(string text, CancellationToken cancellationToken)
    {
        var seen = new List<int>();
        while (!cancellationToken.IsCancellationRequested)
            seen.AddRange(EngineBench.WithArgument(text));
        return seen;
    }

    private async Task NothingLeftAsync(RemoteTask task)
    {
        Assert.Equal("", await _bench.ContainersAsync());
        Assert.False(_bench.HasHome(task));
    }

    private async Task<bool> OnDiskAsync(string text)
    {
        // Not what is no file (-D skip): a reader of a pipe waits. On stdin, since the arguments are looked at too.
        using var grep = Process.Start(new ProcessStartInfo("grep", ["-r", "-q", "-a", "-D", "skip", "-F", "-f", "-", _bench.Engine.Folder]) { RedirectStandardInput = true, RedirectStandardError = true })!;
        await grep.StandardInput.WriteLineAsync(text);
        grep.StandardInput.Close();
        await grep.StandardError.ReadToEndAsync(Bench.Cancel);
        await grep.WaitForExitAsync(Bench.Cancel);
        return grep.ExitCode == 0;
    }
}
