using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace RemoteDispatch.Credentials;

/// <summary>What GitHub answered: it comes from outside, and is data.</summary>
/// <param name="Status">The status.</param>
/// <param name="Body">The body, where it is an object in JSON; else null.</param>
/// <param name="Date">The server's clock, where it says so.</param>
/// <param name="Location">Where it points to, where it does.</param>
/// <param name="IsLimited">Does it say that there were too many requests?</param>
internal sealed record GitHubAnswer(HttpStatusCode Status, JsonObject? Body, DateTimeOffset? Date, Uri? Location, bool IsLimited)
{
    /// <summary>The largest answer that is read: one with 500 repositories is about 3 MiB.</summary>
    public const int LargestBody = 8 << 20;

    // Of a name that is there twice nobody knows which one is meant.
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>GitHub's own word on what is wrong, fit to be shown; empty where it has none.</summary>
    public string Said => TextOf("message") is { Length: > 0 } message ? $": {Text.OneLine(message, 200)}" : "";

    /// <summary>Reads an answer whole.</summary>
    public static async Task<GitHubAnswer> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var bytes = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
        JsonObject? body = null;
        try
        {
            body = bytes.Length > 0 ? JsonNode.Parse(bytes, documentOptions: Strict) as JsonObject : null;
        }
        catch (JsonException)
        {
            // A page of some proxy: its status is all that can be said of it.
        }

        var isLimited = response.StatusCode == HttpStatusCode.TooManyRequests
            || (response.StatusCode == HttpStatusCode.Forbidden && (response.Headers.RetryAfter is not null
                || (response.Headers.TryGetValues("x-ratelimit-remaining", out var left) && left.Contains("0"))));
        return new GitHubAnswer(response.StatusCode, body, response.Headers.Date, response.Headers.Location, isLimited);
    }

    /// <summary>A text of the body; null where it has none of that name.</summary>
    public string? TextOf(string name) => Body?[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}
