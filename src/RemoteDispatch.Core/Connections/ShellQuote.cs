namespace RemoteDispatch.Connections;

/// <summary>The one way by which data becomes part of a shell line.</summary>
public static class ShellQuote
{
    /// <summary>
    /// A word that every POSIX shell reads back as exactly this text: in single quotes, in which nothing is special but
    /// the quote itself. Source: POSIX.1-2024, Shell Command Language, 2.2.2.
    /// </summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: the text holds a NUL, which no shell can carry.</exception>
    public static string Quote(string text)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            throw new DispatchException(
                FailureReason.InvalidInput, "A text with a NUL character cannot go through a shell.", "Remove the NUL, or send the bytes encoded.");
        }

        return $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
    }

    /// <summary>Quotes each word and joins them with blanks.</summary>
    public static string Join(IEnumerable<string> words) => string.Join(' ', words.Select(Quote));
}
