using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace RemoteDispatch.Credentials;

/// <summary>
/// A GitHub App, in whose name tokens are made: its id and its private key. The key is in no text, no equality and no JSON, and leaves this
/// object by signing alone.
/// </summary>
public sealed partial class GitHubApp
{
    /// <summary>The variable that holds the App's id.</summary>
    public const string IdVariable = "REMOTE_DISPATCH_GITHUB_APP_ID";

    /// <summary>The variable that holds the App's key, as PEM.</summary>
    public const string KeyVariable = "REMOTE_DISPATCH_GITHUB_APP_KEY";

    /// <summary>The variable that holds the path of the App's key.</summary>
    public const string KeyFileVariable = "REMOTE_DISPATCH_GITHUB_APP_KEY_FILE";

    /// <summary>The variable that holds the App's installation; without it, GitHub is asked for the repository's.</summary>
    public const string InstallationVariable = "REMOTE_DISPATCH_GITHUB_INSTALLATION_ID";

    private const string WhereKeysAre = "GitHub gives it out as a .pem file: the App's settings, 'Private keys'.";

    private readonly RSAParameters _key;

    private GitHubApp(string id, long? installationId, RSAParameters key) => (Id, InstallationId, _key) = (id, installationId, key);

    /// <summary>The App's client id (<c>Iv23…</c>), or its number.</summary>
    public string Id { get; }

    /// <summary>The installation, where it is given; null to ask GitHub for the one that the repository is in.</summary>
    public long? InstallationId { get; }

    /// <summary>Makes an App of its parts.</summary>
    /// <param name="id">Its client id or number.</param>
    /// <param name="key">Its private key, as PEM (PKCS#1 or PKCS#8). Line ends may be written as <c>\n</c>, as some variables have them.</param>
    /// <param name="installationId">The installation; null to ask for it.</param>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: one of them cannot be used. The key is not in the message.</exception>
    public static GitHubApp Create(string id, string key, long? installationId = null)
    {
        if (!IdPattern().IsMatch(id))
            throw Invalid($"{Text.Show(id)} is no id of a GitHub App.", "Take the client id (Iv23…) or the number from the App's settings.");
        if (installationId <= 0)
            throw Invalid("The number of an installation is more than 0.", "Leave it out: GitHub is asked for it.");
        var pem = key.Contains('\n', StringComparison.Ordinal) ? key : key.Replace("\\n", "\n", StringComparison.Ordinal);
        if (pem.Contains("ENCRYPTED", StringComparison.Ordinal))
            throw Invalid("The App's key is encrypted with a passphrase, for which nobody can be asked.", "Keep it in a vault without one, or decrypt it by a command (openssl pkey).");
        if (pem.Contains("PUBLIC KEY", StringComparison.Ordinal))
            throw Invalid("The App's key is a public one, which cannot sign.", WhereKeysAre);
        try
        {
            using var rsa = RSA.Create();
            rsa.ImportFromPem(pem);
            return rsa.KeySize >= 2048 ? new GitHubApp(id, installationId, rsa.ExportParameters(includePrivateParameters: true))
                : throw Invalid($"The App's key has {rsa.KeySize} bits, and 2048 is the least.", WhereKeysAre);
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            // Not with the inner exception: nobody knows what it repeats.
            throw Invalid("The App's key is no RSA private key in PEM form.", WhereKeysAre);
        }
    }

    /// <summary>The App that this environment names. What is given comes first.</summary>
    /// <param name="id">Its id; null for <see cref="IdVariable"/>.</param>
    /// <param name="key">Its key; null for <see cref="KeyVariable"/>, or the file that <see cref="KeyFileVariable"/> names.</param>
    /// <exception cref="DispatchException"><see cref="FailureReason.CredentialUnavailable"/>: a part is missing.</exception>
    public static GitHubApp FromEnvironment(string? id = null, CredentialGrant? key = null)
    {
        id ??= Variable(IdVariable) ?? throw new DispatchException(
            FailureReason.CredentialUnavailable, "Which GitHub App is to make the token is not said.", $"Name its id (-AppId, --app-id), or set {IdVariable}.");
        key ??= CredentialSource.FindInEnvironment(KeyVariable)
            ?? (Variable(KeyFileVariable) is { } path ? CredentialSource.FromFile("APP_KEY", path) : throw new DispatchException(
                FailureReason.CredentialUnavailable, "The key of the GitHub App that is to make the token is not here.",
                $"Name it (-AppKey, --app-key-file), or set {KeyFileVariable} to the path of its .pem file."));
        long? installation = Variable(InstallationVariable) is not { } text ? null
            : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
            : throw Invalid($"{Text.Show(text)} is no number of an installation.", $"Unset {InstallationVariable}: GitHub is asked for it.");
        return Create(id, key.Reveal(), installation);
    }

    /// <summary>The App's id; the key is not shown.</summary>
    public override string ToString() => $"GitHub App {Id}";

    /// <summary>Signs as RS256 does.</summary>
    internal byte[] Sign(ReadOnlySpan<byte> data)
    {
        using var rsa = RSA.Create(_key);
        return rsa.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    private static DispatchException Invalid(string message, string remedy) => new(FailureReason.InvalidInput, message, remedy);

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,99}\z")]
    private static partial Regex IdPattern();
}
