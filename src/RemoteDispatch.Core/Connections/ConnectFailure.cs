using System.Text.RegularExpressions;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Connections;

/// <summary>What ssh said when it gave up, made a reason and a remedy. Its messages are not localized.</summary>
internal static partial class ConnectFailure
{
    private static readonly (Regex Says, FailureReason Reason, string Remedy)[] Known =
    [
        (Authentication(), FailureReason.AuthenticationFailed,
            "Check with 'ssh -o BatchMode=yes HOST true': the user, the key, and that an agent holds a key with a passphrase ('ssh-add -l')."),
        (NotResolved(), FailureReason.NameNotResolved, "Check the spelling, the DNS, the VPN, or give the address."),
        (Silence(), FailureReason.ConnectTimedOut,
            "Is the host overloaded? Does a login script wait for something? Try with 'ssh -T HOST true'."),
        (Refused(), FailureReason.ConnectionRefused, "Is sshd running there, and on that port?"),
        (Unreachable(), FailureReason.HostUnreachable, "Is the host up, and are the network, the VPN and the firewalls between?"),
        (NotForwarded(), FailureReason.HostUnreachable, "Is the host up, and does the jump host reach it?"),
    ];

    /// <summary>Makes the failure of what the process left behind.</summary>
    /// <param name="host">The host.</param>
    /// <param name="errors">What came on standard error before any answer.</param>
    /// <param name="exitCode">The process's exit code, where it ended.</param>
    public static DispatchException From(DispatchHost host, string errors, int? exitCode)
    {
        var said = Text.OneLine(LastLine(errors), 300);
        var lines = Lines(errors);
        // About a key ssh's last word counts. What came before may be a banner, which is the host's own text.
        if (exitCode is 255 or null && HostKeyFailure.IsLastWord(said))
            return HostKeyFailure.Of(host, errors, lines);
        if (exitCode == 255 && HostKeyFailure.IsOfJump(lines))
            return HostKeyFailure.OfJump(host, lines);
        // 255 is ssh's own word for 'no connection': any other code is that of something on the host.
        if (exitCode == 255 || host.Transport is Transport.Ssh or Transport.Tailscale && exitCode is null)
        {
            foreach (var (says, reason, remedy) in Known)
            {
                // The line that says it: behind a jump host the last one is only that the way there is gone.
                if (lines.LastOrDefault(says.IsMatch) is { } line)
                    return Failure(host, reason, Text.OneLine(line, 300), Fill(remedy, host.Address));
            }
        }

        return Failure(host, FailureReason.ConnectFailed, said.Length > 0 ? said : $"the connection ended with code {exitCode}",
            $"Check that a plain command works there: {TryByHand(host)}");
    }

    /// <summary>The host was reached, but no shell of ours answered in time.</summary>
    public static DispatchException Silent(DispatchHost host, TimeSpan limit, string errors)
    {
        var known = From(host, errors, null);
        if (known.Reason != FailureReason.ConnectFailed)
            return known;
        var isIn = ConnectReport.ReadAuthentication(errors).Method.Length > 0;
        return new DispatchException(
            FailureReason.ConnectTimedOut,
            $"No connection to host '{host.Name}': {(isIn ? "it let us in, and " : "")}no shell answered within {limit.TotalSeconds:0.#} seconds.",
            $"{(isIn ? "Does a login script wait for something?" : "Is the host overloaded? Is it an SSH server that answers there? Does a login script wait for something?")} Try {TryByHand(host)}")
        {
            Host = host.Name, IsAuthenticated = isIn,
        };
    }

    /// <summary>Is it worth a second attempt? Never after the host has spoken its last word on who we are or who it is.</summary>
    public static bool MayPass(FailureReason reason) => reason
        is FailureReason.ConnectFailed or FailureReason.ConnectionRefused or FailureReason.HostUnreachable
        or FailureReason.NameNotResolved or FailureReason.ConnectionLost or FailureReason.ConnectTimedOut;

    private static DispatchException Failure(DispatchHost host, FailureReason reason, string said, string remedy) =>
        new(reason, $"No connection to host '{host.Name}': {said.TrimEnd('.')}.", remedy) { Host = host.Name };

    private static string TryByHand(DispatchHost host) => host.Transport switch
    {
        Transport.Local => "sh -c true",
        Transport.Wsl => $"wsl.exe -d {host.Address.Host} --exec sh -c true",
        _ => $"ssh -T {host.Address} true",
    };

    private static string Fill(string remedy, HostAddress address) => remedy.Replace("HOST", address.ToString(), StringComparison.Ordinal);

    /// <summary>The last thing that was said; what ssh only counts out at its end does not matter to anybody.</summary>
    public static string LastLine(string errors) =>
        Lines(errors).LastOrDefault(l => !Chatter().IsMatch(l)) ?? "";

    private static string[] Lines(string errors) => errors.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    [GeneratedRegex(@"^(Authenticated to |Transferred: sent |Bytes per second: sent )")]
    private static partial Regex Chatter();

    [GeneratedRegex(@"^(.*@.*: )?Permission denied \(|Too many authentication failures|No supported authentication methods", RegexOptions.Multiline)]
    private static partial Regex Authentication();

    [GeneratedRegex("Could not resolve hostname|Name or service not known")]
    private static partial Regex NotResolved();

    [GeneratedRegex("timed out during banner exchange")]
    private static partial Regex Silence();

    [GeneratedRegex("Connection refused")]
    private static partial Regex Refused();

    // What the ssh to the jump host says; why stands in the line before, where the user's LogLevel lets it.
    [GeneratedRegex("stdio forwarding failed")]
    private static partial Regex NotForwarded();

    [GeneratedRegex("timed out|No route to host|Network is unreachable|Host is down")]
    private static partial Regex Unreachable();
}
