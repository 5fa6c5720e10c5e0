using System.Security.Cryptography;

namespace RemoteDispatch.Fleet;

/// <summary>An ed25519 key in two files, PATH and PATH.pub, as ssh-keygen writes them.</summary>
internal static class KeyPair
{
    public static Task GenerateAsync(string path, string comment, CancellationToken cancellationToken) =>
        Command.RunAsync(
            Tools.Require("ssh-keygen"),
            ["-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path],
            cancellationToken);

    /// <summary>The type and the key without the comment: what known_hosts wants.</summary>
    public static string PublicPart(string publicKeyPath) =>
        string.Join(' ', File.ReadAllText(publicKeyPath).Split(' ', '\n')[..2]);

    public static string Fingerprint(string publicKeyPath)
    {
        var blob = Convert.FromBase64String(PublicPart(publicKeyPath).Split(' ')[1]);
        return "SHA256:" + Convert.ToBase64String(SHA256.HashData(blob)).TrimEnd('=');
    }
}
