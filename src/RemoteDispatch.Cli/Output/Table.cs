using System.Text;

namespace RemoteDispatch.Cli.Output;

/// <summary>Rows with aligned columns, two blanks apart. On a terminal each row is cut to its width, but for one with a note; elsewhere nothing is.</summary>
internal sealed class Table(params string[] headings)
{
    private readonly List<string[]> _rows = [headings];

    /// <summary>Adds a row of as many cells as there are headings.</summary>
    public void Add(params string[] cells) => _rows.Add([.. cells.Select(PlainText.OneLine)]);

    /// <summary>Adds a line that is no row: what is to be said of the row above it.</summary>
    public void Note(string text) => _rows.Add([PlainText.OneLine(text)]);

    /// <summary>The lines.</summary>
    /// <param name="width">The terminal's width; null for none.</param>
    public IEnumerable<string> Lines(int? width)
    {
        var widths = Enumerable.Range(0, headings.Length).Select(column => _rows.Where(IsRow).Max(r => r[column].Length)).ToArray();
        return _rows.Select((row, at) =>
        {
            var line = new StringBuilder();
            for (var column = 0; column < row.Length; column++)
                line.Append(IsRow(row) ? row[column].PadRight(widths[column]) : row[column]).Append("  ");
            var text = line.ToString().TrimEnd();
            return width is { } limit && text.Length > limit && !IsNoted(at) ? string.Concat(text.AsSpan(0, limit - 1), "…") : text;
        });
    }

    private bool IsNoted(int at) => !IsRow(_rows[at]) || (at + 1 < _rows.Count && !IsRow(_rows[at + 1]));

    private bool IsRow(string[] cells) => cells.Length == headings.Length;

    /// <summary>Writes all of it to stdout in one piece.</summary>
    public void ShowOn(Screen screen) => screen.Line(string.Join('\n', Lines(Screen.Width)));
}
