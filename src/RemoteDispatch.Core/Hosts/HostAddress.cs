using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace RemoteDispatch.Hosts;

/// <summary>
/// Where a host is: a name, an IP address or an alias from ssh_config, perhaps with a user and a port. It is checked
/// once, here, so that it can be neither an option nor a piece of a shell line anywhere else.
/// </summary>
public sealed partial record HostAddress
{
    private HostAddress(string host, string? user, int? port) => (Host, User, Port) = (host, user, port);

    /// <summary>The name or address, without brackets.</summary>
    public string Host { get; }

    /// <summary>The user to log in as; null leaves it to ssh_config.</summary>
    public string? User { get; }

    /// <summary>The port, 1 to 65535; null leaves it to ssh_config.</summary>
    public int? Port { get; }

    /// <summary>The IP address, where the host is one.</summary>
    public IPAddress? Ip => IPAddress.TryParse(Host, out var ip) ? ip : null;

    /// <summary>
    /// Reads <c>host</c>, <c>user@host</c>, <c>ssh://user@host:port</c>, an IPv4 or IPv6 address (in brackets before a port).
    /// </summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: it is no address.</exception>
    public static HostAddress Parse(string text)
    {
        var rest = text;
        int? port = null;
        var isUri = rest.StartsWith("ssh://", StringComparison.OrdinalIgnoreCase);
        if (isUri)
            rest = rest["ssh://".Length..].TrimEnd('/');

        string? user = null;
        if (rest.LastIndexOf('@') is >= 0 and var at)
            (user, rest) = (rest[..at], rest[(at + 1)..]);

        if (rest.StartsWith('[') && rest.IndexOf(']') is > 0 and var close)
        {
            var behind = rest[(close + 1)..];
            rest = rest[1..close];
            if (behind.Length > 0)
                port = behind[0] == ':' ? ParsePort(text, behind[1..]) : throw Invalid(text, "something stands behind the bracket");
            if (!IsIp6(rest))
                throw Invalid(text, "brackets are for an IPv6 address");
        }
        else if (isUri && rest.LastIndexOf(':') is >= 0 and var colon)
        {
            if (rest.IndexOf(':') != colon)
                throw Invalid(text, "an IPv6 address stands in brackets there: ssh://[address]:port");
            (rest, port) = (rest[..colon], ParsePort(text, rest[(colon + 1)..]));
        }
        else if (rest.Contains(':', StringComparison.Ordinal) && !IsIp6(rest))
        {
            throw Invalid(text, "write a port as ssh://host:port");
        }

        return Create(rest, user, port, text);
    }

    /// <summary>Makes an address of its parts.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: a part cannot be used.</exception>
    public static HostAddress Create(string host, string? user, int? port) => Create(host, user, port, host);

    /// <summary>Reads an address, and says no instead of throwing.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out HostAddress? address)
    {
        try
        {
            address = Parse(text);
            return true;
        }
        catch (DispatchException)
        {
            address = null;
            return false;
        }
    }

    /// <summary>Is this on a tailnet? Names below <c>ts.net</c> and addresses in 100.64.0.0/10 are.</summary>
    /// <remarks>Source: Tailscale's documentation of MagicDNS and of its IP pool (the CGNAT range of RFC 6598).</remarks>
    public bool IsOnTailnet()
    {
        if (Host.EndsWith(".ts.net", StringComparison.OrdinalIgnoreCase))
            return true;
        return Ip is { AddressFamily: AddressFamily.InterNetwork } ip && IPNetwork.Parse("100.64.0.0/10").Contains(ip);
    }

    /// <summary>The address as it is written: <c>user@host</c>, or <c>ssh://user@host:port</c> where there is a port.</summary>
    public override string ToString()
    {
        var user = User is null ? "" : User + "@";
        if (Port is null)
            return user + Host;
        var host = IsIp6(Host) ? $"[{Host}]" : Host;
        return string.Create(CultureInfo.InvariantCulture, $"ssh://{user}{host}:{Port}");
    }

    private static HostAddress Create(string host, string? user, int? port, string text)
    {
        if (host.Length is 0 or > 253 || !(IsIp6(host) || HostPattern().IsMatch(host)))
            throw Invalid(text, "a host is a name, an IP address or an alias: letters, digits, '.', '-', '_'");
        if (user is not null && !UserPattern().IsMatch(user))
            throw Invalid(text, "a user is letters, digits, '.', '-', '_', '+', '@', perhaps behind 'DOMAIN\\'");
        if (port is < 1 or > 65535)
            throw Invalid(text, "a port is 1 to 65535");
        return new HostAddress(host, user, port);
    }

    private static int ParsePort(string text, string port) =>
        int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw Invalid(text, "a port is 1 to 65535");

    private static bool IsIp6(string text) =>
        text.Contains(':', StringComparison.Ordinal)
        && Ip6Pattern().IsMatch(text)
        && IPAddress.TryParse(text, out var ip) && ip.AddressFamily == AddressFamily.InterNetworkV6;

    private static DispatchException Invalid(string text, string why) => new(
        FailureReason.InvalidInput, $"{Text.Show(text)} is no address: {why}.",
        "Use a name, an IP address, user@host, ssh://user@host:port or 'local'.");

    [GeneratedRegex(@"\A[A-Za-z0-9_][A-Za-z0-9_.+-]*\z")]
    private static partial Regex HostPattern();

    [GeneratedRegex(@"\A([A-Za-z0-9_][A-Za-z0-9_.-]*\\)?[A-Za-z0-9_][A-Za-z0-9_.+@-]*\z")]
    private static partial Regex UserPattern();

    [GeneratedRegex(@"\A[0-9A-Fa-f:.]+(%[A-Za-z0-9_.-]+)?\z")]
    private static partial Regex Ip6Pattern();
}
