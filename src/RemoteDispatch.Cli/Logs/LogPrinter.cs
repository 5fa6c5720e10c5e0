using System.Buffers;
using System.Text;
using RemoteDispatch.Cli.Output;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Cli.Logs;

/// <summary>Puts a log on stdout as it comes, and a stderr that is kept apart on stderr.</summary>
internal interface ILogPrinter
{
    /// <summary>Takes the next piece.</summary>
    void Add(LogChunk chunk);

    /// <summary>Gives out what was held back.</summary>
    void Finish();
}

/// <summary>Byte for byte.</summary>
internal sealed class RawLog(Screen screen) : ILogPrinter
{
    public void Add(LogChunk chunk)
    {
        if (!chunk.Bytes.IsEmpty)
            screen.Write(chunk.Bytes.Span, chunk.Stream);
    }

    public void Finish()
    {
    }
}

/// <summary>
/// Whole lines, byte for byte behind a prefix, so that several logs can share a screen. A line that does not end is given out in pieces, so
/// that memory stays flat.
/// </summary>
internal sealed class PrefixedLog(Screen screen, string prefix) : ILogPrinter
{
    private readonly PrefixedLines _output = new(screen, LogStreams.Output, prefix);
    private readonly PrefixedLines _error = new(screen, LogStreams.Error, prefix);

    public void Add(LogChunk chunk) => (chunk.Stream == LogStreams.Error ? _error : _output).Add(chunk.Bytes.Span);

    public void Finish()
    {
        _output.Finish();
        _error.Finish();
    }
}

/// <summary>The lines of one of a task's streams.</summary>
internal sealed class PrefixedLines(Screen screen, LogStreams stream, string prefix)
{
    private const int LongestLine = 16 << 20;
    private const int LargestKept = 1 << 20;

    private readonly byte[] _prefix = Encoding.UTF8.GetBytes(prefix);
    private ArrayBufferWriter<byte> _held = new();

    public void Add(ReadOnlySpan<byte> bytes)
    {
        var lines = new ArrayBufferWriter<byte>(bytes.Length + 1);
        while (bytes.IndexOf((byte)'\n') is >= 0 and var end)
        {
            _held.Write(bytes[..(end + 1)]);
            Give(lines);
            bytes = bytes[(end + 1)..];
        }

        _held.Write(bytes);
        if (_held.WrittenCount > LongestLine)
            GivePiece(lines);
        if (lines.WrittenCount > 0)
            screen.Write(lines.WrittenSpan, stream);
    }

    public void Finish()
    {
        if (_held.WrittenCount == 0)
            return;
        var lines = new ArrayBufferWriter<byte>();
        GivePiece(lines);
        screen.Write(lines.WrittenSpan, stream);
    }

    private void GivePiece(ArrayBufferWriter<byte> lines)
    {
        _held.Write("\n"u8);
        Give(lines);
    }

    private void Give(ArrayBufferWriter<byte> lines)
    {
        lines.Write(_prefix);
        lines.Write(_held.WrittenSpan);
        if (_held.Capacity > LargestKept)
            _held = new ArrayBufferWriter<byte>();
        else
            _held.ResetWrittenCount();
    }
}

/// <summary>Nowhere: only how the task ends is of interest.</summary>
internal sealed class NoLog : ILogPrinter
{
    public void Add(LogChunk chunk)
    {
    }

    public void Finish()
    {
    }
}
