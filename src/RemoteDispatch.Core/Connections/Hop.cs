using System.Globalization;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Connections;

/// <summary>One step of the way to a host's shell: it turns a command line into a longer one.</summary>
internal abstract record Hop
{
    /// <summary>The command line that runs <paramref name="command"/> behind this hop.</summary>
    public abstract IReadOnlyList<string> Wrap(IReadOnlyList<string> command);
}

/// <summary>This machine: no hop at all.</summary>
internal sealed record LocalHop : Hop
{
    public override IReadOnlyList<string> Wrap(IReadOnlyList<string> command) => command;
}

/// <summary>The OpenSSH client. Source: ssh(1), ssh_config(5).</summary>
internal sealed record SshHop(HostAddress Address, TimeSpan ConnectTimeout, IReadOnlyList<string> ExtraOptions) : Hop
{
    /// <summary>What every ssh of ours is told. ssh takes an option's first value, so that the user's come between the two.</summary>
    public static IEnumerable<string> Options(TimeSpan connectTimeout, IEnumerable<string> extra) =>
    [
        // Nobody is there to answer: a prompt would be a hang.
        "-T", "-o", "BatchMode=yes", "-o", "RemoteCommand=none", "-o", "PermitLocalCommand=no",
        .. extra,
        "-o", string.Create(CultureInfo.InvariantCulture, $"ConnectTimeout={Math.Max(1, (int)connectTimeout.TotalSeconds)}"),
        "-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=3",
        // Root on the host could use a forwarded agent or display: neither is forwarded unless it is asked for.
        "-a", "-x", "-o", "ClearAllForwardings=yes",
    ];

    public override IReadOnlyList<string> Wrap(IReadOnlyList<string> command)
    {
        var line = new List<string> { "ssh" };
        line.AddRange(Options(ConnectTimeout, ExtraOptions));
        if (Address.Port is { } port)
            line.AddRange(["-p", port.ToString(CultureInfo.InvariantCulture)]);
        if (Address.User is { } user)
            line.AddRange(["-l", user]);
        line.AddRange(["--", Address.Host, RemoteLine(command)]);
        return line;
    }

    /// <summary>One line for the login shell there. exec, so that no second shell stays between sshd and ours.</summary>
    public static string RemoteLine(IReadOnlyList<string> command) => "exec " + ShellQuote.Join(command);
}

/// <summary>
/// <c>tailscale ssh [user@]host [ssh's own arguments]</c>: it takes no flags of its own, and ssh's options only after the host.
/// Source: Tailscale's CLI documentation ("tailscale ssh"). Not yet tried against a real tailnet.
/// </summary>
internal sealed record TailscaleHop(HostAddress Address, TimeSpan ConnectTimeout, IReadOnlyList<string> ExtraOptions) : Hop
{
    public override IReadOnlyList<string> Wrap(IReadOnlyList<string> command)
    {
        var target = Address.User is { } user ? $"{user}@{Address.Host}" : Address.Host;
        return ["tailscale", "ssh", target, .. SshHop.Options(ConnectTimeout, ExtraOptions), SshHop.RemoteLine(command)];
    }
}

/// <summary>A WSL distribution. Source: Microsoft's "Basic commands for WSL". Not yet tried on Windows.</summary>
internal sealed record WslHop(string Distribution, string? User) : Hop
{
    public override IReadOnlyList<string> Wrap(IReadOnlyList<string> command)
    {
        var line = new List<string> { "wsl.exe", "--distribution", Distribution };
        if (User is not null)
            line.AddRange(["--user", User]);
        line.Add("--exec");
        line.AddRange(command);
        return line;
    }
}
