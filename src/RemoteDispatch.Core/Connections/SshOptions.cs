using System.Text;

namespace RemoteDispatch.Connections;

/// <summary>Options for the ssh client that come from outside: the variable <c>REMOTE_DISPATCH_SSH_OPTS</c>.</summary>
public static class SshOptions
{
    /// <summary>The variable's name. Its value is split as a shell splits words, with quotes and backslashes.</summary>
    public const string Variable = "REMOTE_DISPATCH_SSH_OPTS";

    /// <summary>Reads the variable of this process.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: a quote is not closed.</exception>
    public static IReadOnlyList<string> FromEnvironment() => Split(Environment.GetEnvironmentVariable(Variable) ?? "");

    /// <summary>Splits a line into words. Nothing is expanded.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: a quote is not closed.</exception>
    public static IReadOnlyList<string> Split(string line)
    {
        var words = new List<string>();
        StringBuilder? word = null;
        char? quote = null;
        for (var i = 0; i < line.Length; i++)
        {
            var c = line[i];
            if (quote is null && char.IsWhiteSpace(c))
            {
                if (word is not null)
                    words.Add(word.ToString());
                word = null;
                continue;
            }

            word ??= new StringBuilder();
            if (c == quote)
                quote = null;
            else if (quote is null && c is '\'' or '"' && quote is null)
                quote = c;
            else if (c == '\\' && quote != '\'' && i + 1 < line.Length && IsEscapable(line[i + 1], quote))
                word.Append(line[++i]);
            else
                word.Append(c);
        }

        if (quote is not null)
        {
            throw new DispatchException(
                FailureReason.InvalidInput, $"A quote in {Variable} is not closed.", "Write it as for a shell: -F '/a path/config' -o Compression=yes.");
        }

        if (word is not null)
            words.Add(word.ToString());
        return words;
    }

    // Outside quotes a backslash before a letter stands for itself, so that C:\keys\id keeps its separators.
    private static bool IsEscapable(char next, char? quote) =>
        quote == '"' ? next is '"' or '\\' : char.IsWhiteSpace(next) || next is '\'' or '"' or '\\';
}
