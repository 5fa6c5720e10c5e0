using RemoteDispatch.Connections;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Core.Tests.Connections;

/// <summary>OpenSSH's own messages (9.x, as it prints them) become reasons with remedies.</summary>
public sealed class ConnectFailureTests
{
    private const string Changed = """
        @@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
        @    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
        @@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
        IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!
        Someone could be eavesdropping on you right now (man-in-the-middle attack)!
        Offending ED25519 key in /home/me/.ssh/known_hosts:3
        Host key for gpu1.example.com has changed and you have requested strict checking.
        Host key verification failed.

        """;

    private static readonly DispatchHost Host = DispatchHost.FromAddress("gpu1.example.com") with { Name = "gpu1" };

    public static TheoryData<string, FailureReason> Messages => new()
    {
        { Changed, FailureReason.HostKeyChanged },
        { "@       WARNING: REVOKED HOST KEY DETECTED!               @\nHost key verification failed.\n", FailureReason.HostKeyChanged },
        { "Host key verification failed.\r\n", FailureReason.HostKeyUnknown },
        { "No ED25519 host key is known for gpu1.example.com and you have requested strict checking.\r\nHost key verification failed.\r\n", FailureReason.HostKeyUnknown },
        { "deploy@gpu1.example.com: Permission denied (publickey).\r\n", FailureReason.AuthenticationFailed },
        { "deploy@gpu1.example.com: Permission denied (publickey,password,keyboard-interactive).\n", FailureReason.AuthenticationFailed },
        { "Permission denied (publickey).\n", FailureReason.AuthenticationFailed },
        { "CORP\\deploy@fe80::1%eth0: Permission denied (publickey).\n", FailureReason.AuthenticationFailed },
        { "Received disconnect from 10.0.0.7 port 22:2: Too many authentication failures\r\nDisconnected from 10.0.0.7 port 22\r\n", FailureReason.AuthenticationFailed },
        { "** Authorized use only **\nWarning: Permanently added 'gpu1' (ED25519) to the list of known hosts.\ndeploy@gpu1: Permission denied (publickey).\n", FailureReason.AuthenticationFailed },
        { "ssh: Could not resolve hostname gpu1.example.com: Name or service not known\r\n", FailureReason.NameNotResolved },
        { "ssh: Could not resolve hostname gpu1: Temporary failure in name resolution\r\n", FailureReason.NameNotResolved },
        { "ssh: Could not resolve hostname gpu1: nodename nor servname provided, or not known\r\n", FailureReason.NameNotResolved },
        { "ssh: Could not resolve hostname gpu1: No such host is known. \r\n", FailureReason.NameNotResolved },
        { "ssh: connect to host gpu1.example.com port 22: Connection refused\r\n", FailureReason.ConnectionRefused },
        { "channel 0: open failed: connect failed: Connection refused\nstdio forwarding failed\nConnection closed by UNKNOWN port 65535\n", FailureReason.ConnectionRefused },
        { "ssh: connect to host gpu1.example.com port 22: Connection timed out\r\n", FailureReason.HostUnreachable },
        { "ssh: connect to host gpu1.example.com port 22: Operation timed out\r\n", FailureReason.HostUnreachable },
        { "ssh: connect to host gpu1.example.com port 22: No route to host\r\n", FailureReason.HostUnreachable },
        { "ssh: connect to host gpu1.example.com port 22: Network is unreachable\r\n", FailureReason.HostUnreachable },
        { "ssh: connect to host gpu1.example.com port 22: Host is down\r\n", FailureReason.HostUnreachable },
        { "Connection timed out during banner exchange\r\nConnection to 10.0.0.7 port 22 timed out\r\n", FailureReason.ConnectTimedOut },
        { "kex_exchange_identification: read: Connection reset by peer\r\nConnection reset by 10.0.0.7 port 22\r\n", FailureReason.ConnectFailed },
        { "Unable to negotiate with 10.0.0.7 port 22: no matching host key type found. Their offer: ssh-rsa\r\n", FailureReason.ConnectFailed },
        { "command-line: line 0: Bad configuration option: nonsense\r\n", FailureReason.ConnectFailed },
        { "", FailureReason.ConnectFailed },
    };

    [Theory, MemberData(nameof(Messages))]
    public void From_of_what_ssh_said_finds_the_reason_and_keeps_the_line_that_says_it(string errors, FailureReason reason)
    {
        var failure = ConnectFailure.From(Host, errors, 255);
        Assert.Equal((reason, "gpu1"), (failure.Reason, failure.Host));
        Assert.Contains("'gpu1'", failure.Message, StringComparison.Ordinal);
        Assert.Contains(errors.Split('\n'), l => failure.Message.Contains(l.Trim('\r', '@', ' ').TrimEnd('.'), StringComparison.Ordinal));
        Assert.DoesNotContain(failure.Message, char.IsControl);
        Assert.DoesNotContain("HOST", failure.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Changed, "ssh-keygen -R gpu1.example.com"), InlineData("Host key verification failed.", "ssh gpu1.example.com")]
    [InlineData("deploy@gpu1: Permission denied (publickey).", "gpu1.example.com true"), InlineData("what is this", "gpu1.example.com true")]
    public void Remedy_names_the_command_with_the_hosts_address(string errors, string command) =>
        Assert.Contains(command, ConnectFailure.From(Host, errors, 255).Remedy, StringComparison.Ordinal);

    // Bug in Core (ConnectFailure.From, TryByHand): the commands of the remedies leave out user and port, and so try another door;
    // known_hosts has '[host]:port' where the port is not 22.
    [Theory]
    [InlineData(Changed, "[gpu1.example.com]:2222"), InlineData("Host key verification failed.", "deploy@gpu1.example.com")]
    [InlineData("deploy@gpu1: Permission denied (publickey).", "2222"), InlineData("what is this", "2222")]
    public void Remedy_for_a_host_with_user_and_port_leads_to_the_same_door(string errors, string part)
    {
        var host = DispatchHost.FromAddress("ssh://deploy@gpu1.example.com:2222") with { Name = "gpu1" };
        Assert.Contains(part, ConnectFailure.From(host, errors, 255).Remedy, StringComparison.Ordinal);
    }

    // Only 255 is ssh's own word: what a command on the host says of its own affairs must not stop a second attempt.
    [Theory]
    [InlineData("Permission denied (publickey).", 1), InlineData("cat: /etc/shadow: Permission denied", 1), InlineData("Permission denied (publickey).", 126)]
    [InlineData("Host key verification failed.", 1), InlineData("nc: Connection refused", 1), InlineData("sh: not found", 127)]
    public void From_of_another_exit_code_is_no_failure_of_ssh(string errors, int exitCode) =>
        Assert.Equal(FailureReason.ConnectFailed, ConnectFailure.From(Host, errors, exitCode).Reason);

    [Fact]
    public void From_of_a_file_that_may_not_be_read_is_no_authentication_failure() =>
        Assert.Equal(FailureReason.ConnectFailed, ConnectFailure.From(Host, "/home/me/.profile: 3: cannot open x: Permission denied\n", 255).Reason);

    [Fact]
    public void From_of_nothing_said_tells_the_exit_code() =>
        Assert.Contains("code 127", ConnectFailure.From(Host, "", 127).Message, StringComparison.Ordinal);

    [Fact]
    public void From_of_terminal_escapes_and_endless_lines_is_one_short_line()
    {
        var failure = ConnectFailure.From(Host, "\u001b[2J\u001b]0;title\u0007" + new string('x', 100_000), 255);
        Assert.DoesNotContain(failure.Message, char.IsControl);
        Assert.True(failure.Message.Length < 500);
    }

    [Theory]
    [InlineData("", FailureReason.ConnectTimedOut), InlineData("motd: welcome", FailureReason.ConnectTimedOut)]
    [InlineData("deploy@gpu1: Permission denied (publickey).", FailureReason.AuthenticationFailed)]
    public void Silent_has_timed_out_unless_ssh_said_why(string errors, FailureReason reason) =>
        Assert.Equal(reason, ConnectFailure.Silent(Host, TimeSpan.FromSeconds(20), errors).Reason);

    [Fact]
    public void MayPass_holds_for_exactly_the_reasons_that_are_no_last_word() =>
        Assert.Equal(
            [FailureReason.NameNotResolved, FailureReason.ConnectionRefused, FailureReason.HostUnreachable, FailureReason.ConnectTimedOut, FailureReason.ConnectFailed, FailureReason.ConnectionLost],
            Enum.GetValues<FailureReason>().Where(ConnectFailure.MayPass));
}
