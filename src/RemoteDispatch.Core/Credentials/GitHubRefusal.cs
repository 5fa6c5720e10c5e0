using System.Globalization;
using System.Net;

namespace RemoteDispatch.Credentials;

/// <summary>Why there is no token, and what to do: GitHub's answers in words that help.</summary>
internal static class GitHubRefusal
{
    private const string LookAtSettings = "Look at the App's settings on GitHub.";

    /// <summary>The installation was not found.</summary>
    public static DispatchException OfInstallation(ScopedTokenRequest request, GitHubAnswer answer) => Common(request, answer) ?? (answer.Status switch
    {
        HttpStatusCode.NotFound => Unavailable(
            $"{request.App} is not installed on {request.Repositories[0]}, or there is no such repository{answer.Said}",
            "Check the spelling; install the App on it: the App's settings, 'Install App'."),
        _ => Other(request.ApiAddress, answer),
    });

    /// <summary>The token was not made.</summary>
    public static DispatchException OfToken(ScopedTokenRequest request, GitHubAnswer answer) => Common(request, answer) ?? (answer.Status switch
    {
        HttpStatusCode.NotFound => Unavailable($"the installation of {request.App} is not there{answer.Said}", $"Check {GitHubApp.InstallationVariable}, or unset it: GitHub is asked then."),
        HttpStatusCode.UnprocessableEntity => Unavailable(
            $"GitHub does not grant {request} to {request.App}{answer.Said}",
            "Give the App these permissions and repositories: its settings, 'Permissions' and 'Install App'; the installation's owner has to accept them."),
        _ => Other(request.ApiAddress, answer),
    });

    /// <summary>The token was not revoked.</summary>
    public static DispatchException OfRevocation(Uri api, GitHubAnswer answer) => new(
        FailureReason.CredentialUnavailable, $"The token was not revoked: {api.Host} answered {Number(answer)}{answer.Said}.", "Try again; it ends by itself an hour after it was made.");

    /// <summary>The server could not be asked.</summary>
    public static DispatchException Silent(Uri api, string why, Exception inner) => Unavailable(
        $"{api.Host} cannot be asked: {why.TrimEnd('.')}", "Check the network, the proxy (HTTPS_PROXY) and the API's address; try again.", inner);

    /// <summary>The answer is not what the documentation says.</summary>
    public static DispatchException NotUnderstood(ScopedTokenRequest request, string why) => Unavailable(
        $"{request.ApiAddress.Host} answered something that is not understood: {why}", $"Check the API's address (-ApiAddress, --github-api, {ScopedTokenRequest.ApiVariable}).");

    /// <summary>There is no token.</summary>
    public static DispatchException Unavailable(string why, string remedy, Exception? inner = null) =>
        new(FailureReason.CredentialUnavailable, $"The token cannot be had: {why}. Nothing was sent.", remedy, inner);

    private static DispatchException? Common(ScopedTokenRequest request, GitHubAnswer answer)
    {
        if (answer.IsLimited)
            return Unavailable($"GitHub limits how often {request.App} may ask{answer.Said}", "Wait, and try again.");
        return answer.Status switch
        {
            HttpStatusCode.Unauthorized => Unavailable(
                $"GitHub does not believe that this is {request.App}{answer.Said}", $"Check that the id and the key are of the same App, that the key was not deleted, and this machine's clock. {LookAtSettings}"),
            HttpStatusCode.Forbidden => Unavailable($"GitHub forbids it to {request.App}{answer.Said}", $"Is the installation suspended? {LookAtSettings}"),
            >= HttpStatusCode.MultipleChoices and < HttpStatusCode.BadRequest => Unavailable(
                $"{request.ApiAddress.Host} points to another place{(answer.Location is { IsAbsoluteUri: true } to ? $" ({Text.OneLine(to.Host, 100)})" : "")}, which is not followed",
                "A repository that was renamed goes by its new name; otherwise correct the API's address."),
            >= HttpStatusCode.InternalServerError => Unavailable($"{request.ApiAddress.Host} is not well: it answered {Number(answer)}{answer.Said}", "Try again in a while (githubstatus.com)."),
            _ => null,
        };
    }

    private static DispatchException Other(Uri api, GitHubAnswer answer) =>
        Unavailable($"{api.Host} answered {Number(answer)}{answer.Said}", $"Check the API's address (-ApiAddress, --github-api, {ScopedTokenRequest.ApiVariable}).");

    private static string Number(GitHubAnswer answer) => ((int)answer.Status).ToString(CultureInfo.InvariantCulture);
}
