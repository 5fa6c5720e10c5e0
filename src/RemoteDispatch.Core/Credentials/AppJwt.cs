using System.Buffers.Text;
using System.Text;
using System.Text.Json.Nodes;

namespace RemoteDispatch.Credentials;

/// <summary>
/// By what an App shows GitHub who it is: a JSON Web Token, signed by its key (RS256). Source: RFC 7519; GitHub's documentation,
/// "Generating a JSON Web Token (JWT) for a GitHub App".
/// </summary>
internal static class AppJwt
{
    // Both clocks are never the same: it began a minute ago, and the ten minutes that GitHub allows at most are not used up.
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan After = TimeSpan.FromMinutes(8);

    private static readonly string Header = Base64Url.EncodeToString("""{"alg":"RS256","typ":"JWT"}"""u8);

    /// <summary>Makes one that holds for a few minutes around a moment of GitHub's clock.</summary>
    public static string Create(GitHubApp app, DateTimeOffset now)
    {
        var claims = new JsonObject
        {
            ["iat"] = (now - Before).ToUnixTimeSeconds(),
            ["exp"] = (now + After).ToUnixTimeSeconds(),
            ["iss"] = app.Id,
        };
        var signed = $"{Header}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims.ToJsonString()))}";
        return $"{signed}.{Base64Url.EncodeToString(app.Sign(Encoding.ASCII.GetBytes(signed)))}";
    }
}
