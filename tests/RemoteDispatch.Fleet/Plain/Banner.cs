using System.Net;
using System.Net.Sockets;

namespace RemoteDispatch.Fleet;

/// <summary>The line with which an SSH server greets.</summary>
internal static class Banner
{
    /// <summary>Whether an SSH server answers there now.</summary>
    public static async Task<bool> AnswersAsync(IPEndPoint server, CancellationToken cancellationToken)
    {
        using var socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(server, cancellationToken).ConfigureAwait(false);
            await using var stream = new NetworkStream(socket);
            var start = new byte[4];
            await stream.ReadExactlyAsync(start, cancellationToken).ConfigureAwait(false);
            return start.AsSpan().SequenceEqual("SSH-"u8);
        }
        catch (Exception error) when (error is SocketException or IOException)
        {
            return false;
        }
    }
}
