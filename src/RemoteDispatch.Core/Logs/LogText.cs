using System.Text;

namespace RemoteDispatch.Logs;

/// <summary>
/// Makes lines of a log's bytes as they come. UTF-8 is decoded across the borders of reads; a line that does not end is given
/// out when it has grown past a limit, so that memory stays flat.
/// </summary>
public sealed class LogText
{
    private const int LongestLine = 1 << 20;

    private readonly Decoder _decoder = new UTF8Encoding(false, throwOnInvalidBytes: false).GetDecoder();
    private readonly StringBuilder _line = new();

    /// <summary>The lines that these bytes complete, without their line ends (LF, or CR LF).</summary>
    public IReadOnlyList<string> Add(ReadOnlySpan<byte> bytes)
    {
        var chars = new char[_decoder.GetCharCount(bytes, flush: false)];
        var count = _decoder.GetChars(bytes, chars, flush: false);
        var lines = new List<string>();
        var rest = chars.AsSpan(0, count);
        while (rest.IndexOf('\n') is >= 0 and var end)
        {
            _line.Append(rest[..end]);
            lines.Add(Take());
            rest = rest[(end + 1)..];
        }

        _line.Append(rest);
        if (_line.Length > LongestLine)
            lines.Add(Take());
        return lines;
    }

    /// <summary>What is left when no more bytes come: a last line without a line end, or null.</summary>
    public string? Finish()
    {
        Span<char> chars = stackalloc char[4];
        var count = _decoder.GetChars([], chars, flush: true);
        _line.Append(chars[..count]);
        return _line.Length > 0 ? Take() : null;
    }

    private string Take()
    {
        if (_line.Length > 0 && _line[^1] == '\r')
            _line.Length--;
        var line = _line.ToString();
        _line.Clear();
        return line;
    }
}
