using System.Text;

namespace RemoteDispatch.Connections;

/// <summary>
/// The module's own known_hosts file: the whole keys behind the fingerprints that hosts of the inventory are pinned to, which is what
/// ssh wants to see. A line is named after its fingerprint and not after a host: whatever stands here is trusted by nobody until
/// an entry of the inventory names it, and another pin needs no line to be taken back.
/// </summary>
/// <param name="path">The file; it need not be there yet.</param>
/// <param name="time">The clock for waiting.</param>
internal sealed class PinnedKeys(string path, TimeProvider time)
{
    /// <summary>The name under which ssh finds the key of a fingerprint: known_hosts has patterns and lower case, hexadecimal has neither.</summary>
    public static string AliasOf(string fingerprint) =>
        "sha256-" + Convert.ToHexStringLower(Convert.FromBase64String(fingerprint["SHA256:".Length..] + "="));

    /// <summary>Is the key of this fingerprint here?</summary>
    public bool Has(string fingerprint)
    {
        var alias = AliasOf(fingerprint);
        try
        {
            return File.Exists(path) && Lines().Any(l => HostKey.ReadLine(l) is { } line && line.Names == alias && line.Key.Fingerprint == fingerprint);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DispatchException(FailureReason.LocalFile, $"The file of the pinned host keys '{path}' cannot be read: {e.Message}", "Check its owner and permissions.", e);
        }
    }

    /// <summary>Adds a key, under a lock and by replacing the file: others may be added at the same moment, here and in other processes.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.LocalFile"/>.</exception>
    public async Task AddAsync(HostKey key, CancellationToken cancellationToken)
    {
        using var held = await SafeFile.LockAsync(path, time, cancellationToken).ConfigureAwait(false);
        if (Has(key.Fingerprint))
            return;
        var line = $"{AliasOf(key.Fingerprint)} {key.Type} {Convert.ToBase64String(key.Blob)}";
        IEnumerable<string> lines = File.Exists(path) ? [.. Lines(), line] : [line];
        SafeFile.Write(path, Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n"));
    }

    /// <summary>Beside whoever replaces the file at this moment.</summary>
    private IEnumerable<string> Lines()
    {
        using var file = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        while (file.ReadLine() is { } line)
            yield return line;
    }
}
