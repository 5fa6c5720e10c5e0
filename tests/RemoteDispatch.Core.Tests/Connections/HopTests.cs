using RemoteDispatch.Connections;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Core.Tests.Connections;

/// <summary>The exact command line of each hop.</summary>
public sealed class HopTests
{
    private const string Pin = "SHA256:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA";

    private static readonly string[] Before =
    [
        "-T", "-o", "BatchMode=yes", "-o", "RemoteCommand=none", "-o", "PermitLocalCommand=no",
        "-o", "StrictHostKeyChecking=yes", "-o", "UpdateHostKeys=no",
    ];
    private static readonly string[] Wait = ["-o", "ConnectTimeout=20", "-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=3", "-o", "LogLevel=VERBOSE"];
    private static readonly string[] After = [.. Wait, "-a", "-x", "-o", "ClearAllForwardings=yes"];

    [Fact]
    public void Local_is_the_command_itself() => Assert.Equal(["sh", "-c", "a b"], new LocalHop().Wrap(["sh", "-c", "a b"]));

    [Fact]
    public void Ssh_to_a_bare_name_leaves_user_and_port_to_ssh_config() =>
        Assert.Equal(["ssh", .. Before, .. After, "--", "gpu1", "exec 'sh'"], Ssh("gpu1").Wrap(["sh"]));

    [Fact]
    public void Ssh_puts_the_users_options_between_and_everything_before_the_dashes() =>
        Assert.Equal(
            ["ssh", .. Before, "-F", "/a path/config", "-v", .. After, "-p2222", "-lCORP\\deploy", "--", "fe80::1%eth0", "exec 'sh' '-c' 'it'\\''s'"],
            Ssh("ssh://CORP\\deploy@[fe80::1%eth0]:2222", "-F", "/a path/config", "-v").Wrap(["sh", "-c", "it's"]));

    [Theory, InlineData(20.1, "21"), InlineData(0.2, "1"), InlineData(1, "1"), InlineData(90, "90")]
    public void Ssh_is_told_its_time_in_whole_seconds_and_never_none(double seconds, string expected) =>
        Assert.Contains("ConnectTimeout=" + expected, new SshHop(DispatchHost.FromAddress("gpu1"), new ConnectionOptions { ConnectTimeout = TimeSpan.FromSeconds(seconds), SshOptions = [] }).Wrap(["sh"]));

    [Fact]
    public void Terminal_is_asked_of_ssh_which_is_quiet_then_and_nothing_else_changes()
    {
        string[] before = ["-t", .. Before.Skip(1)];
        string[] after = [.. After.Select(o => o == "LogLevel=VERBOSE" ? "LogLevel=ERROR" : o)];
        Assert.Equal(["ssh", .. before, "-v", .. after, "-lme", "--", "gpu1", "exec 'sh'"], Ssh("me@gpu1", "-v").Wrap(["sh"], hasTerminal: true));
        var tailscale = new TailscaleHop(DispatchHost.FromAddress("gpu1"), With());
        Assert.Equal(["tailscale", "ssh", "gpu1", .. before, .. after, "exec 'sh'"], tailscale.Wrap(["sh"], hasTerminal: true));
        Assert.Equal(new WslHop("Ubuntu", null).Wrap(["sh"]), new WslHop("Ubuntu", null).Wrap(["sh"], hasTerminal: true));
        Assert.Equal(["sh"], new LocalHop().Wrap(["sh"], hasTerminal: true));
    }

    [Fact]
    public async Task Terminal_in_a_container_is_made_by_the_host_and_every_word_stays_a_word()
    {
        var host = DispatchHost.FromAddress("gpu1") with { Container = ContainerChoice.Parse("web") };
        var options = With();
        var line = await Route.InTerminalAsync(host, ["sh", "-c", "it's"], options, TestContext.Current.CancellationToken);
        Assert.Equal(("ssh", "-t"), (line[0], line[1]));
        Assert.StartsWith("exec 'sh' '-c' ", line[^1], StringComparison.Ordinal);
        Assert.EndsWith(" 'sh' 'web' 'sh' '-c' 'it'\\''s'", line[^1], StringComparison.Ordinal);
        Assert.DoesNotContain('\n', line[^1]);
    }

    [Fact]
    public void Tailscale_has_the_target_first_and_ssh_options_behind_it() =>
        Assert.Equal(
            ["tailscale", "ssh", "gpu1.tail1.ts.net", .. Before, "-v", .. After, "exec 'sh'"],
            new TailscaleHop(DispatchHost.FromAddress("gpu1.tail1.ts.net"), With("-v")).Wrap(["sh"]));

    [Fact]
    public void Tailscale_with_a_user_has_it_in_the_target() =>
        Assert.Equal(
            ["tailscale", "ssh", "deploy@100.64.0.7", .. Before, .. After, "exec 'sh' '-c' 'a b'"],
            new TailscaleHop(DispatchHost.FromAddress("deploy@100.64.0.7"), With()).Wrap(["sh", "-c", "a b"]));

    [Fact]
    public void Wsl_runs_the_command_without_a_shell_between()
    {
        Assert.Equal(["wsl.exe", "--distribution", "Ubuntu-24.04", "--exec", "sh", "-c", "a b"], new WslHop("Ubuntu-24.04", null).Wrap(["sh", "-c", "a b"]));
        Assert.Equal(["wsl.exe", "--distribution", "Ubuntu", "--user", "me", "--exec", "sh"], new WslHop("Ubuntu", "me").Wrap(["sh"]));
    }

    [Theory]
    [InlineData(Transport.Local, "sh"), InlineData(Transport.Ssh, "ssh"), InlineData(Transport.Wsl, "wsl.exe")]
    public async Task Route_to_a_host_starts_with_its_transports_program(Transport transport, string program)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows() && transport == Transport.Local, "Windows has no POSIX shell.");
        var host = DispatchHost.FromAddress("gpu1") with { Transport = transport, Container = ContainerChoice.Auto };
        var route = await Route.FindAsync(host, new ConnectionOptions { SshOptions = [] }, TestContext.Current.CancellationToken);
        Assert.Equal((program, ContainerChoice.Auto, host), (route.CommandLine[0], route.Container, route.Host));
    }

    [Fact]
    public async Task Route_over_ssh_takes_the_given_options()
    {
        var options = new ConnectionOptions { SshOptions = ["-F", "x"], ConnectTimeout = TimeSpan.FromSeconds(20) };
        var route = await Route.FindAsync(DispatchHost.FromAddress("gpu1"), options, TestContext.Current.CancellationToken);
        Assert.Equal(["ssh", .. Before, "-F", "x", .. After, "--", "gpu1", "exec 'sh'"], route.CommandLine);
    }

    [Fact]
    public void Ssh_to_a_pinned_host_knows_that_key_alone_and_nothing_of_the_users_can_change_it()
    {
        var host = DispatchHost.FromAddress("gpu1") with { HostKeyFingerprint = Pin };
        var options = With("-o", "UserKnownHostsFile=other") with { KnownHostsFile = "/a \"path\"/100%/known_hosts" };
        Assert.Equal(
            [
                "ssh", .. Before,
                "-o", "UserKnownHostsFile=\"/a \\\"path\\\"/100%%/known_hosts\"", "-o", "GlobalKnownHostsFile=\"/a \\\"path\\\"/100%%/known_hosts\"",
                "-o", "HostKeyAlias=sha256-0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20",
                "-o", "CheckHostIP=no", "-o", "VerifyHostKeyDNS=no", "-o", "ControlMaster=no", "-o", "ControlPath=none", "-o", "KnownHostsCommand=none",
                "-o", "UserKnownHostsFile=other", .. After, "--", "gpu1", "exec 'sh'",
            ],
            new SshHop(host, options).Wrap(["sh"]));
    }

    [Fact]
    public void Ssh_forwards_an_agent_where_the_hosts_entry_says_so() =>
        Assert.Equal(
            ["ssh", .. Before, .. Wait, "-A", "-x", "-o", "ClearAllForwardings=yes", "--", "gpu1", "exec 'sh'"],
            new SshHop(DispatchHost.FromAddress("gpu1") with { ForwardAgent = true }, With()).Wrap(["sh"]));

    private static SshHop Ssh(string address, params string[] extra) => new(DispatchHost.FromAddress(address), With(extra));

    private static ConnectionOptions With(params string[] extra) => new() { ConnectTimeout = TimeSpan.FromSeconds(20), SshOptions = extra };
}
