namespace RemoteDispatch.Fleet;

/// <summary>One word, quoted for those who will read it.</summary>
internal static class Quoting
{
    /// <summary>For sh, and for everything that splits with single and double quotes but knows no backslash.</summary>
    public static string ForShell(string word) => "'" + word.Replace("'", "'\"'\"'", StringComparison.Ordinal) + "'";

    /// <summary>For a path in ssh_config or sshd_config, where a percent sign starts a token.</summary>
    public static string ForSsh(string path) => ForSshWord(path.Replace("%", "%%", StringComparison.Ordinal));

    /// <summary>For any other word in these files.</summary>
    public static string ForSshWord(string word) =>
        word.AsSpan().ContainsAny('"', '\\', '\n')
            ? throw new ArgumentException($"ssh's configuration files cannot name this: {word}", nameof(word))
            : $"\"{word}\"";
}
