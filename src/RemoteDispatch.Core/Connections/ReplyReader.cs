using System.Text;

namespace RemoteDispatch.Connections;

/// <summary>
/// Reads framed replies from one stream of a channel. What stands before a reply's begin mark (the noise of login
/// scripts, ssh's own warnings) is skipped, whatever its size; only its end is kept, for the message of a failure.
/// </summary>
internal sealed class ReplyReader(Stream stream)
{
    private const int NoiseKept = 4096;

    // More than this in one reply is no reply of ours: a request for log bytes names its count.
    private const int Largest = 256 << 20;
    private const int LongestLine = 64 << 10;

    private byte[] _buffer = new byte[16 << 10];
    private int _start;
    private int _end;
    private byte[] _noise = [];

    /// <summary>The last of what was skipped, and of what has not been understood.</summary>
    public string Noise => Encoding.UTF8.GetString([.. _noise, .. _buffer.AsSpan(_start, Math.Min(_end - _start, NoiseKept))]);

    /// <summary>Reads the reply to the request with this nonce.</summary>
    /// <returns>The bytes between the marks, and what the end mark carries (the exit code, on stdout).</returns>
    /// <exception cref="EndOfStreamException">The stream ended before the reply did.</exception>
    public async Task<(ReadOnlyMemory<byte> Body, string Tail)> ReadAsync(string nonce, CancellationToken cancellationToken)
    {
        await BeginAsync(nonce, cancellationToken).ConfigureAwait(false);
        var end = Encoding.ASCII.GetBytes(EndOf(nonce));
        var searched = 0;
        while (true)
        {
            var at = Buffered[searched..].IndexOf(end);
            if (at >= 0 && Buffered[(searched + at + end.Length)..].IndexOf((byte)'\n') is >= 0 and var line)
            {
                at += searched;
                ReadOnlyMemory<byte> body = Buffered[..at].ToArray();
                var tail = Encoding.ASCII.GetString(Buffered.Slice(at + end.Length, line));
                _start += at + end.Length + line + 1;
                return (body, tail);
            }

            searched = at >= 0 ? searched + at : Math.Max(0, _end - _start - end.Length + 1);
            await FillAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>What a reply's end mark begins with.</summary>
    public static string EndOf(string nonce) => $"\u001e{nonce})";

    /// <summary>Skips to where the reply to the request with this nonce begins.</summary>
    /// <exception cref="EndOfStreamException">The stream ended before that.</exception>
    public async Task BeginAsync(string nonce, CancellationToken cancellationToken)
    {
        var begin = Encoding.ASCII.GetBytes($"\u001e{nonce}(\n");
        int at;
        while ((at = Buffered.IndexOf(begin)) < 0)
        {
            Skip(_end - _start - (begin.Length - 1));
            await FillAsync(cancellationToken).ConfigureAwait(false);
        }

        Skip(at);
        _start += begin.Length;
    }

    /// <summary>Reads a line of a reply that comes bit by bit, without its end.</summary>
    /// <exception cref="EndOfStreamException">The stream ended before the line did.</exception>
    public async Task<string> ReadLineAsync(CancellationToken cancellationToken)
    {
        int at;
        while ((at = Buffered.IndexOf((byte)'\n')) < 0)
        {
            if (_end - _start > LongestLine)
                throw new InvalidDataException($"A line of a reply is longer than {LongestLine} bytes.");
            await FillAsync(cancellationToken).ConfigureAwait(false);
        }

        var line = Encoding.UTF8.GetString(Buffered[..at]);
        _start += at + 1;
        return line;
    }

    /// <summary>Reads so many bytes of a reply as are there, at least one and at most <paramref name="most"/>.</summary>
    /// <exception cref="EndOfStreamException">The stream ended.</exception>
    public async Task<byte[]> ReadSomeAsync(int most, CancellationToken cancellationToken)
    {
        if (_start == _end)
            await FillAsync(cancellationToken).ConfigureAwait(false);
        var some = Buffered[..Math.Min(most, _end - _start)].ToArray();
        _start += some.Length;
        return some;
    }

    /// <summary>Reads to the end, keeping the last of it in <see cref="Noise"/>.</summary>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                Skip(_end - _start);
                await FillAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
        }
    }

    private ReadOnlySpan<byte> Buffered => _buffer.AsSpan(_start, _end - _start);

    private void Skip(int count)
    {
        if (count <= 0)
            return;
        var skipped = Buffered[..count];
        _noise = [.. _noise.AsSpan(Math.Max(0, _noise.Length - NoiseKept)), .. skipped[Math.Max(0, count - NoiseKept)..]];
        _noise = _noise[Math.Max(0, _noise.Length - NoiseKept)..];
        _start += count;
    }

    private async Task FillAsync(CancellationToken cancellationToken)
    {
        if (_start == _end)
            _start = _end = 0;
        if (_end == _buffer.Length)
        {
            var held = _end - _start;
            if (held > Largest)
                throw new InvalidDataException($"A reply is larger than {Largest} bytes.");
            // Half of a buffer must be free after moving, else it would be moved for every few bytes.
            var target = held > _buffer.Length / 2 ? new byte[_buffer.Length * 2] : _buffer;
            Buffered.CopyTo(target);
            (_buffer, _start, _end) = (target, 0, held);
        }

        var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken).ConfigureAwait(false);
        if (read == 0)
            throw new EndOfStreamException();
        _end += read;
    }
}
