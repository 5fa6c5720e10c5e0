using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace RemoteDispatch.Fleet;

/// <summary>
/// A double of GitHub's API on the loopback interface: it has one App that is installed on a few repositories, checks what the App says of itself
/// (signature, times, id), grants what the App may, and knows which tokens live. It is no GitHub: it does what the documentation says.
/// </summary>
public sealed class GitHubDouble : IAsyncDisposable
{
    /// <summary>The App's id.</summary>
    public const string AppId = "Iv23double";

    private readonly HttpListener _listener;
    private readonly RSA _key = RSA.Create(2048);
    private readonly Task _serving;
    private readonly ConcurrentDictionary<string, JsonObject> _live = [];
    private readonly TimeProvider _time;

    /// <summary>Begins to listen on a free port.</summary>
    public GitHubDouble(TimeProvider? time = null)
    {
        _time = time ?? TimeProvider.System;
        _listener = Listen(out var port);
        Address = $"http://127.0.0.1:{port}/api/v3";
        _serving = ServeAsync();
    }

    /// <summary>The API's address, with a path as GitHub Enterprise's has one.</summary>
    public string Address { get; }

    /// <summary>The App's private key as GitHub gives it out (PKCS#1).</summary>
    public string KeyPem => _key.ExportRSAPrivateKeyPem();

    /// <summary>The same in PKCS#8.</summary>
    public string KeyPkcs8Pem => _key.ExportPkcs8PrivateKeyPem();

    /// <summary>The repositories that the App is installed on.</summary>
    public IReadOnlyList<string> Installed { get; set; } = ["octo/one", "octo/two"];

    /// <summary>What the App may do.</summary>
    public IReadOnlyDictionary<string, string> Permissions { get; set; } =
        new Dictionary<string, string>(StringComparer.Ordinal) { ["contents"] = "write", ["pull_requests"] = "write", ["metadata"] = "read", ["issues"] = "read" };

    /// <summary>How far its clock is ahead of the machine's.</summary>
    public TimeSpan Ahead { get; set; }

    /// <summary>Does something else with a request, and says whether it did.</summary>
    public Func<HttpListenerContext, Task<bool>>? Instead { get; set; }

    /// <summary>Changes what is said of a new token.</summary>
    public Action<JsonObject>? Grant { get; set; }

    /// <summary>The requests so far: <c>METHOD PATH STATUS</c>.</summary>
    public ConcurrentQueue<string> Requests { get; } = [];

    /// <summary>The tokens that live.</summary>
    public IReadOnlyList<string> Live => [.. _live.Keys];

    /// <summary>All tokens that were ever made.</summary>
    public ConcurrentQueue<string> Made { get; } = [];

    private DateTimeOffset Now => _time.GetUtcNow() + Ahead;

    /// <summary>Waits until no token lives.</summary>
    public async Task UntilNoneLivesAsync(CancellationToken cancellationToken)
    {
        while (!_live.IsEmpty || Made.IsEmpty)
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ends it.</summary>
    public async ValueTask DisposeAsync()
    {
        _listener.Close();
        await _serving.ConfigureAwait(false);
        _key.Dispose();
    }

    private static HttpListener Listen(out int port)
    {
        while (true)
        {
            port = RandomNumberGenerator.GetInt32(20_000, 60_000);
            var listener = new HttpListener();
            listener.Prefixes.Add($"http://127.0.0.1:{port}/");
            try
            {
                listener.Start();
                return listener;
            }
            catch (HttpListenerException)
            {
                // Somebody else's port: another.
                listener.Close();
            }
        }
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync().ConfigureAwait(false);
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            _ = Task.Run(() => AnswerAsync(context));
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        try
        {
            if (Instead is { } other && await other(context).ConfigureAwait(false))
                return;
            using var reader = new StreamReader(context.Request.InputStream);
            var (status, body) = Decide(context.Request, await reader.ReadToEndAsync().ConfigureAwait(false));
            Requests.Enqueue($"{context.Request.HttpMethod} {context.Request.Url!.AbsolutePath} {status}");
            Reply(context, status, body);
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or IOException)
        {
            // Whoever asked is gone.
        }
    }

    /// <summary>Sends an answer.</summary>
    public void Reply(HttpListenerContext context, int status, JsonObject? body)
    {
        context.Response.StatusCode = status;
        context.Response.Headers["Date"] = Now.ToString("r", CultureInfo.InvariantCulture);
        var bytes = Encoding.UTF8.GetBytes(body?.ToJsonString() ?? "");
        if (bytes.Length > 0)
            context.Response.ContentType = "application/json";
        context.Response.Close(bytes, willBlock: true);
    }

    private (int Status, JsonObject? Body) Decide(HttpListenerRequest request, string body)
    {
        var path = request.Url!.AbsolutePath["/api/v3".Length..];
        var bearer = request.Headers["Authorization"]?.Split(' ', 2) is ["Bearer", var value] ? value : "";
        if (request.HttpMethod == "DELETE" && path == "/installation/token")
            return _live.TryRemove(bearer, out _) ? (204, null) : (401, Message("Bad credentials"));
        if (path == "/installation/repositories")
            return _live.TryGetValue(bearer, out var token) && DateTimeOffset.Parse((string)token["expires_at"]!, CultureInfo.InvariantCulture) > Now
                ? (200, new JsonObject { ["repositories"] = token["repositories"]!.DeepClone() }) : (401, Message("Bad credentials"));
        if (WrongJwt(bearer) is { } wrong)
            return (401, Message(wrong));
        if (request.HttpMethod == "GET" && path.StartsWith("/repos/", StringComparison.Ordinal) && path.EndsWith("/installation", StringComparison.Ordinal))
            return Installed.Contains(path["/repos/".Length..^"/installation".Length], StringComparer.OrdinalIgnoreCase) ? (200, new JsonObject { ["id"] = 4711 }) : (404, Message("Not Found"));
        return request.HttpMethod == "POST" && path == "/app/installations/4711/access_tokens" ? Create((JsonObject)JsonNode.Parse(body)!) : (404, Message("Not Found"));
    }

    private (int Status, JsonObject? Body) Create(JsonObject wanted)
    {
        var repositories = wanted["repositories"]!.AsArray().Select(r => $"octo/{r}").ToArray();
        if (repositories.Except(Installed, StringComparer.OrdinalIgnoreCase).Any())
            return (422, Message("There is at least one repository that does not exist or is not accessible to the parent installation."));
        var permissions = wanted["permissions"]!.AsObject().ToDictionary(p => p.Key, p => (string)p.Value!);
        if (permissions.Any(p => !Permissions.TryGetValue(p.Key, out var most) || (p.Value != most && most != "admin" && p.Value != "read")))
            return (422, Message("The permissions requested are not granted to this installation."));
        var value = "ghs_" + RandomNumberGenerator.GetHexString(36, lowercase: true);
        permissions.TryAdd("metadata", "read");
        var token = new JsonObject
        {
            ["token"] = value,
            ["expires_at"] = Now.AddHours(1).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
            ["permissions"] = new JsonObject(permissions.Select(p => KeyValuePair.Create<string, JsonNode?>(p.Key, p.Value))),
            ["repository_selection"] = "selected",
            ["repositories"] = new JsonArray([.. repositories.Select(r => new JsonObject { ["full_name"] = r })]),
        };
        _live[value] = (JsonObject)token.DeepClone();
        Made.Enqueue(value);
        Grant?.Invoke(token);
        return (201, token);
    }

    /// <summary>What is wrong with an App's word; null where nothing is. In GitHub's own words.</summary>
    private string? WrongJwt(string text)
    {
        var parts = text.Split('.');
        if (parts.Length != 3 || text.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.')))
            return "A JSON web token could not be decoded";
        var (header, claims) = (Decode(parts[0]), Decode(parts[1]));
        if ((string?)header["alg"] != "RS256" || (string?)claims["iss"] != AppId
            || !_key.VerifyData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), System.Buffers.Text.Base64Url.DecodeFromChars(parts[2]), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))
            return "A JSON web token could not be decoded";
        var (from, until, now) = ((long)claims["iat"]!, (long)claims["exp"]!, Now.ToUnixTimeSeconds());
        if (from > now)
            return "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued";
        if (until <= now)
            return "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires";
        return until - now > 600 || until - from > 660 ? "'Expiration time' claim ('exp') is too far in the future" : null;

        static JsonObject Decode(string part) => (JsonObject)JsonNode.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(part))!;
    }

    private static JsonObject Message(string text) => new() { ["message"] = text, ["documentation_url"] = "https://docs.github.com/rest" };
}
