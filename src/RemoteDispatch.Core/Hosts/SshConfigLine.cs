using System.Text;

namespace RemoteDispatch.Hosts;

/// <summary>One line of an ssh_config that says something. Source: ssh_config(5), and how OpenSSH 9 splits words.</summary>
/// <param name="Keyword">The keyword, in lower case.</param>
/// <param name="Arguments">Its arguments, without quotation marks.</param>
internal sealed record SshConfigLine(string Keyword, IReadOnlyList<string> Arguments)
{
    /// <summary>Reads a line; null where it is empty or a comment.</summary>
    /// <exception cref="FormatException">A quotation mark is not closed.</exception>
    public static SshConfigLine? Read(string line)
    {
        var text = line.Trim();
        if (text.Length == 0 || text[0] == '#')
            return null;
        var end = text.AsSpan().IndexOfAny(" \t\f=");
        if (end < 0)
            return new SshConfigLine(text.ToLowerInvariant(), []);
        var rest = text[end..].TrimStart();
        // One '=' may stand between the keyword and the arguments.
        return new SshConfigLine(text[..end].ToLowerInvariant(), Words(rest.StartsWith('=') ? rest[1..] : rest));
    }

    private static List<string> Words(string text)
    {
        var words = new List<string>();
        var at = 0;
        while (true)
        {
            while (at < text.Length && char.IsWhiteSpace(text[at]))
                at++;
            if (at >= text.Length || text[at] == '#')
                return words;
            words.Add(ReadWord(text, ref at));
        }
    }

    private static string ReadWord(string text, ref int at)
    {
        var word = new StringBuilder();
        var quote = '\0';
        for (; at < text.Length && (quote != '\0' || !char.IsWhiteSpace(text[at])); at++)
        {
            var c = text[at];
            if (c == '\\' && at + 1 < text.Length && (text[at + 1] is '\'' or '"' or '\\' || (quote == '\0' && text[at + 1] == ' ')))
                word.Append(text[++at]);
            else if (quote == '\0' && c is '\'' or '"')
                quote = c;
            else if (quote != '\0' && c == quote)
                quote = '\0';
            else
                word.Append(c);
        }

        return quote == '\0' ? word.ToString() : throw new FormatException("a quotation mark is not closed");
    }
}
