using System.Text;
using RemoteDispatch.Connections;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Core.Tests.Connections;

/// <summary>What the pieces of a diagnosis read: of ssh, of WSL, of known_hosts files.</summary>
public sealed class DiagnosisTests
{
    [Theory]
    [InlineData("h1", null, "h1", null), InlineData("me@h1", "me", "h1", null), InlineData("[127.0.0.1]:2222", null, "127.0.0.1", 2222)]
    [InlineData("me@[h1.example.com]:22", "me", "h1.example.com", 22), InlineData("[fe80::1]:22", null, "fe80::1", 22), InlineData("h1:2222", null, "h1", 2222)]
    [InlineData("ssh://me@h1:2222", "me", "h1", 2222), InlineData("fe80::1", null, "fe80::1", null), InlineData("a@b@h1", "a@b", "h1", null)]
    public void Jump_host_is_read_as_ssh_prints_it(string text, string? user, string host, int? port) =>
        Assert.Equal(HostAddress.Create(host, user, port), PortLook.JumpAddress(text));

    [Theory, InlineData(""), InlineData("-oProxyCommand=x"), InlineData("h1:99999"), InlineData("[]:22"), InlineData("h 1")]
    public void Jump_host_that_is_none_is_passed_over(string text) => Assert.Null(PortLook.JumpAddress(text));

    [Fact]
    public void Settings_are_read_from_what_ssh_prints()
    {
        var settings = SshSettings.Parse("host gpu1\nuser deploy\nhostname 10.0.0.7\nport 2222\ngssapiauthentication no\nidentityfile ~/.ssh/id_rsa\n"
            + "identityfile /k/id\nproxyjump a@[j1]:22,j2\nproxycommand none\nuserknownhostsfile /a/known /b/known\n")!;
        Assert.Equal(("deploy", "10.0.0.7", 2222, "a@[j1]:22", false, false), (settings.User, settings.HostName, settings.Port, settings.Jump, settings.HasProxyCommand, settings.HasOtherWay));
        Assert.Equal([Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".ssh/id_rsa"), "/k/id"], settings.IdentityFiles);
    }

    [Theory, InlineData(""), InlineData("user x\n"), InlineData("hostname h\nport many\n"), InlineData("\0\u001b[2J")]
    public void Settings_that_make_no_sense_are_none(string text) => Assert.Null(SshSettings.Parse(text));

    [Theory]
    [InlineData(null, null), InlineData("SSH_AUTH_SOCK", null), InlineData("none", ""), InlineData("/run/agent", "/run/agent")]
    public void Agent_is_that_of_the_environment_unless_ssh_config_says_otherwise(string? value, string? expected) =>
        Assert.Equal(expected, SshSettings.Parse("hostname h\nport 22\n" + (value is null ? "" : $"identityagent {value}\n"))!.Agent);

    [Fact]
    public void Distributions_are_read_in_both_encodings_that_wsl_prints()
    {
        Assert.Equal(["Ubuntu-24.04", "Debian"], Wsl.ReadNames(Encoding.Unicode.GetBytes("\uFEFFUbuntu-24.04\r\nDebian\r\n")));
        Assert.Equal(["Ubuntu-24.04", "Debian"], Wsl.ReadNames(Encoding.UTF8.GetBytes("Ubuntu-24.04\r\nDebian\r\n")));
    }

    [Theory]
    [InlineData("Authenticated to gpu1 ([10.0.0.7]:22) using \"publickey\".\r\n", "publickey", "[10.0.0.7]:22")]
    [InlineData("** banner **\nAuthenticated to gpu1 (via proxy) using \"gssapi-with-mic\".\r\n", "gssapi-with-mic", "via proxy")]
    [InlineData("Authenticated to gpu1 ([fe80::1%eth0]:2222) using \"none\".\r\n", "none", "[fe80::1%eth0]:2222")]
    [InlineData("nothing of the kind\n", "", ""), InlineData("x Authenticated to gpu1 (via proxy) using \"publickey\".\n", "", "")]
    public void Way_in_is_read_from_sshs_own_words(string errors, string method, string where) =>
        Assert.Equal((method, where), ConnectReport.ReadAuthentication(errors));

    [Fact]
    public void Every_reason_of_a_connect_has_the_status_of_its_own()
    {
        FailureReason[] ofConnects =
        [
            FailureReason.HostNotFound, FailureReason.NameNotResolved, FailureReason.ConnectionRefused, FailureReason.HostUnreachable, FailureReason.HostKeyUnknown,
            FailureReason.HostKeyChanged, FailureReason.AuthenticationFailed, FailureReason.AuthenticationUnavailable, FailureReason.ConnectTimedOut, FailureReason.ConnectFailed,
        ];
        var statuses = ofConnects.Select(ConnectReport.StatusOf).ToArray();
        Assert.Equal(Enum.GetValues<PreflightStatus>().Except([PreflightStatus.Ok]).Order(), statuses.Order());
    }

    [Theory]
    [InlineData("# comment"), InlineData("@cert-authority *.example.com ssh-ed25519 AAAA"), InlineData("@revoked h1 ssh-ed25519 AAAA"), InlineData("h1 ssh-ed25519"), InlineData("h1 ssh-ed25519 ***"), InlineData("")]
    public void Line_of_known_hosts_without_a_plain_key_is_passed_over(string line) => Assert.Null(HostKey.ReadLine(line));

    [Fact]
    public async Task Pinned_keys_that_are_added_at_once_are_all_there()
    {
        using var folder = new TestFolder();
        var path = Path.Combine(folder.Path, "known_hosts");
        var keys = Enumerable.Range(0, 50).Select(i => HostKey.ReadLine("h ssh-ed25519 " + Convert.ToBase64String(BitConverter.GetBytes(i)))!.Value.Key).ToArray();
        await Task.WhenAll(keys.Select(k => Task.Run(() => new PinnedKeys(path, TimeProvider.System).AddAsync(k, TestContext.Current.CancellationToken))));
        Assert.All(keys, k => Assert.True(new PinnedKeys(path, TimeProvider.System).Has(k.Fingerprint)));
        Assert.Equal(50, File.ReadAllLines(path).Length);
    }

    [Theory]
    [InlineData("IdentityFile ~/.ssh/id", false), InlineData("IdentityFile %d/.ssh/id", false), InlineData("IdentityFile %h.key", true), InlineData("IdentityAgent $MY_AGENT", true)]
    public void Path_that_only_ssh_can_read_is_no_missing_key(string line, bool isOther) =>
        Assert.Equal(isOther, SshSettings.Parse($"hostname h\nport 22\n{line.ToLowerInvariant()}\n")!.HasOtherWay);

    [Fact]
    public async Task Pinned_keys_are_found_by_their_fingerprint_and_a_line_that_lies_is_not_believed()
    {
        using var folder = new TestFolder();
        var path = Path.Combine(folder.Path, "new", "known_hosts");
        var pinned = new PinnedKeys(path, TimeProvider.System);
        var one = HostKey.ReadLine("h1 ssh-ed25519 " + Convert.ToBase64String("one"u8))!.Value.Key;
        var two = HostKey.ReadLine("h1 ssh-ed25519 " + Convert.ToBase64String("two"u8))!.Value.Key;
        Assert.False(pinned.Has(one.Fingerprint));
        await pinned.AddAsync(one, TestContext.Current.CancellationToken);
        await pinned.AddAsync(one, TestContext.Current.CancellationToken);
        Assert.Single(File.ReadAllLines(path));
        Assert.True(pinned.Has(one.Fingerprint));
        File.AppendAllText(path, $"{PinnedKeys.AliasOf(two.Fingerprint)} ssh-ed25519 {Convert.ToBase64String("one"u8)}\n");
        Assert.False(pinned.Has(two.Fingerprint));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
    }
}
