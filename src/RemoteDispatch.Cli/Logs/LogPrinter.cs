using System.Text;
using RemoteDispatch.Cli.Output;
using RemoteDispatch.Logs;
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

/// <summary>Whole lines with the host's name in front, so that several logs can share a screen.</summary>
internal sealed class PrefixedLog(Screen screen, string host) : ILogPrinter
{
    private readonly LogText _output = new();
    private readonly LogText _error = new();

    public void Add(LogChunk chunk) => Show((chunk.Stream == LogStreams.Error ? _error : _output).Add(chunk.Bytes.Span), chunk.Stream);

    public void Finish()
    {
        Show(_output.Finish() is { } rest ? [rest] : [], LogStreams.Output);
        Show(_error.Finish() is { } error ? [error] : [], LogStreams.Error);
    }

    private void Show(IReadOnlyList<string> lines, LogStreams stream)
    {
        if (lines.Count == 0)
            return;
        var text = new StringBuilder();
        foreach (var line in lines)
            text.Append(host).Append(": ").Append(line).Append('\n');
        screen.Write(Encoding.UTF8.GetBytes(text.ToString()), stream);
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
