using System.Text;

namespace RemoteDispatch.Logs;

/// <summary>
/// Makes lines of a log's bytes as they come. UTF-8 is decoded across the borders of reads; a line that does not end is given
/// out in pieces of 16 million characters, so that memory stays flat.
/// </summary>
public sealed class LogText
{
    private const int LongestLine = 16 << 20;

    private readonly Decoder _decoder = new UTF8Encoding(false, throwOnInvalidBytes: false).GetDecoder();
    private readonly StringBuilder _line = new();
    private bool _isCut;

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
            // The end of a line that was cut is no line of its own, where nothing stands before it.
            if (!_isCut || _line.Length > 0)
                lines.Add(Take());
            _isCut = false;
            rest = rest[(end + 1)..];
        }

        _line.Append(rest);
        if (_line.Length > LongestLine)
        {
            lines.Add(Take());
            _isCut = true;
        }

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
