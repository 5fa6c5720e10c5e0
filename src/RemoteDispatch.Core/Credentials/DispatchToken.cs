using System.Security;
using System.Text.RegularExpressions;

namespace RemoteDispatch.Credentials;

/// <summary>
/// A token of GitHub for a few repositories and a few things to do, as GitHub granted it. Its value prints as <c>***</c>, and is in no equality,
/// no hash and no JSON.
/// </summary>
public sealed partial class DispatchToken
{
    internal DispatchToken(string value, DateTimeOffset expires, IReadOnlyList<string> repositories, IReadOnlyList<TokenRight> permissions, Uri apiAddress)
    {
        Grant = CredentialGrant.Create(ScopedTokenRequest.Variable, value);
        (Expires, Repositories, Permissions, ApiAddress) = (expires, repositories, permissions, apiAddress);
        Token = new SecureString();
        foreach (var one in value)
            Token.AppendChar(one);
        Token.MakeReadOnly();
    }

    /// <summary>The token itself.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public SecureString Token { get; }

    /// <summary>When it ends at the latest: by itself, or revoked by whoever made it.</summary>
    public DateTimeOffset Expires { get; }

    /// <summary>The repositories that it is for.</summary>
    public IReadOnlyList<string> Repositories { get; }

    /// <summary>What it may do.</summary>
    public IReadOnlyList<TokenRight> Permissions { get; }

    /// <summary>Where it holds.</summary>
    public Uri ApiAddress { get; }

    /// <summary>Has this process revoked it?</summary>
    public bool IsRevoked { get; internal set; }

    /// <summary>The same as a task's variable.</summary>
    internal CredentialGrant Grant { get; }

    /// <summary>Stars.</summary>
    public override string ToString() => "***";

    /// <summary>Is this what a token looks like? It becomes part of a header, here and on the host.</summary>
    internal static bool IsValue(string text) => ValuePattern().IsMatch(text);

    [GeneratedRegex(@"\A[A-Za-z0-9._~+/=-]{10,4096}\z")]
    private static partial Regex ValuePattern();
}
