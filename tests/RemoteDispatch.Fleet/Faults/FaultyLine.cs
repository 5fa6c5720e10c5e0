using System.Net;
using System.Net.Sockets;

namespace RemoteDispatch.Fleet;

/// <summary>One connection through a <see cref="FaultProxy"/>.</summary>
internal sealed class FaultyLine(Socket client, Weather weather) : IDisposable
{
    private const int Piece = 16 << 10;

    private readonly Socket _server = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly CancellationTokenSource _ended = new();

    /// <summary>Carries bytes both ways until both sides have said all, or the line is cut.</summary>
    public async Task CarryAsync(IPEndPoint server, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _ended.Token);
        client.NoDelay = true;
        try
        {
            await _server.ConnectAsync(server, either.Token).ConfigureAwait(false);
            await Task.WhenAll(
                PumpAsync(client, _server, isServers: false, either.Token),
                PumpAsync(_server, client, isServers: true, either.Token)).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            Cut();
        }
    }

    /// <summary>Both ends are told with a reset.</summary>
    public void Cut()
    {
        foreach (var socket in (Socket[])[client, _server])
        {
            try
            {
                socket.LingerState = new LingerOption(enable: true, seconds: 0);
            }
            catch (Exception e) when (e is ObjectDisposedException or SocketException)
            {
                // It has ended by itself.
            }

            socket.Dispose();
        }

        try
        {
            _ended.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has ended by itself.
        }
    }

    /// <summary>One end hears that the other has no more to say.</summary>
    public void HalfClose(bool ofClient)
    {
        try
        {
            (ofClient ? _server : client).Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is ObjectDisposedException or SocketException)
        {
            // It has ended by itself.
        }
    }

    public void Dispose()
    {
        client.Dispose();
        _server.Dispose();
        _ended.Dispose();
    }

    private async Task PumpAsync(Socket from, Socket to, bool isServers, CancellationToken cancellationToken)
    {
        var buffer = new byte[Piece];
        while (await from.ReceiveAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and var count)
        {
            await weather.PassAsync(count, cancellationToken).ConfigureAwait(false);
            var last = isServers ? weather.CutWithin(count) : null;
            await SendAllAsync(to, buffer.AsMemory(0, last ?? count), cancellationToken).ConfigureAwait(false);
            if (last is null)
                continue;
            Cut();
            return;
        }

        to.Shutdown(SocketShutdown.Send);
    }

    private static async Task SendAllAsync(Socket to, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (bytes.Length > 0)
            bytes = bytes[await to.SendAsync(bytes, cancellationToken).ConfigureAwait(false)..];
    }
}
