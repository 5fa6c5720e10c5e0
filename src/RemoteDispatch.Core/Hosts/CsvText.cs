using System.Text;

namespace RemoteDispatch.Hosts;

/// <summary>A row of a CSV text.</summary>
/// <param name="Line">The line on which it begins, from 1.</param>
/// <param name="Fields">Its fields.</param>
internal sealed record CsvRow(int Line, IReadOnlyList<string> Fields);

/// <summary>Comma-separated values. Source: RFC 4180; lines may end in any way.</summary>
internal static class CsvText
{
    /// <summary>Reads all rows; empty lines are none.</summary>
    /// <exception cref="FormatException">A quotation mark is not closed.</exception>
    public static IEnumerable<CsvRow> Read(string text, char separator)
    {
        var (at, line) = (0, 1);
        while (at < text.Length)
        {
            var first = line;
            var fields = new List<string>();
            do
                fields.Add(ReadField(text, separator, ref at, ref line));
            while (at < text.Length && text[at++] == separator);
            // What ended the last field, if not the text, is the first half of its line end.
            if (at < text.Length && text[at - 1] == '\r' && text[at] == '\n')
                at++;
            line++;
            if (fields is not [""])
                yield return new CsvRow(first, fields);
        }
    }

    /// <summary>Writes a row, with quotation marks where they must be.</summary>
    public static string Write(IEnumerable<string> fields) => string.Join(',', fields.Select(Quote));

    private static string ReadField(string text, char separator, ref int at, ref int line)
    {
        var field = new StringBuilder();
        if (at < text.Length && text[at] == '"')
        {
            var begun = line;
            for (at++; ; at++)
            {
                if (at >= text.Length)
                    throw new FormatException($"line {begun}: a quotation mark is not closed");
                if (text[at] == '"' && (++at >= text.Length || text[at] != '"'))
                    break;
                if (text[at] == '\n')
                    line++;
                field.Append(text[at]);
            }
        }

        for (; at < text.Length && text[at] != separator && text[at] is not ('\r' or '\n'); at++)
            field.Append(text[at]);
        return field.ToString();
    }

    private static string Quote(string field) =>
        field.AsSpan().ContainsAny(",\"\r\n") ? $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : field;
}
