using System.Text;

namespace RemoteDispatch.Credentials;

/// <summary>
/// Where grants come from on this machine: its environment, files, the output of commands. Each is asked once, before anything is
/// sent; what cannot be had is a failure, and never a prompt.
/// </summary>
public static class CredentialSource
{
    private static readonly TimeSpan CommandLimit = TimeSpan.FromSeconds(30);

    // Each with the variables that may hold it here, the first that is set wins.
    private static readonly (string Name, string[] From)[] Usual =
    [
        ("GH_TOKEN", ["GH_TOKEN", "GITHUB_TOKEN"]), ("ANTHROPIC_API_KEY", ["ANTHROPIC_API_KEY"]), ("OPENROUTER_API_KEY", ["OPENROUTER_API_KEY"]),
        ("GOOGLE_API_KEY", ["GOOGLE_API_KEY"]), ("OPENAI_API_KEY", ["OPENAI_API_KEY"]),
    ];

    /// <summary>The variable by which a user names a default set of their own: names with commas or blanks between.</summary>
    public const string SetVariable = "REMOTE_DISPATCH_DEFAULT_CREDENTIALS";

    /// <summary>The word that stands for the default set in a host's entry.</summary>
    public const string SetWord = "default";

    /// <summary>The names of the usual set, in their order: the default set of a user who has named none.</summary>
    public static IReadOnlyList<string> UsualNames { get; } = [.. Usual.Select(u => u.Name)];

    /// <summary>The names of the default set: those of <see cref="SetVariable"/>, else the usual ones.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: the variable holds what is no name.</exception>
    public static IReadOnlyList<string> DefaultNames()
    {
        if (Environment.GetEnvironmentVariable(SetVariable) is not { Length: > 0 } text)
            return UsualNames;
        var names = text.Split([',', ';', ' ', '\t', '\n'], StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.Ordinal).ToArray();
        return names.FirstOrDefault(n => !CredentialGrant.IsName(n)) is not { } wrong ? names
            : throw new DispatchException(FailureReason.InvalidInput, $"{Text.Show(wrong)} in {SetVariable} is no name of a variable.", "Write names with commas between: GH_TOKEN,NPM_TOKEN.");
    }

    /// <summary>A variable of this process.</summary>
    /// <param name="name">Its name here and in the task. <c>GH_TOKEN</c> falls back to <c>GITHUB_TOKEN</c>.</param>
    /// <exception cref="DispatchException"><see cref="FailureReason.CredentialUnavailable"/>: it is not set.</exception>
    public static CredentialGrant FromEnvironment(string name) => FindInEnvironment(name) ?? throw Unavailable(
        name, $"the environment has no variable {Text.Show(name)}", "Set it for this process, or name another source.");

    /// <summary>Those of the default set that this process has. They are taken only where somebody asked for the set.</summary>
    public static IReadOnlyList<CredentialGrant> FromEnvironment() => [.. DefaultNames().Select(FindInEnvironment).OfType<CredentialGrant>()];

    /// <summary>The content of a file, without the line end at its end.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.CredentialUnavailable"/>: it cannot be read.</exception>
    public static CredentialGrant FromFile(string name, string path)
    {
        try
        {
            return CredentialGrant.Create(name, WithoutLineEnd(File.ReadAllText(path)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw Unavailable(name, $"the file '{path}' cannot be read: {e.Message}", "Check its path and permissions.", e);
        }
    }

    /// <summary>What a command of this machine prints, without the line end at its end: <c>pass show github</c>, <c>op read …</c></summary>
    /// <param name="name">The variable in the task.</param>
    /// <param name="command">The command, for this machine's shell (sh; on Windows cmd). It has no input and no terminal, and 30 seconds.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="DispatchException"><see cref="FailureReason.CredentialUnavailable"/>: it failed, took too long or printed nothing.</exception>
    public static async Task<CredentialGrant> FromCommandAsync(string name, string command, CancellationToken cancellationToken = default)
    {
        string[] line = OperatingSystem.IsWindows() ? ["cmd.exe", "/d", "/c", command] : ["sh", "-c", command];
        var answer = await LocalCommand.AskAsync(line, CommandLimit, cancellationToken).ConfigureAwait(false);
        // What it said on its standard error is not repeated: it is a program that deals in secrets.
        if (answer is not { ExitCode: 0 })
            throw Unavailable(name, answer is null ? $"its command did not end within {CommandLimit.TotalSeconds} seconds" : $"its command ended with code {answer.ExitCode}", "Run the command by hand, without a terminal: 'COMMAND </dev/null'.");
        try
        {
            return CredentialGrant.Create(name, WithoutLineEnd(new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(answer.Output.Span)));
        }
        catch (DecoderFallbackException)
        {
            throw Unavailable(name, "what its command printed is no text in UTF-8", "Have it print the secret encoded.");
        }
    }

    /// <summary>A variable of this process; null where it is not set.</summary>
    internal static CredentialGrant? FindInEnvironment(string name)
    {
        var from = Usual.FirstOrDefault(u => u.Name == name).From ?? [name];
        var value = from.Select(Environment.GetEnvironmentVariable).FirstOrDefault(v => !string.IsNullOrEmpty(v));
        return value is null ? null : CredentialGrant.Create(name, value);
    }

    private static string WithoutLineEnd(string text) => text.EndsWith('\n') ? text[..^1].TrimEnd('\r') : text;

    private static DispatchException Unavailable(string name, string why, string remedy, Exception? inner = null) =>
        new(FailureReason.CredentialUnavailable, $"The credential {Text.OneLine(name, 80)} cannot be had: {why}. Nothing was sent.", remedy, inner);
}
