using System.Globalization;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Connections;

/// <summary>One step of the way to a host's shell: it turns a command line into a longer one.</summary>
internal abstract record Hop
{
    /// <summary>The command line that runs <paramref name="command"/> behind this hop.</summary>
    /// <param name="command">The command, a word each.</param>
    /// <param name="hasTerminal">Is somebody at a terminal here, whose keys and screen the command is to have?</param>
    public abstract IReadOnlyList<string> Wrap(IReadOnlyList<string> command, bool hasTerminal = false);
}

/// <summary>This machine: no hop at all.</summary>
internal sealed record LocalHop : Hop
{
    public override IReadOnlyList<string> Wrap(IReadOnlyList<string> command, bool hasTerminal = false) => command;
}

/// <summary>The OpenSSH client. Source: ssh(1), ssh_config(5).</summary>
internal sealed record SshHop(DispatchHost Host, ConnectionOptions Connection) : Hop
{
    /// <summary>What every ssh of ours is told. ssh takes an option's first value, so that the user's come between the two.</summary>
    public static IEnumerable<string> Options(DispatchHost host, ConnectionOptions options, bool hasTerminal = false) =>
    [
        // Nobody is there to answer: a prompt would be a hang.
        hasTerminal ? "-t" : "-T", "-o", "BatchMode=yes", "-o", "RemoteCommand=none", "-o", "PermitLocalCommand=no",
        // Whatever ssh_config says: an unknown key is a failure, and the user's known_hosts is read and never written.
        "-o", "StrictHostKeyChecking=yes", "-o", "UpdateHostKeys=no",
        .. host.HostKeyFingerprint is { } pin ? Pinned(pin, options) : [],
        .. options.SshOptions ?? SshOptions.FromEnvironment(),
        "-o", string.Create(CultureInfo.InvariantCulture, $"ConnectTimeout={Math.Max(1, Math.Ceiling(options.ConnectTimeout.TotalSeconds))}"),
        "-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=3",
        // The level at which ssh says how it authenticated, and one below the noise; on a screen nobody wants to read it.
        "-o", hasTerminal ? "LogLevel=ERROR" : "LogLevel=VERBOSE",
        // Root on the host could use a forwarded agent or display: neither is forwarded unless it is asked for.
        host.ForwardAgent ? "-A" : "-a", "-x", "-o", "ClearAllForwardings=yes",
    ];

    /// <summary>Port, user and name as ssh's own arguments. The name is the last option: what follows is the command.</summary>
    public static IEnumerable<string> Target(HostAddress address)
    {
        if (address.Port is { } port)
            yield return $"-p{port.ToString(CultureInfo.InvariantCulture)}";
        if (address.User is { } user)
            yield return $"-l{user}";
        yield return "--";
        yield return address.Host;
    }

    /// <summary>A path as the value of one of ssh's options: one word, no token of ssh's own in it.</summary>
    public static string Quote(string path) =>
        $"\"{path.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("%", "%%", StringComparison.Ordinal)}\"";

    public override IReadOnlyList<string> Wrap(IReadOnlyList<string> command, bool hasTerminal = false) =>
        ["ssh", .. Options(Host, Connection, hasTerminal), .. Target(Host.Address), RemoteLine(command)];

    /// <summary>One line for the login shell there. exec, so that no second shell stays between sshd and ours.</summary>
    public static string RemoteLine(IReadOnlyList<string> command) => "exec " + ShellQuote.Join(command);

    /// <summary>
    /// One key and no other: not the user's known_hosts, not the DNS, not a program of theirs, and no connection of theirs that is open
    /// already, whose key nobody would look at.
    /// </summary>
    private static string[] Pinned(string fingerprint, ConnectionOptions options) =>
    [
        "-o", $"UserKnownHostsFile={Quote(options.KnownHostsFile)}", "-o", $"GlobalKnownHostsFile={Quote(options.KnownHostsFile)}",
        "-o", $"HostKeyAlias={PinnedKeys.AliasOf(fingerprint)}", "-o", "CheckHostIP=no", "-o", "VerifyHostKeyDNS=no",
        "-o", "ControlMaster=no", "-o", "ControlPath=none", .. options.HasKnownHostsCommand ? ["-o", "KnownHostsCommand=none"] : Array.Empty<string>(),
    ];
}

/// <summary>
/// <c>tailscale ssh [user@]host [ssh's own arguments]</c>: it takes no flags of its own, and ssh's options only after the host.
/// Source: Tailscale's CLI documentation ("tailscale ssh"). Not yet tried against a real tailnet.
/// </summary>
internal sealed record TailscaleHop(DispatchHost Host, ConnectionOptions Connection) : Hop
{
    public override IReadOnlyList<string> Wrap(IReadOnlyList<string> command, bool hasTerminal = false)
    {
        var target = Host.Address.User is { } user ? $"{user}@{Host.Address.Host}" : Host.Address.Host;
        return ["tailscale", "ssh", target, .. SshHop.Options(Host, Connection, hasTerminal), SshHop.RemoteLine(command)];
    }
}

/// <summary>A WSL distribution. Source: Microsoft's "Basic commands for WSL". Not yet tried on Windows.</summary>
internal sealed record WslHop(string Distribution, string? User) : Hop
{
    public override IReadOnlyList<string> Wrap(IReadOnlyList<string> command, bool hasTerminal = false)
    {
        var line = new List<string> { "wsl.exe", "--distribution", Distribution };
        if (User is not null)
            line.AddRange(["--user", User]);
        line.Add("--exec");
        line.AddRange(command);
        return line;
    }
}
