using System.Text.Json;
using RemoteDispatch.Cli;
using RemoteDispatch.Connections;
using RemoteDispatch.Hosts;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Fleet.Tests;

/// <summary>Which key a host may show: strict by default, pinned where the inventory says so, and never anything of the user's written.</summary>
public sealed class HostKeyTests(SharedFleet shared)
{
    private static readonly string[] NothingKnown = ["-o", "UserKnownHostsFile=/dev/null"];

    [Fact]
    public async Task Unknown_key_is_refused_with_its_fingerprint_and_the_command_that_accepts_it()
    {
        var server = shared.Fleet.Hosts[0];
        await using var bench = BenchOf(shared.Fleet, NothingKnown);
        var failure = await FailureOf(bench, Bench.HostOf(server));
        Assert.Equal(FailureReason.HostKeyUnknown, failure.Reason);
        Assert.Contains(server.HostKeyFingerprint, failure.Message, StringComparison.Ordinal);
        Assert.Contains($"Add-DispatchHost NAME h1 -HostKeyFingerprint {server.HostKeyFingerprint}", failure.Remedy, StringComparison.Ordinal);
        Assert.Contains($"rdispatch hosts add NAME h1 --host-key {server.HostKeyFingerprint}", failure.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_option_of_the_users_turns_the_check_off()
    {
        await using var bench = BenchOf(shared.Fleet, [.. NothingKnown, "-o", "StrictHostKeyChecking=no"]);
        Assert.Equal(FailureReason.HostKeyUnknown, (await FailureOf(bench, Bench.HostOf(shared.Fleet.Hosts[0]))).Reason);
    }

    [Fact]
    public async Task Changed_key_is_told_with_both_fingerprints_and_the_pin_accepts_the_new_one()
    {
        await using var fleet = await OwnFleet.StartAsync(1);
        var server = fleet.Hosts[0];
        var before = server.HostKeyFingerprint;
        await server.ReplaceHostKeyAsync(Bench.Cancel);
        await using var bench = BenchOf(fleet);
        var host = await bench.Dispatcher.Options.Inventory.AddAsync(Entry("h1"), cancellationToken: Bench.Cancel);

        var failure = await FailureOf(bench, host);
        Assert.Equal(FailureReason.HostKeyChanged, failure.Reason);
        Assert.Contains($"Known is {before}, and it shows {server.HostKeyFingerprint}", failure.Message, StringComparison.Ordinal);
        Assert.Contains($"Set-DispatchHost h1 -HostKeyFingerprint {server.HostKeyFingerprint}", failure.Remedy, StringComparison.Ordinal);

        host = await bench.Dispatcher.Options.Inventory.ChangeAsync("h1", h => h with { HostKeyFingerprint = server.HostKeyFingerprint }, Bench.Cancel);
        Assert.Equal(TaskState.Succeeded, (await bench.RunAsync(host, "true")).State);
    }

    [Fact]
    public async Task Pinned_host_is_reached_without_anybody_elses_word_and_the_users_file_stays_as_it_is()
    {
        var server = shared.Fleet.Hosts[1];
        var before = await File.ReadAllTextAsync(shared.Fleet.KnownHostsPath, Bench.Cancel);
        await using var bench = BenchOf(shared.Fleet, ["-o", "UpdateHostKeys=yes", .. NothingKnown]);
        var host = Entry("h2") with { HostKeyFingerprint = server.HostKeyFingerprint };
        Assert.Equal(TaskState.Succeeded, (await bench.RunAsync(host, "true")).State);
        Assert.Contains($"pinned {server.HostKeyFingerprint}", (await bench.Dispatcher.CheckAsync(host, Bench.Cancel)).Preflight.Single(s => s.Name == "key").Detail, StringComparison.Ordinal);
        Assert.Single(await File.ReadAllLinesAsync(bench.KnownHosts, Bench.Cancel));
        Assert.Equal(before, await File.ReadAllTextAsync(shared.Fleet.KnownHostsPath, Bench.Cancel));
    }

    [Fact]
    public async Task Pin_binds_although_the_users_known_hosts_knows_the_key_that_is_shown()
    {
        var server = shared.Fleet.Hosts[1];
        await using var bench = BenchOf(shared.Fleet);
        var pin = shared.Fleet.Hosts[0].HostKeyFingerprint;
        var failure = await FailureOf(bench, Entry("h2") with { HostKeyFingerprint = pin });
        Assert.Equal(FailureReason.HostKeyChanged, failure.Reason);
        Assert.Contains($"Pinned is {pin}, and it shows {server.HostKeyFingerprint}", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(bench.Steps, s => s.Name == "connect_retry");
    }

    [Fact]
    public async Task Pinned_host_that_gets_another_key_is_refused_until_the_pin_is_set_anew()
    {
        await using var fleet = await OwnFleet.StartAsync(1);
        var server = fleet.Hosts[0];
        await using var bench = BenchOf(fleet);
        var host = Entry("h1") with { HostKeyFingerprint = server.HostKeyFingerprint };
        Assert.Equal(TaskState.Succeeded, (await bench.RunAsync(host, "true")).State);

        var before = server.HostKeyFingerprint;
        await server.ReplaceHostKeyAsync(Bench.Cancel);
        await server.KillConnectionsAsync(Bench.Cancel);
        // The user's known_hosts may say what it likes.
        fleet.TrustHostKeys();
        var failure = await FailureOf(bench, host);
        Assert.Equal(FailureReason.HostKeyChanged, failure.Reason);
        Assert.Contains(before, failure.Message, StringComparison.Ordinal);
        Assert.Contains(server.HostKeyFingerprint, failure.Message, StringComparison.Ordinal);
        Assert.Equal(TaskState.Succeeded, (await bench.RunAsync(host with { HostKeyFingerprint = server.HostKeyFingerprint }, "true")).State);
    }

    [Theory, InlineData("rsa"), InlineData("ecdsa")]
    public async Task Pin_may_be_for_a_key_of_another_kind_than_the_one_that_is_shown_first(string kind)
    {
        var folder = Directory.CreateTempSubdirectory("rd-key-").FullName;
        try
        {
            var path = Path.Combine(folder, "key");
            await SshAgentProcess.RunAsync(new Dictionary<string, string>(), "ssh-keygen", "-q", "-t", kind, "-N", "", "-f", path);
            // Before the fleet's own: sshd offers both.
            await using var fleet = await OwnFleet.StartAsync(1, _ => new FleetHostOptions { SshdOptions = [$"HostKey {path}"] });
            await using var bench = BenchOf(fleet);
            var line = await File.ReadAllTextAsync(path + ".pub", Bench.Cancel);
            var pin = HostKey.ReadLine("name " + line)!.Value.Key.Fingerprint;
            Assert.NotEqual(pin, fleet.Hosts[0].HostKeyFingerprint);
            Assert.Equal(TaskState.Succeeded, (await bench.RunAsync(Entry("h1") with { HostKeyFingerprint = pin }, "true")).State);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Pin_binds_although_a_connection_of_the_users_is_open_to_another_host()
    {
        var socket = Path.Combine(shared.Fleet.Directory, "cm");
        string[] master = ["-F", shared.Fleet.SshConfigPath, "-o", $"ControlPath={socket}"];
        await SshAgentProcess.RunAsync(new Dictionary<string, string>(), "ssh", [.. master, "-o", "ControlMaster=yes", "-o", "ControlPersist=60", "h1", "true"]);
        await using var bench = BenchOf(shared.Fleet, "-o", $"ControlPath={socket}");
        var pin = shared.Fleet.Hosts[1].HostKeyFingerprint;
        // The other host's key is at hand, so that nothing has to be asked for.
        Assert.Equal(TaskState.Succeeded, (await bench.RunAsync(Entry("h2") with { HostKeyFingerprint = pin }, "true")).State);
        Assert.Equal(FailureReason.HostKeyChanged, (await FailureOf(bench, Entry("h1") with { HostKeyFingerprint = pin })).Reason);
        await SshAgentProcess.RunAsync(new Dictionary<string, string>(), "ssh", [.. master, "-q", "-O", "exit", "h1"]);
    }

    [Fact]
    public async Task Pinned_host_is_reached_where_the_users_ssh_config_ignores_options_that_it_does_not_know()
    {
        using var config = new SshConfigFile(shared.Fleet, "IgnoreUnknown UseKeychain\nUseKeychain yes\n");
        await using var bench = new Bench(null, o => o with { SshOptions = ["-F", config.Path] });
        var host = Entry("h2") with { HostKeyFingerprint = shared.Fleet.Hosts[1].HostKeyFingerprint };
        Assert.Equal(TaskState.Succeeded, (await bench.RunAsync(host, "true")).State);
    }

    [Fact]
    public async Task Changed_key_of_a_jump_host_is_said_to_be_that_and_nobody_is_told_to_pin_it_to_the_host_behind()
    {
        var known = Path.Combine(shared.Fleet.Directory, $"known-{Guid.NewGuid():N}");
        var lines = await File.ReadAllLinesAsync(shared.Fleet.KnownHostsPath, Bench.Cancel);
        // Of the jump host, the key of another.
        lines[0] = $"{lines[0].Split(' ')[0]} {string.Join(' ', lines[2].Split(' ')[1..])}";
        await File.WriteAllLinesAsync(known, lines, Bench.Cancel);
        using var config = new SshConfigFile(shared.Fleet, $"UserKnownHostsFile {known}\nHost behind\n  ProxyJump h1\n  HostName {shared.Fleet.Hosts[1].Address}\n  Port {shared.Fleet.Hosts[1].Port}\n");
        await using var bench = new Bench(null, o => o with { SshOptions = ["-F", config.Path], RetryDelay = TimeSpan.FromMilliseconds(10) });
        var failure = await FailureOf(bench, DispatchHost.FromAddress("behind"));
        Assert.Equal(FailureReason.HostKeyChanged, failure.Reason);
        Assert.Contains("jump host", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("-HostKeyFingerprint", failure.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Banner_that_speaks_of_a_changed_key_is_a_banner()
    {
        var fifo = Path.Combine(Directory.CreateTempSubdirectory("rd-banner-").FullName, "fifo");
        await SshAgentProcess.RunAsync(new Dictionary<string, string>(), "mkfifo", fifo);
        var banner = Path.Combine(Path.GetDirectoryName(fifo)!, "banner");
        await File.WriteAllTextAsync(banner, $"@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nThe fingerprint for the ED25519 key sent by the remote host is\n"
            + $"SHA256:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA.\nOffending ED25519 key in {fifo}:1\nHost key verification failed.\n", Bench.Cancel);
        await using var fleet = await OwnFleet.StartAsync(1, _ => new FleetHostOptions { SshdOptions = [$"Banner {banner}"] });
        await using var bench = BenchOf(fleet, "-o", "PubkeyAuthentication=no");
        Assert.Equal(FailureReason.AuthenticationFailed, (await FailureOf(bench, Bench.HostOf(fleet.Hosts[0])).WaitAsync(TimeSpan.FromSeconds(20), Bench.Cancel)).Reason);
        await using var other = BenchOf(fleet);
        Assert.Equal(TaskState.Succeeded, (await other.RunAsync(Bench.HostOf(fleet.Hosts[0]), "true")).State);
        Directory.Delete(Path.GetDirectoryName(fifo)!, recursive: true);
    }

    [Fact]
    public async Task Key_is_read_without_trusting_it_and_through_a_jump_host()
    {
        using var config = new SshConfigFile(shared.Fleet, $"Host behind\n  ProxyJump h1\n  HostName {shared.Fleet.Hosts[2].Address}\n  Port {shared.Fleet.Hosts[2].Port}\n");
        await using var bench = new Bench(null, o => o with { SshOptions = ["-F", config.Path] });
        var key = await bench.Dispatcher.ReadHostKeyAsync(DispatchHost.FromAddress("behind"), Bench.Cancel);
        Assert.Equal((shared.Fleet.Hosts[2].HostKeyFingerprint, "ssh-ed25519"), (key.Fingerprint, key.Type));
        Assert.Equal([DispatchHost.Local], bench.Dispatcher.Options.Inventory.List());
    }

    [Fact]
    public async Task Key_of_a_host_that_is_not_reached_by_ssh_cannot_be_read()
    {
        await using var bench = new Bench(null);
        var failure = await Assert.ThrowsAsync<DispatchException>(() => bench.Dispatcher.ReadHostKeyAsync(DispatchHost.Local, Bench.Cancel));
        Assert.Equal(FailureReason.InvalidInput, failure.Reason);
    }

    [Fact]
    public async Task Forwarded_agent_is_the_hosts_to_ask_where_its_entry_says_so_and_nowhere_else()
    {
        using var agent = await SshAgentProcess.WithKeyAsync(shared.Fleet.IdentityPath);
        using var program = new Rdispatch(shared.Fleet.SshConfigPath) { Agent = agent.Socket };
        await File.WriteAllTextAsync(program.HostsFile, """{"hosts": {"h1": {"address": "h1", "forwardAgent": true}}}""", Bench.Cancel);
        const string Ask = "[ -z \"$SSH_AUTH_SOCK\" ] && echo none || ssh-add -l";
        Assert.Contains("SHA256:", (await program.RunAsync("run", "--wait", "--host", "h1", "--", Ask)).Output, StringComparison.Ordinal);
        Assert.Equal("none\n", (await program.RunAsync("run", "--wait", "--host", "h2", "--", Ask)).Output);
    }

    [Fact]
    public async Task Program_pins_by_fingerprint_by_trust_and_takes_the_pin_away()
    {
        var server = shared.Fleet.Hosts[0];
        using var program = new Rdispatch(shared.Fleet.SshConfigPath);
        var added = await program.RunAsync("hosts", "add", "pinned", "h1", "--trust-host-key", "--json");
        Assert.True(added.Code == 0, added.Errors);
        Assert.Contains(server.HostKeyFingerprint, added.Errors, StringComparison.Ordinal);
        Assert.Contains(server.HostKeyFingerprint, added.Output, StringComparison.Ordinal);

        var wrong = shared.Fleet.Hosts[1].HostKeyFingerprint;
        Assert.Equal(0, (await program.RunAsync("hosts", "pin", "pinned", wrong)).Code);
        var refused = await program.RunAsync("run", "--host", "pinned", "--wait", "--", "true");
        Assert.Equal(206, refused.Code);
        Assert.Contains($"rdispatch hosts pin pinned {server.HostKeyFingerprint}", refused.Errors, StringComparison.Ordinal);

        Assert.Equal(0, (await program.RunAsync("hosts", "pin", "pinned", server.HostKeyFingerprint)).Code);
        Assert.Equal(0, (await program.RunAsync("run", "--host", "pinned", "--wait", "--", "true")).Code);
        var trusted = await program.RunAsync("hosts", "pin", "pinned", "--trust");
        Assert.Equal((0, $"pinned\th1\tpinned {server.HostKeyFingerprint}\n"), (trusted.Code, trusted.Output));
        Assert.Equal($"pinned\th1\tunpinned\n", (await program.RunAsync("hosts", "pin", "pinned", "--none")).Output);
        Assert.Equal(202, (await program.RunAsync("hosts", "pin", "pinned", "--none", "--trust")).Code);
        Assert.Equal(202, (await program.RunAsync("hosts", "pin", "pinned", "MD5:00")).Code);
        Assert.Equal(204, (await program.RunAsync("hosts", "pin", "nobody", "--none")).Code);
    }

    [Fact]
    public async Task Program_pins_a_set_by_trust_and_one_host_that_fails_stops_no_other()
    {
        using var program = new Rdispatch(shared.Fleet.SshConfigPath);
        foreach (var (name, address) in new[] { ("web1", "h1"), ("web2", "h2"), ("web3", "wsl") })
            Assert.Equal(0, (await program.RunAsync(["hosts", "add", name, address, .. address == "wsl" ? ["--transport", "wsl"] : Array.Empty<string>()])).Code);
        var pin = shared.Fleet.Hosts[0].HostKeyFingerprint;
        var one = await program.RunAsync("hosts", "pin", "web[1-2]", pin);
        Assert.Equal((ExitCodes.Usage, ""), (one.Code, one.Output));
        Assert.Contains("has 2 hosts", one.Errors, StringComparison.Ordinal);

        var trusted = await program.RunAsync("hosts", "pin", "web*", "--trust");
        Assert.Equal(ExitCodes.Usage, trusted.Code);
        Assert.Contains("'web3' is not reached by ssh", trusted.Errors, StringComparison.Ordinal);
        Assert.Equal([$"web1\th1\tpinned {pin}", $"web2\th2\tpinned {shared.Fleet.Hosts[1].HostKeyFingerprint}"], trusted.Output.TrimEnd('\n').Split('\n').Order(StringComparer.Ordinal));

        var none = await program.RunAsync("hosts", "pin", "web[1-2]", "--none", "--json");
        using var hosts = JsonDocument.Parse(none.Output);
        Assert.Equal(["web1", "web2"], hosts.RootElement.EnumerateArray().Select(h => h.GetProperty("name").GetString()));
        Assert.All(hosts.RootElement.EnumerateArray(), h => Assert.Equal(JsonValueKind.Null, h.GetProperty("hostKey").ValueKind));
    }

    private static DispatchHost Entry(string name) =>
        new() { Name = name, Address = HostAddress.Parse(name), Transport = Transport.Ssh };

    private static Bench BenchOf(SshFleet fleet, params string[] more) =>
        new(fleet, o => o with { SshOptions = [.. more, .. o.SshOptions!], ConnectTimeout = TimeSpan.FromSeconds(10), RetryDelay = TimeSpan.FromMilliseconds(100) });

    private static Task<DispatchException> FailureOf(Bench bench, DispatchHost host) =>
        Assert.ThrowsAsync<DispatchException>(() => bench.Dispatcher.DispatchAsync(host, new TaskRequest { Command = "true" }, Bench.Cancel));
}
