using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Connections;

/// <summary>The door that ssh knocks at: the host's, or that of the first jump host on the way.</summary>
/// <param name="Where">The name and the port, and whose they are.</param>
/// <param name="Addresses">The addresses of the name; none where it has none.</param>
/// <param name="Port">The port.</param>
/// <param name="Duration">How long the name took.</param>
internal sealed partial record PortLook(string Where, IReadOnlyList<IPAddress> Addresses, int Port, TimeSpan Duration)
{
    private const int MostJumps = 8;

    /// <summary>Finds it. Null where a program of the user's makes the connection: then there is no door to be found.</summary>
    public static async Task<PortLook?> FindAsync(SshSettings settings, ConnectionOptions options, CancellationToken cancellationToken)
    {
        var jump = "";
        for (var jumps = 0; settings.Jump is { } next && jumps < MostJumps; jumps++)
        {
            var address = JumpAddress(next);
            if (address is null || await SshSettings.AskAsync(address, options.SshOptions ?? SshOptions.FromEnvironment(), cancellationToken).ConfigureAwait(false) is not { } door)
                return null;
            (jump, settings) = ($" of the jump host '{address.Host}'", door);
        }

        if (settings.HasProxyCommand)
            return null;
        var where = string.Create(CultureInfo.InvariantCulture, $"{settings.HostName} port {settings.Port}{jump}");
        var start = options.Time.GetTimestamp();
        IPAddress[] addresses;
        try
        {
            addresses = await Dns.GetHostAddressesAsync(settings.HostName, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            // An address that is none to connect to (0.0.0.0, ::) is an ArgumentException.
            addresses = [];
        }

        return new PortLook(where, addresses, settings.Port, options.Time.GetElapsedTime(start));
    }

    /// <summary>Does anybody answer there? A plain connect that is closed at once.</summary>
    public async Task<PreflightStatus> KnockAsync(CancellationToken cancellationToken)
    {
        if (Addresses.Count == 0)
            return PreflightStatus.DnsFailed;
        try
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync([.. Addresses], Port, cancellationToken).ConfigureAwait(false);
            return PreflightStatus.Ok;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.ConnectionRefused ? PreflightStatus.TcpRefused : PreflightStatus.TcpUnreachable;
        }
    }

    /// <summary>A jump host as <c>ssh -G</c> prints it: <c>[user@]host</c>, or <c>[user@][host]:port</c> with any name in the brackets.</summary>
    internal static HostAddress? JumpAddress(string text)
    {
        var match = JumpPattern().Match(text);
        try
        {
            return !match.Success ? null : HostAddress.Create(
                match.Groups["host"].Value, match.Groups["user"] is { Success: true, Value: var user } ? user : null,
                match.Groups["port"] is { Success: true, Value: var port } ? int.Parse(port, CultureInfo.InvariantCulture) : null);
        }
        catch (DispatchException)
        {
            return null;
        }
    }

    [GeneratedRegex(@"\A(ssh://)?((?<user>.+)@)?(\[(?<host>[^\]]+)\]|(?<host>[^:\[\]]+|[^\[\]]*:[^\[\]]*:[^\[\]]*))(:(?<port>\d{1,5}))?\z", RegexOptions.ExplicitCapture)]
    private static partial Regex JumpPattern();
}
