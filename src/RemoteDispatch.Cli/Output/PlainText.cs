using System.Globalization;
using System.Text;

namespace RemoteDispatch.Cli.Output;

/// <summary>Text from hosts and files, made fit for one line of a terminal.</summary>
internal static class PlainText
{
    /// <summary>The text with each run of line ends as one blank, and without characters that could move the cursor.</summary>
    public static string OneLine(string text)
    {
        if (!text.Any(IsOdd))
            return text;
        var line = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            if (!IsOdd(c))
                line.Append(c);
            else if (line.Length > 0 && line[^1] != ' ')
                line.Append(' ');
        }

        return line.ToString().TrimEnd();
    }

    private static bool IsOdd(char c) => char.IsControl(c) || char.GetUnicodeCategory(c) is UnicodeCategory.Format
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
