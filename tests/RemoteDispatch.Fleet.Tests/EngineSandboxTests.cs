using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using RemoteDispatch.Credentials;
using RemoteDispatch.Hosts;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Fleet.Tests;

/// <summary>Sandboxes on real sshd hosts whose bwrap does not work, and a real Docker engine.</summary>
public sealed class EngineSandboxTests : IAsyncLifetime
{
    private readonly string _bin = Directory.CreateTempSubdirectory("rd-bin-").FullName;
    private DockerEngine _engine = null!;
    private SshFleet _fleet = null!;
    private Bench _bench = null!;

    private DispatchHost Host => Bench.HostOf(_fleet.Hosts[0]);

    private string Home => _fleet.Hosts[0].HomeOnDisk;

    public async ValueTask InitializeAsync()
    {
        _engine = await DockerEngine.StartAsync(Bench.Cancel);
        // A stand-in for a bwrap that the kernel does not let make namespaces.
        await File.WriteAllTextAsync(_bin + "/bwrap", "#!/bin/sh\necho 'bwrap: no permission' >&2; exit 1\n", Bench.Cancel);
        File.SetUnixFileMode(_bin + "/bwrap", (UnixFileMode)0b111_101_101);
        _fleet = await OwnFleet.StartAsync(1, _ => new FleetHostOptions { LoginScript = $"export DOCKER_HOST={_engine.Socket} PATH={_bin}:$PATH AWS_SECRET_ACCESS_KEY=planted-key" });
        _bench = new Bench(_fleet);
        Directory.CreateDirectory(Home + "/.ssh");
        await File.WriteAllTextAsync(Home + "/.ssh/id_ed25519", "planted-file", Bench.Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        if (_bench is not null)
            await _bench.DisposeAsync();
        if (_fleet is not null)
            await _fleet.DisposeAsync();
        if (_engine is not null)
            await _engine.DisposeAsync();
        Directory.Delete(_bin, recursive: true);
    }

    [Fact]
    public async Task Engine_keeps_the_task_in_where_bwrap_cannot_and_the_result_says_docker()
    {
        var command = $"""
            cat {Home}/.ssh/id_ed25519 /etc/shadow
            cat {Home}/.remote-dispatch/tasks/$REMOTE_DISPATCH_ID/task.json
            for f in $REMOTE_DISPATCH_WORKSPACE/exit $REMOTE_DISPATCH_WORKSPACE/command /usr/bin/x /etc/x /x /proc/sys/kernel/printk_ratelimit; do true >>$f && echo wrote $f; done
            ls -d /root /home /run/docker.sock /var/run {_engine.Folder}
            tr '\0' '\n' </proc/{Environment.ProcessId}/environ
            env | grep planted
            ls /proc | grep -c '^[0-9]*$'
            grep CapEff /proc/self/status
            umask; ls -A ~; echo "$HOSTNAME."; echo x >~/made && echo y >/tmp/made && cat ~/made ~/tmp/made
            for i in 1 2 3 4 5 6 7 8 9; do echo out$i; echo err$i >&2; done
            exit 126
            """;
        var task = await RunAsync(new TaskRequest { Command = command, Sandbox = new SandboxRequest { RequireBoundary = true } });
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
        var task = await _bench.Dispatcher.DispatchAsync(Host, request, Bench.Cancel);
        Assert.Equal("Boundary (docker, no network)", task.Sandbox!.ToString());
        while (!(await _bench.TextOf(task)).Contains("ready", StringComparison.Ordinal))
            await Task.Delay(20, Bench.Cancel);
        var marked = Process.GetProcesses().Select(p => Bytes($"/proc/{p.Id}/cmdline")).ToArray();
        Assert.DoesNotContain(marked, b => Has(b, canary));
        var files = Directory.EnumerateFiles(_engine.Folder, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint | FileAttributes.Device }).ToArray();
        Assert.Contains(files, f => f.EndsWith("config.v2.json", StringComparison.Ordinal));
        Assert.DoesNotContain(files.Where(f => !f.Contains("/overlay2/", StringComparison.Ordinal)), f => Has(Bytes(f), canary));
        await File.WriteAllTextAsync(Home + "/go/go", "", Bench.Cancel);
        task = await _bench.Dispatcher.WaitAsync(task, TimeSpan.FromSeconds(60), Bench.Cancel);
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
        Assert.Equal("reached\n", await _bench.TextOf(await RunAsync(new TaskRequest { Command = command, Sandbox = new SandboxRequest() })));
        Assert.Equal("out of reach\n", await _bench.TextOf(await RunAsync(new TaskRequest { Command = command, Sandbox = new SandboxRequest { NoNetwork = true } })));
    }

    [Fact]
    public async Task Engine_ends_all_of_a_task_at_its_end_a_stop_and_a_time_limit()
    {
        const string Deaf = "env -i PATH=\"$PATH\" setsid sh -c 'trap \"\" TERM; while :; do sleep 1000.125; done' >/dev/null 2>&1 & ";
        var box = new SandboxRequest();
        var task = await RunAsync(new TaskRequest { Command = Deaf + "kill -9 $$", Sandbox = box });
        Assert.Equal(137, task.ExitCode);
        await NothingLeftAsync(task);

        task = await _bench.Dispatcher.DispatchAsync(Host, new TaskRequest { Command = Deaf + "trap 'echo cleaned up; exit 7' TERM; echo ready; while :; do sleep 0.1; done", Sandbox = box }, Bench.Cancel);
        while (!(await _bench.TextOf(task)).Contains("ready", StringComparison.Ordinal))
            await Task.Delay(20, Bench.Cancel);
        task = await _bench.Dispatcher.StopAsync(task, TimeSpan.FromSeconds(2), Bench.Cancel);
        Assert.Equal(TaskState.Stopped, task.State);
        Assert.Contains("cleaned up", await _bench.TextOf(task), StringComparison.Ordinal);
        await NothingLeftAsync(task);

        task = await RunAsync(new TaskRequest { Command = Deaf + "trap '' TERM; while :; do sleep 1000.125; done", Sandbox = box, TimeLimit = TimeSpan.FromSeconds(1) });
        Assert.Equal(TaskState.TimedOut, task.State);
        await NothingLeftAsync(task);
    }

    private static byte[] Bytes(string path)
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

    private static bool Has(byte[] bytes, string text) => bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0;

    private async Task<RemoteTask> RunAsync(TaskRequest request)
    {
        var task = await _bench.Dispatcher.DispatchAsync(Host, request, Bench.Cancel);
        return await _bench.Dispatcher.WaitAsync(task, TimeSpan.FromSeconds(60), Bench.Cancel);
    }

    private async Task NothingLeftAsync(RemoteTask task)
    {
        Assert.Equal("", await _engine.OutputAsync(Bench.Cancel, "ps", "-aq"));
        Assert.False(Directory.Exists($"{Home}/.remote-dispatch/tasks/{task.Id}/home"));
        Assert.DoesNotContain(Process.GetProcesses(), p => Has(Bytes($"/proc/{p.Id}/cmdline"), "1000.125"));
    }
}
