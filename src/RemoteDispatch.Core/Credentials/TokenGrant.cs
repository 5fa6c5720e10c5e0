using System.Globalization;
using System.Text.Json.Nodes;

namespace RemoteDispatch.Credentials;

/// <summary>Compares what GitHub granted with what was asked: less is of no use, and more is a danger.</summary>
internal static class TokenGrant
{
    /// <summary>The token as it was granted.</summary>
    /// <exception cref="DispatchException">It is not what was asked for.</exception>
    public static DispatchToken Read(ScopedTokenRequest request, JsonObject body, string value, DateTimeOffset ends)
    {
        try
        {
            var granted = (body["permissions"] as JsonObject ?? []).Select(p => (p.Key, Level: TokenRight.LevelOf((string?)p.Value ?? "")))
                .Where(p => p.Level is not null).Select(p => new TokenRight(p.Key, p.Level!.Value)).OrderBy(p => p.Name, StringComparer.Ordinal).ToArray();
            var lacking = request.Permissions.Where(wanted => !granted.Any(p => p.Name == wanted.Name && p.Level >= wanted.Level)).ToArray();
            if (lacking.Length > 0)
            {
                throw GitHubRefusal.Unavailable(
                    $"GitHub granted less than was asked for: {string.Join(", ", lacking)} is missing",
                    "Give the App that permission in its settings, and have the installation's owner accept it.");
            }

            // Without the list it would be for all that the App is installed on.
            var repositories = (body["repositories"] as JsonArray)?.Select(r => (string?)r?["full_name"] ?? "").ToArray();
            if (repositories is null || repositories.Length != request.Repositories.Count || repositories.Except(request.Repositories, StringComparer.OrdinalIgnoreCase).Any())
                throw GitHubRefusal.NotUnderstood(request, "the token is for other repositories than were asked for");
            var expires = DateTimeOffset.Parse((string?)body["expires_at"] ?? "", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
            return new DispatchToken(value, ends < expires ? ends : expires, repositories, granted, request.ApiAddress);
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException or ArgumentException)
        {
            throw GitHubRefusal.NotUnderstood(request, "what it granted cannot be read");
        }
    }
}
