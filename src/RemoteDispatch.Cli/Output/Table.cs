using System.Text;

namespace RemoteDispatch.Cli.Output;

/// <summary>Rows with aligned columns, two blanks apart. On a terminal each row is cut to its width; elsewhere nothing is.</summary>
internal sealed class Table(params string[] headings)
{
    private readonly List<string[]> _rows = [headings];

    /// <summary>Adds a row of as many cells as there are headings.</summary>
    public void Add(params string[] cells) => _rows.Add([.. cells.Select(PlainText.OneLine)]);

    /// <summary>The lines.</summary>
    /// <param name="width">The terminal's width; null for none.</param>
    public IEnumerable<string> Lines(int? width)
    {
        var widths = Enumerable.Range(0, headings.Length).Select(column => _rows.Max(r => r[column].Length)).ToArray();
        return _rows.Select(row =>
        {
            var line = new StringBuilder();
            for (var column = 0; column < row.Length; column++)
                line.Append(row[column].PadRight(widths[column])).Append("  ");
            var text = line.ToString().TrimEnd();
            return width is { } limit && text.Length > limit ? string.Concat(text.AsSpan(0, limit - 1), "…") : text;
        });
    }

    /// <summary>Writes all of it to stdout in one piece.</summary>
    public void ShowOn(Screen screen) => screen.Line(string.Join('\n', Lines(Screen.Width)));
}
