using System.CommandLine;
using System.CommandLine.Parsing;
using RemoteDispatch.Credentials;

namespace RemoteDispatch.Cli.Verbs;

/// <summary>The token of GitHub that <c>run</c> has made for its task. The App's key is never a word of a command line.</summary>
internal static class TokenOptions
{
    public static readonly Option<string[]> Repositories = new("--scoped-token")
    {
        Description = "Make the task a token of GitHub for this repository, as its GH_TOKEN, and revoke it at the task's end; may be given several times, for repositories of one owner.",
        HelpName = "OWNER/REPO",
    };
    public static readonly Option<string[]> Permissions = new("--token-permission")
    {
        Description = "What the token may do, as 'contents:write'; may be given several times, or with commas between.", HelpName = "NAME:LEVEL",
    };
    public static readonly Option<TimeSpan?> ExpiresIn = Common.Span("--token-expires-in", "When the token is revoked at the latest. [default: 1h, which is the most]");
    public static readonly Option<string?> AppId = new("--app-id") { Description = $"The GitHub App that makes the token: its client id or number. [default: {GitHubApp.IdVariable}]", HelpName = "ID" };
    public static readonly Option<string?> KeyFile = new("--app-key-file") { Description = $"The App's private key: a .pem file here. [default: {GitHubApp.KeyFileVariable}]", HelpName = "PATH" };
    public static readonly Option<string?> KeyCommand = new("--app-key-command") { Description = "The App's private key: what a command here prints.", HelpName = "COMMAND" };
    public static readonly Option<string?> KeyVariable = new("--app-key-env") { Description = $"The App's private key: a variable of this environment. [default: {GitHubApp.KeyVariable}]", HelpName = "NAME" };
    public static readonly Option<string?> Api = new("--github-api") { Description = $"The address of GitHub's API. [default: {ScopedTokenRequest.ApiVariable}, or https://api.github.com]", HelpName = "URL" };

    private static readonly Option[] Others = [Permissions, ExpiresIn, AppId, KeyFile, KeyCommand, KeyVariable, Api];

    /// <summary>All of them, for the verb's options.</summary>
    public static IReadOnlyList<Option> All { get; } = [Repositories, .. Others];

    /// <summary>Finds what does not fit together.</summary>
    public static void Validate(CommandResult result)
    {
        if (result.GetResult(Repositories) is null && Others.FirstOrDefault(o => result.GetResult(o) is not null) is { } alone)
            result.AddError($"{alone.Name} is about the token that --scoped-token asks for.");
        if (new Option[] { KeyFile, KeyCommand, KeyVariable }.Count(o => result.GetResult(o) is not null) > 1)
            result.AddError("Of --app-key-file, --app-key-command and --app-key-env one is enough.");
    }

    /// <summary>What token the task is to have; null for none. GitHub is not asked yet.</summary>
    /// <exception cref="DispatchException">A part of it cannot be had or used.</exception>
    public static async Task<ScopedTokenRequest?> ReadAsync(Invocation run)
    {
        if (run.Get(Repositories) is not { Length: > 0 } repositories)
            return null;
        var key = await CredentialOptions.FetchOneAsync(run, "APP_KEY", KeyFile, KeyCommand, KeyVariable).ConfigureAwait(false);
        return ScopedTokenRequest.Create(
            GitHubApp.FromEnvironment(run.Get(AppId), key), repositories, TokenRight.Parse(run.Get(Permissions) ?? []), run.Get(ExpiresIn), run.Get(Api));
    }
}
