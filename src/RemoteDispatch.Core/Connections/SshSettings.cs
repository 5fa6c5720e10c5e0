using System.Globalization;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Connections;

/// <summary>What ssh_config makes of a host, as <c>ssh -G</c> prints it: asked only when a connect needs explaining.</summary>
internal sealed record SshSettings
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>The user that ssh logs in as.</summary>
    public required string User { get; init; }

    /// <summary>The name or address that ssh connects to.</summary>
    public required string HostName { get; init; }

    public required int Port { get; init; }

    /// <summary>The first jump host, as it is written; null where there is none.</summary>
    public string? Jump { get; init; }

    /// <summary>Does a program of the user's make the connection?</summary>
    public bool HasProxyCommand { get; init; }

    /// <summary>Files of keys, whether they are there or not.</summary>
    public IReadOnlyList<string> IdentityFiles { get; init; } = [];

    /// <summary>The agent's socket; null for that of the environment, empty for none.</summary>
    public string? Agent { get; init; }

    /// <summary>Is there a way to authenticate that leaves no trace in a file or an agent (Kerberos, a token, the host itself)?</summary>
    public bool HasOtherWay { get; init; }

    /// <summary>The user's files of known keys.</summary>
    public IReadOnlyList<string> KnownHosts { get; init; } = [];

    // One ssh, one answer.
    private static readonly Lazy<Task<bool>> KnownHostsCommand = new(async () =>
        await LocalCommand.AskAsync(["ssh", "-F", "none", "-o", "KnownHostsCommand=none", "-G", "--", "localhost"], Patience, CancellationToken.None).ConfigureAwait(false) is { ExitCode: 0 });

    /// <summary>Does this machine's ssh know the option KnownHostsCommand? Since OpenSSH 8.5; an older one refuses it.</summary>
    public static Task<bool> KnowsKnownHostsCommandAsync(CancellationToken cancellationToken) => KnownHostsCommand.Value.WaitAsync(cancellationToken);

    /// <summary>Asks ssh; null where it is missing or refuses its configuration.</summary>
    public static async Task<SshSettings?> AskAsync(HostAddress address, IReadOnlyList<string> extra, CancellationToken cancellationToken)
    {
        var line = new List<string> { "ssh", "-G" };
        line.AddRange(extra);
        line.AddRange(SshHop.Target(address));
        var answer = await LocalCommand.AskAsync(line, Patience, cancellationToken).ConfigureAwait(false);
        return answer is { ExitCode: 0 } ? Parse(answer.OutputText) : null;
    }

    /// <summary>Reads the form of <c>ssh -G</c>: one <c>keyword value</c> a line, keywords in lower case.</summary>
    internal static SshSettings? Parse(string text)
    {
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(l => l.IndexOf(' ', StringComparison.Ordinal) is > 0 and var at ? (Word: l[..at], Value: l[(at + 1)..].Trim()) : (Word: l, Value: ""))
            .ToLookup(l => l.Word, l => l.Value, StringComparer.OrdinalIgnoreCase);
        string? One(string word) => lines[word].FirstOrDefault() is { Length: > 0 } value && value != "none" ? value : null;
        if (One("hostname") is not { } name || !int.TryParse(One("port"), NumberStyles.None, CultureInfo.InvariantCulture, out var port))
            return null;
        return new SshSettings
        {
            User = One("user") ?? "",
            HostName = name,
            Port = port,
            Jump = One("proxyjump")?.Split(',')[0],
            HasProxyCommand = One("proxycommand") is not null,
            IdentityFiles = [.. lines["identityfile"].Where(f => f != "none").Select(Expand)],
            Agent = lines["identityagent"].FirstOrDefault() switch { null or "SSH_AUTH_SOCK" => null, "none" => "", var path => Expand(path) },
            HasOtherWay = One("gssapiauthentication") == "yes" || One("hostbasedauthentication") == "yes" || One("pkcs11provider") is not null
                || lines["identityfile"].Concat(lines["identityagent"]).Select(Expand).Any(IsOpen),
            KnownHosts = [.. (One("userknownhostsfile") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Expand)],
        };
    }

    // 'ssh -G' leaves the tilde, tokens and variables in paths as they were written.
    private static string Expand(string path)
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        path = path.Trim('"').Replace("%d", home, StringComparison.Ordinal).Replace("%u", Environment.UserName, StringComparison.Ordinal);
        return path.StartsWith("~/", StringComparison.Ordinal) ? Path.Combine(home, path[2..]) : path;
    }

    // Where a path names what only ssh knows, nothing is said of whether it is there.
    private static bool IsOpen(string path) => path.Contains('%', StringComparison.Ordinal) || path.Contains('$', StringComparison.Ordinal);
}
