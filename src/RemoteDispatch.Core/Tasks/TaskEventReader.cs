namespace RemoteDispatch.Tasks;

/// <summary>A line of <c>events</c>, and where it stands.</summary>
internal readonly record struct PlacedLine(TaskEventLine Line, long Offset, long NextOffset);

/// <summary>Makes lines of the bytes of <c>events</c> as they come, and never needs more memory than the longest line that <c>rd</c> writes.</summary>
/// <param name="begin">The first byte that is wanted. Where it stands within a line, that line is left out.</param>
internal sealed class TaskEventReader(long begin)
{
    private const int LongestLine = 1 << 20;

    private readonly List<byte> _held = [];
    private long _offset = Math.Max(0, begin - 1);
    // From the byte before: only it tells whether a line begins where reading does.
    private bool _isInLine = begin > 0;
    private int _looked;

    /// <summary>How <c>rd</c> begins each of its lines. Within one this cannot stand: a quote in a text is escaped.</summary>
    private static ReadOnlySpan<byte> Beginning => "{\"time\":"u8;

    /// <summary>Where the first bytes are to be read from.</summary>
    public long ReadFrom { get; } = Math.Max(0, begin - 1);

    /// <summary>The lines that these bytes complete.</summary>
    public IReadOnlyList<PlacedLine> Add(ReadOnlySpan<byte> bytes)
    {
        _held.AddRange(bytes);
        var lines = new List<PlacedLine>();
        var from = 0;
        while (_held.IndexOf((byte)'\n', Math.Max(from, _looked)) is >= 0 and var end)
        {
            if (!_isInLine)
                Take(lines, from, end, end + 1);
            _isInLine = false;
            from = end + 1;
            _looked = from;
        }

        Drop(from);
        if (_held.Count > LongestLine)
        {
            if (!_isInLine)
                Take(lines, 0, _held.Count, _held.Count);
            Drop(_held.Count);
            _isInLine = true;
        }

        _looked = _held.Count;
        return lines;
    }

    /// <summary>What is left when no more bytes will ever come: a line that was not written to its end.</summary>
    public IReadOnlyList<PlacedLine> Finish()
    {
        var lines = new List<PlacedLine>();
        if (_held.Count > 0 && !_isInLine)
            Take(lines, 0, _held.Count, _held.Count);
        Drop(_held.Count);
        return lines;
    }

    private void Take(List<PlacedLine> lines, int from, int end, int next)
    {
        if (end == from)
            return;
        ReadOnlyMemory<byte> bytes = _held.GetRange(from, end - from).ToArray();
        var line = TaskEventLine.Parse(bytes);
        // A full disk may have cut the line before, so that this one stands behind its beginning.
        if (!line.IsKnown && bytes.Span[1..].LastIndexOf(Beginning) is >= 0 and var at && TaskEventLine.Parse(bytes[(at + 1)..]) is { IsKnown: true } second)
        {
            lines.Add(new PlacedLine(TaskEventLine.Parse(bytes[..(at + 1)]), _offset + from, _offset + from + at + 1));
            lines.Add(new PlacedLine(second, _offset + from + at + 1, _offset + next));
            return;
        }

        lines.Add(new PlacedLine(line, _offset + from, _offset + next));
    }

    private void Drop(int count)
    {
        _held.RemoveRange(0, count);
        _offset += count;
        _looked = 0;
    }
}
