using System.Net;
using System.Net.Sockets;

namespace RemoteDispatch.Fleet.Tests;

/// <summary>Ports of this machine that behave as a network does on a bad day. The kernel does it; nothing is simulated.</summary>
internal sealed class Door : IDisposable
{
    private readonly List<Socket> _held = [];
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    private Door(string address) => _listener.Bind(new IPEndPoint(IPAddress.Parse(address), 0));

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    public string Address => ((IPEndPoint)_listener.LocalEndPoint!).Address.ToString();

    /// <summary>Accepts connections and never says a word.</summary>
    public static Door Silent(string address = "127.0.88.1")
    {
        var door = new Door(address);
        door._listener.Listen(100);
        return door;
    }

    /// <summary>Drops every packet that would open a connection: its queue is full, and nobody takes anything out of it.</summary>
    public static async Task<Door> BlackHoleAsync(CancellationToken cancellationToken, string address = "127.0.88.2")
    {
        var door = new Door(address);
        door._listener.Listen(0);
        while (true)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            door._held.Add(socket);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(TimeSpan.FromMilliseconds(300));
            try
            {
                await socket.ConnectAsync(door._listener.LocalEndPoint!, limit.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return door;
            }
        }
    }

    /// <summary>Has nobody behind it: the port is taken, so that nobody else gets it, and refuses.</summary>
    public static Door Closed(string address = "127.0.88.3") => new(address);

    public void Dispose()
    {
        _listener.Dispose();
        foreach (var socket in _held)
            socket.Dispose();
    }
}
