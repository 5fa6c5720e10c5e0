using RemoteDispatch.Cli.Output;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Cli.Logs;

/// <summary>
/// JSON lines: <c>{"offset": …, "text": …}</c> for each line of the log. The text has its line end, so that all texts in a row
/// are the log; the offset is that of its first byte, and a cursor for <c>logs --offset</c>. Where stderr is kept apart there is a
/// <c>stream</c> besides, <c>output</c> or <c>error</c>, with offsets of its own; among several logs, <c>task</c> and <c>host</c> say whose it is.
/// </summary>
internal sealed class JsonLog(Screen screen, bool isApart, RemoteTask? task = null) : ILogPrinter
{
    private readonly JsonLines _output = new(screen, isApart ? "output" : null, task);
    private readonly JsonLines _error = new(screen, "error", task);

    public void Add(LogChunk chunk) => (chunk.Stream == LogStreams.Error ? _error : _output).Add(chunk);

    public void Finish()
    {
        _output.Finish();
        _error.Finish();
    }
}
