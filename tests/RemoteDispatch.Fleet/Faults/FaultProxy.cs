using System.Net;
using System.Net.Sockets;

namespace RemoteDispatch.Fleet;

/// <summary>
/// A network that can be made to misbehave: a listener on loopback that hands on every byte to one server and back. What it does
/// to a connection is what a real network does, as the two ends see it; the bytes themselves are never changed.
/// </summary>
public sealed class FaultProxy : IAsyncDisposable
{
    private readonly IPEndPoint _server;
    private readonly Lock _guard = new();
    private readonly List<FaultyLine> _lines = [];
    private readonly CancellationTokenSource _closing = new();
    private readonly Socket _listener;
    private readonly Task _accepting;
    private int _connections;

    private FaultProxy(IPEndPoint server)
    {
        _server = server;
        _listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(512);
        EndPoint = (IPEndPoint)_listener.LocalEndPoint!;
        _accepting = AcceptAsync();
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>How many connections it has taken.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>How many bytes of the server's it has carried.</summary>
    public long Carried => Weather.Carried;

    /// <summary>How the network is now, for the connections that are there and those to come.</summary>
    internal Weather Weather { get; } = new();

    /// <summary>Starts a proxy in front of a server.</summary>
    public static FaultProxy Start(IPEndPoint server) => new(server);

    /// <summary>
    /// Cuts the connection that carries the server's byte with this number, counted from now over all connections, just behind it: both
    /// ends are told (RST).
    /// </summary>
    /// <returns>Ends when that has happened; never where the weather was cleared before.</returns>
    public Task CutAfterAsync(long bytes) => Weather.CutAfterAsync(bytes);

    /// <summary>Cuts every connection, as a router does that has lost its table: both ends are told (RST).</summary>
    /// <returns>How many there were.</returns>
    public int Cut() => ForEach(line => line.Cut());

    /// <summary>The server's side says that it has no more to say, and goes on to listen; or the client's side does.</summary>
    /// <returns>How many connections there were.</returns>
    public int HalfClose(bool ofClient = false) => ForEach(line => line.HalfClose(ofClient));

    /// <summary>From now on nothing passes and nobody is told; connections can still be opened, and say nothing either.</summary>
    public void BlackHole() => Weather.Hold();

    /// <summary>From now on each piece takes so long, one way.</summary>
    public void Delay(TimeSpan oneWay) => Weather.Delay = oneWay;

    /// <summary>From now on so many bytes a second pass, each way.</summary>
    public void Throttle(int bytesPerSecond) => Weather.BytesPerSecond = bytesPerSecond;

    /// <summary>All is well again. What a black hole has held back goes on its way.</summary>
    public void Heal() => Weather.Clear();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        _listener.Dispose();
        Cut();
        await _accepting.ConfigureAwait(false);
        _closing.Dispose();
    }

    private int ForEach(Action<FaultyLine> act)
    {
        FaultyLine[] lines;
        lock (_guard)
            lines = [.. _lines];
        foreach (var line in lines)
            act(line);
        return lines.Length;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptAsync(_closing.Token).ConfigureAwait(false);
                Interlocked.Increment(ref _connections);
                _ = CarryAsync(client);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task CarryAsync(Socket client)
    {
        using var line = new FaultyLine(client, Weather);
        lock (_guard)
            _lines.Add(line);
        try
        {
            await line.CarryAsync(_server, _closing.Token).ConfigureAwait(false);
        }
        finally
        {
            lock (_guard)
                _lines.Remove(line);
        }
    }
}
