using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace RemoteDispatch.Credentials;

/// <summary>
/// The three questions that are asked of GitHub: which installation a repository is in, a token of it, and the end of that token. Each takes
/// bounded time and no redirect. Source: GitHub's REST documentation, "REST API endpoints for GitHub Apps" and "… for GitHub App installations".
/// </summary>
internal sealed class GitHubClient(TimeProvider time)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(30);

    // One for all, as its documentation asks; a redirect would carry the token to whoever is named there.
    private static readonly HttpClient Http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(2), ConnectTimeout = TimeSpan.FromSeconds(10),
    })
    {
        MaxResponseContentBufferSize = GitHubAnswer.LargestBody, Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>Where a DELETE ends the token that authorizes it.</summary>
    public static Uri RevocationAddress(Uri api) => new($"{api.AbsoluteUri.TrimEnd('/')}/installation/token");

    /// <summary>Makes a token.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.CredentialUnavailable"/>, and why.</exception>
    public async Task<DispatchToken> CreateAsync(ScopedTokenRequest request, CancellationToken cancellationToken)
    {
        var installation = request.App.InstallationId ?? await FindInstallationAsync(request, cancellationToken).ConfigureAwait(false);
        var body = new JsonObject
        {
            ["repositories"] = new JsonArray([.. request.Repositories.Select(r => JsonValue.Create(r[(r.IndexOf('/', StringComparison.Ordinal) + 1)..]))]),
            ["permissions"] = new JsonObject(request.Permissions.Select(p => KeyValuePair.Create<string, JsonNode?>(p.Name, p.Level.ToString().ToLowerInvariant()))),
        }.ToJsonString();
        // Before it is asked for: what GitHub counts from is later.
        var ends = time.GetUtcNow() + request.ExpiresIn;
        var answer = await AskAsAppAsync(request, HttpMethod.Post, $"app/installations/{installation}/access_tokens", body, cancellationToken).ConfigureAwait(false);
        if (answer.Status != HttpStatusCode.Created)
            throw GitHubRefusal.OfToken(request, answer);
        if (answer.TextOf("token") is not { } value || !DispatchToken.IsValue(value))
            throw GitHubRefusal.NotUnderstood(request, "it gave no token");
        try
        {
            return TokenGrant.Read(request, answer.Body!, value, ends);
        }
        catch (DispatchException)
        {
            await DiscardAsync(request.ApiAddress, value, cancellationToken).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Ends a token. One that has ended already is no error.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.CredentialUnavailable"/>: GitHub cannot be asked.</exception>
    public async Task RevokeAsync(Uri api, string token, CancellationToken cancellationToken)
    {
        var answer = await AskAsync(api, HttpMethod.Delete, "installation/token", token, null, cancellationToken).ConfigureAwait(false);
        if (answer.Status is not (HttpStatusCode.NoContent or HttpStatusCode.Unauthorized))
            throw GitHubRefusal.OfRevocation(api, answer);
    }

    /// <summary>Nobody gets it. That it cannot be revoked is the smaller news of the two.</summary>
    private async Task DiscardAsync(Uri api, string token, CancellationToken cancellationToken)
    {
        try
        {
            await RevokeAsync(api, token, cancellationToken).ConfigureAwait(false);
        }
        catch (DispatchException)
        {
            // It ends within the hour.
        }
    }

    private async Task<long> FindInstallationAsync(ScopedTokenRequest request, CancellationToken cancellationToken)
    {
        var answer = await AskAsAppAsync(request, HttpMethod.Get, $"repos/{request.Repositories[0]}/installation", null, cancellationToken).ConfigureAwait(false);
        if (answer.Status != HttpStatusCode.OK)
            throw GitHubRefusal.OfInstallation(request, answer);
        return answer.Body?["id"] is JsonValue value && value.TryGetValue<long>(out var id) && id > 0 ? id
            : throw GitHubRefusal.NotUnderstood(request, "it gave no installation");
    }

    /// <summary>Asks in the App's name; where GitHub's clock is another than ours, once more by GitHub's.</summary>
    private async Task<GitHubAnswer> AskAsAppAsync(ScopedTokenRequest request, HttpMethod method, string path, string? body, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var answer = await AskAsync(request.ApiAddress, method, path, AppJwt.Create(request.App, now), body, cancellationToken).ConfigureAwait(false);
        if (answer.Status == HttpStatusCode.Unauthorized && answer.Date is { } date && (date - now).Duration() > ClockSkew)
            answer = await AskAsync(request.ApiAddress, method, path, AppJwt.Create(request.App, date), body, cancellationToken).ConfigureAwait(false);
        return answer;
    }

    private async Task<GitHubAnswer> AskAsync(Uri api, HttpMethod method, string path, string bearer, string? body, CancellationToken cancellationToken)
    {
        using var message = new HttpRequestMessage(method, new Uri($"{api.AbsoluteUri.TrimEnd('/')}/{path}"));
        message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        message.Headers.Accept.ParseAdd("application/vnd.github+json");
        message.Headers.UserAgent.ParseAdd("RemoteDispatch");
        message.Headers.Add("X-GitHub-Api-Version", "2022-11-28");
        if (body is not null)
            message.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var limit = new CancellationTokenSource(Limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using var response = await Http.SendAsync(message, HttpCompletionOption.ResponseContentRead, either.Token).ConfigureAwait(false);
            return await GitHubAnswer.ReadAsync(response, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw GitHubRefusal.Silent(api, $"it did not answer within {Limit.TotalSeconds} seconds", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw GitHubRefusal.Silent(api, Text.OneLine(e.InnerException?.Message ?? e.Message, 200), e);
        }
    }
}
