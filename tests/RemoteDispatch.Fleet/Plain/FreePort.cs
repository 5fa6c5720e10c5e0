using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace RemoteDispatch.Fleet;

/// <summary>A port that is free on every one of some addresses.</summary>
internal static class FreePort
{
    // Below the range that Linux gives to outgoing connections (32768 and up), or a client could take it before sshd does.
    private const int First = 20000;
    private const int Last = 32000;
    private const int Attempts = 100;

    public static int On(IReadOnlyList<IPAddress> addresses)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var port = RandomNumberGenerator.GetInt32(First, Last);
            if (addresses.All(address => IsFree(address, port)))
                return port;
        }

        throw new InvalidOperationException(
            $"No port from {First} to {Last} is free on {addresses[0]} and the {addresses.Count - 1} addresses that follow.");
    }

    private static bool IsFree(IPAddress address, int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(address, port));
            return true;
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            return false;
        }
    }
}
