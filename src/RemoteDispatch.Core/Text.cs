using System.Globalization;
using System.Text;

namespace RemoteDispatch;

/// <summary>What comes from outside, made fit to be shown in a message.</summary>
internal static class Text
{
    /// <summary>In quotes, one line, control characters as their codes, at most 80 characters.</summary>
    public static string Show(string text) => $"'{OneLine(text, 80)}'";

    /// <summary>One line, without control characters (which could move a terminal's cursor), cut to a length.</summary>
    public static string OneLine(string text, int limit)
    {
        var line = new StringBuilder(Math.Min(text.Length, limit) + 8);
        foreach (var rune in text.EnumerateRunes())
        {
            if (line.Length > limit)
                break;
            if (rune.Value is '\n')
                line.Append("\\n");
            else if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
                line.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}");
            else
                line.Append(rune.ToString());
        }

        if (line.Length <= limit)
            return line.ToString();
        // Never half of a pair.
        line.Length = char.IsHighSurrogate(line[limit - 2]) ? limit - 2 : limit - 1;
        return line.Append('…').ToString();
    }

    /// <summary>Is no half of a surrogate pair in it?</summary>
    public static bool IsWellFormed(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
                i++;
            else if (char.IsSurrogate(text[i]))
                return false;
        }

        return true;
    }
}
