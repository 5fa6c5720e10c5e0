using System.Text.RegularExpressions;

namespace RemoteDispatch.Credentials;

/// <summary>What token is wanted: for which repositories, to do what, for how long, made by which App. It never changes.</summary>
public sealed partial class ScopedTokenRequest
{
    /// <summary>The variable that holds the address of GitHub's API, where it is another than <c>https://api.github.com</c>.</summary>
    public const string ApiVariable = "GITHUB_API_URL";

    /// <summary>The variable of the task that a token becomes.</summary>
    public const string Variable = "GH_TOKEN";

    /// <summary>How long GitHub lets every such token live.</summary>
    public static readonly TimeSpan LongestLife = TimeSpan.FromHours(1);

    private static readonly Uri PublicApi = new("https://api.github.com");

    private ScopedTokenRequest(GitHubApp app, IReadOnlyList<string> repositories, IReadOnlyList<TokenRight> permissions, TimeSpan expiresIn, Uri apiAddress) =>
        (App, Repositories, Permissions, ExpiresIn, ApiAddress) = (app, repositories, permissions, expiresIn, apiAddress);

    /// <summary>Who makes it.</summary>
    public GitHubApp App { get; }

    /// <summary>For which repositories: <c>owner/name</c>, all of one owner.</summary>
    public IReadOnlyList<string> Repositories { get; }

    /// <summary>To do what.</summary>
    public IReadOnlyList<TokenRight> Permissions { get; }

    /// <summary>When it is revoked at the latest.</summary>
    public TimeSpan ExpiresIn { get; }

    /// <summary>Where GitHub's API is; <c>https://HOST/api/v3</c> for GitHub Enterprise Server.</summary>
    public Uri ApiAddress { get; }

    /// <summary>The owner of the repositories.</summary>
    internal string Owner => Repositories[0][..Repositories[0].IndexOf('/', StringComparison.Ordinal)];

    /// <summary>Makes one, and checks everything that can be checked without asking GitHub.</summary>
    /// <param name="app">Who makes it.</param>
    /// <param name="repositories"><c>owner/name</c>, any number of one owner; each text may hold several, with commas between.</param>
    /// <param name="permissions">At least one.</param>
    /// <param name="expiresIn">At most <see cref="LongestLife"/>, which null is.</param>
    /// <param name="apiAddress">Null for <see cref="ApiVariable"/>, or else github.com's.</param>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: a part cannot be used.</exception>
    public static ScopedTokenRequest Create(
        GitHubApp app, IEnumerable<string> repositories, IReadOnlyList<TokenRight> permissions, TimeSpan? expiresIn = null, string? apiAddress = null)
    {
        var names = repositories.SelectMany(r => r.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            .Distinct(StringComparer.OrdinalIgnoreCase).ToArray();
        if (names.FirstOrDefault(n => !RepositoryPattern().IsMatch(n)) is { } wrong)
            throw Invalid($"{Text.Show(wrong)} is no repository.", "Write it as owner/name.");
        if (names.Length is 0 or > 500)
            throw Invalid("A token is for at least one repository, and for 500 at most.", "Name them as owner/name.");
        var owners = names.Select(n => n.Split('/')[0]).Distinct(StringComparer.OrdinalIgnoreCase).ToArray();
        if (owners.Length > 1)
            throw Invalid($"A token is for the repositories of one owner, and these are of {string.Join(" and ", owners)}.", "Make a token for each owner.");
        if (permissions.Count == 0)
            throw Invalid("What the token may do is not said, and without a word GitHub would let it do all that the App may.", "Name permissions: contents:write,pull_requests:write.");
        var life = expiresIn ?? LongestLife;
        if (life < TimeSpan.FromSeconds(1) || life > LongestLife)
            throw Invalid("GitHub lets such a token live for an hour, and not longer; one that lives shorter is revoked at its time.", "Take between 1s and 1h; a task that runs longer can make a token of its own.");
        return new ScopedTokenRequest(app, names, [.. permissions.OrderBy(p => p.Name, StringComparer.Ordinal)], life, AddressOf(apiAddress));
    }

    /// <summary>What is wanted, in a few words and without any secret.</summary>
    public override string ToString() => $"{string.Join(", ", Repositories)} ({string.Join(", ", Permissions)})";

    private static Uri AddressOf(string? given)
    {
        var text = given ?? Environment.GetEnvironmentVariable(ApiVariable);
        if (string.IsNullOrEmpty(text))
            return PublicApi;
        var isAddress = Uri.TryCreate(text, UriKind.Absolute, out var address) && address.UserInfo.Length == 0 && address.Query.Length == 0 && address.Fragment.Length == 0;
        // The App's word and the token travel there: in the clear to this machine alone.
        if (!isAddress || !(address!.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback)))
            throw Invalid($"{Text.Show(text)} is no address of GitHub's API.", "Write https://api.github.com, or https://HOST/api/v3 for GitHub Enterprise Server.");
        return address;
    }

    private static DispatchException Invalid(string message, string remedy) => new(FailureReason.InvalidInput, message, remedy);

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9_-]{0,99}/(?!\.{1,2}\z)[A-Za-z0-9._-]{1,100}\z")]
    private static partial Regex RepositoryPattern();
}
