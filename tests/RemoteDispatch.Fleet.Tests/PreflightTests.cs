using System.Diagnostics;
using System.Globalization;
using RemoteDispatch.Connections;
using RemoteDispatch.Health;
using RemoteDispatch.Hosts;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Fleet.Tests;

/// <summary>Each status of the preflight by its real cause, with its remedy, within its time.</summary>
public sealed class PreflightTests(SharedFleet shared)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(4);

    [Fact]
    public async Task Host_that_is_fine_passes_every_step_by_one_connection()
    {
        await using var fleet = await OwnFleet.StartAsync(1);
        var server = fleet.Hosts[0];
        await using var bench = new Bench(fleet);
        var knocks = Knocks();
        var health = await bench.Dispatcher.CheckAsync(Bench.HostOf(server), Bench.Cancel);

        Assert.Equal(["known", "resolve", "port", "key", "auth", "shell"], health.Preflight.Select(s => s.Name));
        Assert.All(health.Preflight, s => Assert.Equal((PreflightStatus.Ok, null), (s.Status, s.Remedy)));
        Assert.Equal($"as {server.User}", health.Preflight[0].Detail);
        Assert.Equal(server.Address, health.Preflight[1].Detail);
        Assert.Equal(1, server.CountConnections());
        Assert.Equal(1, Knocks() - knocks);
        var step = Assert.Single(bench.Steps, s => s.Name == "preflight_ok");
        Assert.Matches($@"^preflight_ok host=h1 user={server.User} auth=(agent|key) duration_ms=\d", step.ToString());

        // Every connection that sshd takes, whatever becomes of it.
        int Knocks() => server.ReadLog().Split("Connection from ").Length - 1;
    }

    [Fact]
    public async Task This_machine_is_asked_for_its_shell_and_nothing_else()
    {
        await using var bench = new Bench(null);
        var health = await bench.Dispatcher.CheckAsync(DispatchHost.Local, Bench.Cancel);
        Assert.Equal(["shell"], health.Preflight.Select(s => s.Name));
    }

    [Fact]
    public async Task Keys_of_a_running_agent_are_said_to_be_the_way_in()
    {
        using var agent = await SshAgentProcess.WithKeyAsync(shared.Fleet.IdentityPath);
        using var program = new Rdispatch(shared.Fleet.SshConfigPath) { Agent = agent.Socket };
        var run = await program.RunAsync("run", "--verbose", "--host", "h1", "--wait", "--", "true");
        Assert.Contains($"preflight_ok host=h1 user={shared.Fleet.Hosts[0].User} auth=agent duration_ms=", run.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no-such-host.invalid", PreflightStatus.DnsFailed, "DNS"), InlineData("nosuchhostanywhere", PreflightStatus.UnknownHost, "Add-DispatchHost")]
    public async Task Name_without_an_address(string name, PreflightStatus status, string remedy) =>
        await ExpectAsync(DispatchHost.FromAddress(name), status, remedy, Options());

    [Fact]
    public async Task Entry_of_the_inventory_whose_name_has_no_address_is_a_matter_of_the_dns() =>
        await ExpectAsync(
            new DispatchHost { Name = "gpu1", Address = HostAddress.Parse("nosuchhostanywhere"), Transport = Transport.Ssh },
            PreflightStatus.DnsFailed, "DNS", Options());

    [Fact]
    public async Task Closed_port_is_refused()
    {
        using var door = Door.Closed();
        var failed = await ExpectAsync(HostAt(door), PreflightStatus.TcpRefused, "sshd", Options());
        Assert.Equal(["known", "resolve", "port"], failed.Preflight.Select(s => s.Name));
    }

    [Fact]
    public async Task Dropped_packets_are_a_port_that_cannot_be_reached()
    {
        using var door = await Door.BlackHoleAsync(Bench.Cancel);
        var failed = await ExpectAsync(HostAt(door), PreflightStatus.TcpUnreachable, "Is the host up", Options());
        Assert.Equal(["known", "resolve", "port"], failed.Preflight.Select(s => s.Name));
        var pinned = HostAt(door) with { Name = "pinned", HostKeyFingerprint = shared.Fleet.Hosts[0].HostKeyFingerprint };
        await ExpectAsync(pinned, PreflightStatus.TcpUnreachable, "Is the host up", Options());
        await using var bench = new Bench(null, _ => Options());
        var failure = await Assert.ThrowsAsync<DispatchException>(() => bench.Dispatcher.ReadHostKeyAsync(HostAt(door), Bench.Cancel));
        Assert.Equal(FailureReason.HostUnreachable, failure.Reason);
    }

    [Theory, InlineData("ssh://0.0.0.0:1"), InlineData("ssh://[::]:1")]
    public async Task Address_that_is_none_is_a_failure_of_its_own_host_alone(string address)
    {
        await using var bench = new Bench(shared.Fleet, _ => Options());
        var checks = await Task.WhenAll(bench.Dispatcher.CheckAsync(DispatchHost.FromAddress(address), Bench.Cancel), bench.Dispatcher.CheckAsync(Bench.HostOf(shared.Fleet.Hosts[0]), Bench.Cancel));
        Assert.NotNull(checks[0].Failure);
        Assert.True(checks[1].Healthy);
    }

    [Fact]
    public async Task Server_that_accepts_and_says_nothing_times_out()
    {
        using var door = Door.Silent();
        var failed = await ExpectAsync(HostAt(door), PreflightStatus.Timeout, "overloaded", Options());
        // Nothing is said of a key that nobody has seen.
        Assert.Equal(["known", "resolve", "port", "shell"], failed.Preflight.Select(s => s.Name));
        Assert.True(failed.Preflight[2].Duration < TimeSpan.FromSeconds(1), $"{failed.Preflight[2]}");
    }

    [Fact]
    public async Task Jump_host_that_is_down_is_what_is_named()
    {
        using var closed = Door.Closed();
        using var hole = await Door.BlackHoleAsync(Bench.Cancel);
        using var config = new SshConfigFile(shared.Fleet, $"Host shut gone\n  HostName 127.0.77.10\nHost shut\n  ProxyJump {closed.Address}:{closed.Port}\nHost gone\n  ProxyJump {hole.Address}:{hole.Port}\n");
        var refused = await ExpectAsync(DispatchHost.FromAddress("shut"), PreflightStatus.TcpRefused, "sshd", Options(config.Path));
        Assert.Contains(Number(closed.Port), refused.Message, StringComparison.Ordinal);
        var gone = await ExpectAsync(DispatchHost.FromAddress("gone"), PreflightStatus.TcpUnreachable, "Is the host up", Options(config.Path));
        Assert.Contains($"{hole.Address} port {hole.Port} of the jump host", gone.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Host_behind_a_jump_host_that_is_fine_is_reached_and_one_that_refuses_is_refused()
    {
        using var closed = Door.Closed();
        using var config = new SshConfigFile(shared.Fleet, $"Host behind\n  ProxyJump h1\n  HostName {shared.Fleet.Hosts[1].Address}\n  Port {shared.Fleet.Hosts[1].Port}\nHost shut\n  ProxyJump h1\n  HostName {closed.Address}\n  Port {closed.Port}\n");
        await using var bench = new Bench(shared.Fleet, _ => Options(config.Path));
        var health = await bench.Dispatcher.CheckAsync(DispatchHost.FromAddress("behind"), Bench.Cancel);
        Assert.True(health.Healthy, health.Failure?.Message);
        Assert.Equal(["known", "port", "key", "auth", "shell"], health.Preflight.Select(s => s.Name));
        await ExpectAsync(DispatchHost.FromAddress("shut"), PreflightStatus.TcpRefused, "sshd", Options(config.Path));
    }

    [Fact]
    public async Task Nothing_to_authenticate_with_is_told_from_a_key_that_is_refused()
    {
        var other = Path.Combine(Directory.CreateTempSubdirectory("rd-key-").FullName, "other");
        await SshAgentProcess.RunAsync(new Dictionary<string, string>(), "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", other);
        var none = await ExpectAsync(
            Bench.HostOf(shared.Fleet.Hosts[0]), PreflightStatus.AuthUnavailable, "ssh-add",
            Options() with { SshOptions = ["-F", NoIdentity(), "-o", "IdentityAgent=none"] });
        Assert.Equal(FailureReason.AuthenticationUnavailable, none.Reason);
        var refused = await ExpectAsync(
            Bench.HostOf(shared.Fleet.Hosts[0]), PreflightStatus.AuthFailed, "ssh-add", Options() with { SshOptions = ["-F", NoIdentity(), "-i", other] });
        Assert.Equal(["known", "resolve", "port", "key", "auth"], refused.Preflight.Select(s => s.Name));
        Directory.Delete(Path.GetDirectoryName(other)!, recursive: true);
    }

    [Fact]
    public async Task Black_hole_among_forty_nine_good_hosts_costs_its_time_limit_and_the_others_nothing()
    {
        await using var fleet = await OwnFleet.StartAsync(49);
        using var hole = await Door.BlackHoleAsync(Bench.Cancel);
        await using var bench = new Bench(fleet, o => o with { ConnectTimeout = TimeSpan.FromSeconds(10) });
        // The connect is what is measured here, and not what else a check asks.
        var what = new HostCheckOptions { Checks = ["connect", "workspace"] };
        var clock = Stopwatch.StartNew();
        var bad = bench.Dispatcher.CheckAsync(HostAt(hole), what, Bench.Cancel);
        var good = await Task.WhenAll(fleet.Hosts.Select(h => bench.Dispatcher.CheckAsync(Bench.HostOf(h), what, Bench.Cancel)));
        Assert.All(good, h => Assert.True(h.Healthy, h.Failure?.Message ?? string.Join("; ", h.Checks.Where(c => c.Required && c.Status != CheckStatus.Pass))));
        Assert.Equal(PreflightStatus.TcpUnreachable, (await bad).Preflight[^1].Status);
        // A second in which ssh may end by itself, and what two busy cores take for the others.
        Assert.InRange(clock.Elapsed.TotalSeconds, 9, 14);
    }

    /// <summary>The fleet's hosts and keys, but no key to authenticate with.</summary>
    private string NoIdentity()
    {
        var path = Path.Combine(shared.Fleet.Directory, "no-identity");
        File.WriteAllLines(path, File.ReadLines(shared.Fleet.SshConfigPath).Select(l => l.Contains("IdentityFile", StringComparison.Ordinal) ? "  IdentityFile /no/such/key" : l));
        return path;
    }

    private ConnectionOptions Options(string? config = null) => new()
    {
        SshOptions = ["-F", config ?? shared.Fleet.SshConfigPath], ConnectTimeout = Limit, RetryDelay = TimeSpan.FromMilliseconds(100),
    };

    private static DispatchHost HostAt(Door door) => DispatchHost.FromAddress($"ssh://{door.Address}:{Number(door.Port)}");

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static async Task<DispatchException> ExpectAsync(DispatchHost host, PreflightStatus status, string remedy, ConnectionOptions options)
    {
        await using var bench = new Bench(null, o => options with { Observer = o.Observer });
        var clock = Stopwatch.StartNew();
        var failure = await Assert.ThrowsAsync<DispatchException>(
            () => bench.Dispatcher.DispatchAsync(host, new TaskRequest { Command = "true" }, Bench.Cancel));
        Assert.True(clock.Elapsed < options.ConnectTimeout + TimeSpan.FromSeconds(4), $"it took {clock.Elapsed}");
        var last = failure.Preflight[^1];
        Assert.True(last.Status == status, $"{last.Status} and not {status}: {failure.Message}");
        Assert.Contains(remedy, failure.Remedy, StringComparison.Ordinal);
        Assert.Equal(failure.Remedy, last.Remedy);
        Assert.All(failure.Preflight.SkipLast(1), s => Assert.Equal(PreflightStatus.Ok, s.Status));
        Assert.Contains(bench.Steps, s => s.Name == "preflight_failed" && s.Detail == $"status={status}");
        Assert.Empty(bench.Dispatcher.Options.Ledger.List());
        return failure;
    }
}

/// <summary>The fleet's ssh_config with some lines before it.</summary>
internal sealed class SshConfigFile : IDisposable
{
    public SshConfigFile(SshFleet fleet, string before)
    {
        Path = System.IO.Path.Combine(fleet.Directory, $"config-{Guid.NewGuid():N}");
        File.WriteAllText(Path, before + File.ReadAllText(fleet.SshConfigPath).Replace("LogLevel ERROR", "LogLevel INFO", StringComparison.Ordinal));
    }

    public string Path { get; }

    public void Dispose() => File.Delete(Path);
}
