using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace RemoteDispatch.Core.Tests.Notifications;

/// <summary>What a receiver was sent.</summary>
internal sealed record Received(string Path, IReadOnlyDictionary<string, string> Headers, string Body);

/// <summary>A webhook's receiver on this machine: it takes whole requests and answers what the test says, one after the other; the last answer stays.</summary>
internal sealed class Receiver : IDisposable
{
    /// <summary>Closes the connection in the middle of the answer.</summary>
    public const string Cut = "HTTP/1.1 20";

    /// <summary>Never answers.</summary>
    public const string Hang = "";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly Queue<string> _answers;

    public Receiver(params string[] answers)
    {
        _answers = new Queue<string>(answers);
        _listener.Start();
        _ = ServeAsync();
    }

    public ConcurrentQueue<Received> All { get; } = [];

    public string Address => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/services/T00/B00/topsecret";

    public static string Status(int code, string headers = "") => $"HTTP/1.1 {code} X\r\n{headers}Content-Length: 2\r\nConnection: close\r\n\r\nok";

    public void Dispose()
    {
        _end.Cancel();
        _listener.Dispose();
        _end.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
                _ = AnswerAsync(await _listener.AcceptTcpClientAsync(_end.Token));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test has ended.
        }
    }

    private async Task AnswerAsync(TcpClient client)
    {
        using var _ = client;
        try
        {
            var stream = client.GetStream();
            var text = new StringBuilder();
            var buffer = new byte[64 << 10];
            int head, length;
            while ((head = text.ToString().IndexOf("\r\n\r\n", StringComparison.Ordinal)) < 0 || text.Length < head + 4 + (length = LengthIn(text.ToString())))
            {
                if (await stream.ReadAsync(buffer, _end.Token) is not (> 0 and var count))
                    return;
                // Bytes as characters, so that lengths are those of the bytes.
                text.Append(Encoding.Latin1.GetString(buffer.AsSpan(0, count)));
            }

            var lines = text.ToString()[..head].Split("\r\n");
            var headers = lines[1..].Select(l => l.Split(": ", 2)).ToDictionary(l => l[0], l => l[1], StringComparer.OrdinalIgnoreCase);
            string answer;
            lock (_answers)
                answer = _answers.Count > 1 ? _answers.Dequeue() : _answers.Peek();
            All.Enqueue(new Received(lines[0].Split(' ')[1], headers, Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(text.ToString()[(head + 4)..]))));
            if (answer == Hang)
                await Task.Delay(Timeout.Infinite, _end.Token);
            await stream.WriteAsync(Encoding.ASCII.GetBytes(answer), _end.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The test has ended, or the sender has had enough.
        }
    }

    private static int LengthIn(string text) => int.Parse(
        text.Split("\r\n").First(l => l.StartsWith("Content-Length: ", StringComparison.OrdinalIgnoreCase)).Split(' ')[1], CultureInfo.InvariantCulture);
}
