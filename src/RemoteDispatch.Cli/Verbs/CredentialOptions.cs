using System.CommandLine;
using System.CommandLine.Parsing;
using RemoteDispatch.Credentials;

namespace RemoteDispatch.Cli.Verbs;

/// <summary>Where <c>run</c> takes a task's secrets from. None is ever a word of a command line.</summary>
internal static class CredentialOptions
{
    public static readonly Option<string[]> Variables = new("--env-secret")
    {
        Description = "A variable of this environment that the task gets as a secret; may be given several times.", HelpName = "NAME",
    };
    public static readonly Option<string[]> Files = new("--secret-file")
    {
        Description = "A secret for the task that is in a file here; may be given several times.", HelpName = "NAME=PATH",
    };
    public static readonly Option<string[]> Commands = new("--secret-command")
    {
        Description = "A secret for the task that a command here prints; may be given several times.", HelpName = "NAME=COMMAND",
    };
    public static readonly Option<bool> Usual = new("--forward-default-credentials")
    {
        Description = $"Give the task those of {string.Join(", ", CredentialSource.UsualNames)} that this environment has, or of those that {CredentialSource.SetVariable} names.",
    };

    /// <summary>All of them, for the verb's options.</summary>
    public static IReadOnlyList<Option> All { get; } = [Variables, Files, Commands, Usual];

    /// <summary>Finds what is no NAME=VALUE. The text behind the name is not repeated: somebody may have put the secret itself there.</summary>
    public static void Validate(CommandResult result)
    {
        foreach (var option in new[] { Files, Commands })
        {
            if (result.GetResult(option)?.Tokens.Any(t => t.Value.IndexOf('=', StringComparison.Ordinal) < 1) is true)
                result.AddError($"{option.Name} wants {option.HelpName}.");
        }
    }

    /// <summary>Fetches them, once, before anything is sent.</summary>
    /// <exception cref="DispatchException">One of them cannot be had.</exception>
    public static async Task<IReadOnlyList<CredentialGrant>> FetchAsync(Invocation run)
    {
        var grants = new List<CredentialGrant>();
        grants.AddRange((run.Get(Variables) ?? []).Select(CredentialSource.FromEnvironment));
        grants.AddRange((run.Get(Files) ?? []).Select(Cut).Select(f => CredentialSource.FromFile(f.Name, f.Value)));
        foreach (var (name, command) in (run.Get(Commands) ?? []).Select(Cut))
            grants.Add(await CredentialSource.FromCommandAsync(name, command, run.Token).ConfigureAwait(false));
        if (run.Get(Usual))
            grants.AddRange(CredentialSource.FromEnvironment().Where(g => grants.All(given => given.Name != g.Name) && (g.Name != ScopedTokenRequest.Variable || run.Get(TokenOptions.Repositories) is not { Length: > 0 })));
        return grants;

        static (string Name, string Value) Cut(string text) => text.IndexOf('=', StringComparison.Ordinal) is var at ? (text[..at], text[(at + 1)..]) : default;
    }

    /// <summary>Fetches one from whichever of three sources is named; null where none is.</summary>
    /// <exception cref="DispatchException">It cannot be had.</exception>
    public static async Task<CredentialGrant?> FetchOneAsync(Invocation run, string name, Option<string?> file, Option<string?> command, Option<string?> variable)
    {
        if (run.Get(file) is { } path)
            return CredentialSource.FromFile(name, path);
        if (run.Get(command) is { } text)
            return await CredentialSource.FromCommandAsync(name, text, run.Token).ConfigureAwait(false);
        return run.Get(variable) is { } other ? CredentialSource.FromEnvironment(other) : null;
    }
}
