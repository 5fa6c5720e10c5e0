using RemoteDispatch.Hosts;

namespace RemoteDispatch.Connections;

/// <summary>
/// Asks a host which key it shows, by the way that a connect would go, jump hosts included. ssh writes the key into an empty file
/// of this one question, tries no way to authenticate, and goes: nothing is trusted by it, and nothing but the greeting is exchanged.
/// </summary>
internal static class HostKeyProbe
{
    // ssh shows one key at a time. A pin may be for a key of another kind than the one that both sides like best.
    private static readonly string?[] Kinds = [null, "ssh-ed25519", "ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521", "rsa-sha2-512,rsa-sha2-256"];

    /// <summary>The key that the host shows of itself.</summary>
    /// <exception cref="DispatchException">The host cannot be reached; or it shows no key.</exception>
    public static async Task<HostKey> AskAsync(DispatchHost host, ConnectionOptions options, CancellationToken cancellationToken)
    {
        var (key, failure) = await AskAsync(host, options, null, cancellationToken).ConfigureAwait(false);
        return key ?? throw failure!;
    }

    /// <summary>The key of this fingerprint among those that the host can show, or else the one that it shows of itself.</summary>
    /// <exception cref="DispatchException">The host cannot be reached; or it shows no key.</exception>
    public static async Task<HostKey> FindAsync(DispatchHost host, string fingerprint, ConnectionOptions options, CancellationToken cancellationToken)
    {
        HostKey? first = null;
        var start = options.Time.GetTimestamp();
        foreach (var kind in Kinds)
        {
            // One limit for all kinds.
            var left = options.ConnectTimeout - options.Time.GetElapsedTime(start);
            if (first is not null && left <= TimeSpan.Zero)
                break;
            var (key, failure) = await AskAsync(host, options with { ConnectTimeout = left }, kind, cancellationToken).ConfigureAwait(false);
            if (key?.Fingerprint == fingerprint)
                return key;
            if (kind is null && key is null)
                throw failure!;
            first ??= key;
        }

        return first!;
    }

    private static async Task<(HostKey? Key, DispatchException? Failure)> AskAsync(
        DispatchHost host, ConnectionOptions options, string? kind, CancellationToken cancellationToken)
    {
        DirectoryInfo folder;
        try
        {
            folder = Directory.CreateTempSubdirectory("remote-dispatch-");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw SafeFile.Unwritable(Path.GetTempPath(), e);
        }

        try
        {
            var file = Path.Combine(folder.FullName, "known_hosts");
            var line = new List<string>
            {
                "ssh", "-o", $"UserKnownHostsFile={SshHop.Quote(file)}", "-o", $"GlobalKnownHostsFile={SshHop.Quote(file)}",
                // Into that file, and no other: it is how ssh tells the key. Without a way to authenticate nothing follows.
                "-o", "StrictHostKeyChecking=accept-new", "-o", "PreferredAuthentications=none", "-o", "HashKnownHosts=no",
                "-o", "HostKeyAlias=shown", "-o", "CheckHostIP=no", "-o", "VerifyHostKeyDNS=no", "-o", "ControlPath=none",
            };
            if (kind is not null)
                line.AddRange(["-o", $"HostKeyAlgorithms={kind}"]);
            line.AddRange(SshHop.Options(host with { HostKeyFingerprint = null, ForwardAgent = false }, options));
            line.AddRange(SshHop.Target(host.Address));
            line.Add("true");
            var answer = await LocalCommand.AskAsync(line, options.ConnectTimeout, cancellationToken).ConfigureAwait(false);
            var key = File.Exists(file) ? File.ReadLines(file).Select(HostKey.ReadLine).FirstOrDefault(l => l is not null)?.Key : null;
            return (key, key is not null ? null : answer is null ? ConnectFailure.Silent(host, options.ConnectTimeout, "") : ConnectFailure.From(host, answer.Errors, answer.ExitCode));
        }
        finally
        {
            Discard(folder);
        }
    }

    private static void Discard(DirectoryInfo folder)
    {
        try
        {
            folder.Delete(recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Windows keeps a file as long as an ssh that was killed has not quite ended. It holds a public key.
        }
    }
}
