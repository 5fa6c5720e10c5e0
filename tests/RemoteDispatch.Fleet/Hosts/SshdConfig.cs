using System.Text.RegularExpressions;

namespace RemoteDispatch.Fleet;

/// <summary>What every sshd of a fleet has in common.</summary>
internal static partial class SshdConfig
{
    public static async Task<IReadOnlyList<string>> CommonLinesAsync(CancellationToken cancellationToken) =>
    [
        "PidFile none",
        "UsePAM no",
        "StrictModes no",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        "PermitRootLogin prohibit-password",
        "PermitUserRC no",
        "PrintMotd no",
        "PrintLastLog no",
        "UseDNS no",
        "MaxStartups 200:30:400",
        "MaxSessions 100",
        // The default costs 150 ms of CPU for each connection, this one 14.
        "KexAlgorithms curve25519-sha256",
        "LogLevel VERBOSE",
        // Else a probe of the port, or a test of a refused login, locks the whole of 127.0.0.1 out for a while.
        .. await IsSinceVersionNineEightAsync(cancellationToken).ConfigureAwait(false) ? ["PerSourcePenalties no"] : Array.Empty<string>(),
        .. SftpServer() is { } server ? [$"Subsystem sftp {server}"] : Array.Empty<string>(),
    ];

    // internal-sftp does not get past a ForceCommand.
    private static string? SftpServer() =>
        ((string[])["/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server", "/usr/lib/ssh/sftp-server",
            "/usr/libexec/sftp-server"]).FirstOrDefault(File.Exists);

    private static async Task<bool> IsSinceVersionNineEightAsync(CancellationToken cancellationToken)
    {
        // An sshd that knows no -V answers with its usage, and that names the version as well.
        var answer = await Command.RunAsync(Tools.Require("sshd"), ["-V"], cancellationToken, acceptFailure: true)
            .ConfigureAwait(false);
        var match = Version().Match(answer);
        return match.Success && new Version(match.Groups[1].Value) >= new Version(9, 8);
    }

    [GeneratedRegex(@"OpenSSH_(\d+\.\d+)")]
    private static partial Regex Version();
}
