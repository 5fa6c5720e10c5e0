using System.Security.Cryptography;

namespace RemoteDispatch.Connections;

/// <summary>The public key by which a host is known.</summary>
public sealed record HostKey
{
    private HostKey(string type, byte[] blob) => (Type, Blob) = (type, blob);

    /// <summary>Its kind, in SSH's own words: <c>ssh-ed25519</c>, <c>ecdsa-sha2-nistp256</c>, <c>ssh-rsa</c>.</summary>
    public string Type { get; }

    /// <summary>What people compare: <c>SHA256:</c> and 43 characters of base64, as ssh prints it.</summary>
    public string Fingerprint => FingerprintOf(Blob);

    /// <summary>The key itself, as it stands in a known_hosts file, decoded.</summary>
    internal byte[] Blob { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Fingerprint} ({Type})";

    /// <inheritdoc/>
    public bool Equals(HostKey? other) => other is not null && Type == other.Type && Blob.AsSpan().SequenceEqual(other.Blob);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Type, Fingerprint);

    /// <summary>Reads a line of a known_hosts file (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"); null where it holds no plain key.</summary>
    internal static (string Names, HostKey Key)? ReadLine(string line)
    {
        var words = line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        // A line that begins with '@' is about an authority, or a key that is revoked.
        if (words.Length < 3 || words[0].StartsWith('#') || words[0].StartsWith('@'))
            return null;
        try
        {
            return (words[0], new HostKey(words[1], Convert.FromBase64String(words[2])));
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static string FingerprintOf(byte[] blob) => "SHA256:" + Convert.ToBase64String(SHA256.HashData(blob)).TrimEnd('=');
}
