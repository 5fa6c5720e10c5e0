using System.Text;
using System.Text.Json.Nodes;
using RemoteDispatch.Cli.Output;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Cli.Logs;

/// <summary>The lines of one of a task's streams, each a JSON document.</summary>
internal sealed class JsonLines(Screen screen, string? stream, RemoteTask? task)
{
    // A line that does not end is given out in pieces, so that memory stays flat.
    private const int LongestLine = 1 << 20;

    private readonly List<byte> _held = [];
    private long _offset;

    public void Add(LogChunk chunk)
    {
        if (_held.Count == 0)
            _offset = chunk.Offset;
        _held.AddRange(chunk.Bytes.Span);
        var from = 0;
        while (_held.IndexOf((byte)'\n', from) is >= 0 and var end)
        {
            Give(from, end + 1);
            from = end + 1;
        }

        Drop(from);
        if (_held.Count > LongestLine)
            GivePiece();
    }

    public void Finish()
    {
        if (_held.Count == 0)
            return;
        Give(0, _held.Count);
        Drop(_held.Count);
    }

    private void GivePiece()
    {
        // Not in the middle of a character: back to the byte that begins one. UTF-8 has at most three that continue it.
        var end = _held.Count;
        while (end > _held.Count - 3 && (_held[end - 1] & 0xC0) == 0x80)
            end--;
        if (_held[end - 1] >= 0xC0)
            end--;
        Give(0, end);
        Drop(end);
    }

    private void Give(int from, int to)
    {
        var text = Encoding.UTF8.GetString([.. _held.GetRange(from, to - from)]);
        var line = new JsonObject { ["offset"] = _offset + from, ["text"] = text };
        if (stream is not null)
            line["stream"] = stream;
        if (task is not null)
            (line["task"], line["host"]) = (task.Id, task.HostName);
        screen.Document(line);
    }

    private void Drop(int count)
    {
        _held.RemoveRange(0, count);
        _offset += count;
    }
}
