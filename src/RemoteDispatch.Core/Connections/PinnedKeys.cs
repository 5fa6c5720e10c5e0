using System.Text;

namespace RemoteDispatch.Connections;

/// <summary>
/// The module's own known_hosts file: the whole keys behind the fingerprints that hosts of the inventory are pinned to, which is what
/// ssh wants to see. A line is named after its fingerprint and not after a host: whatever stands here is trusted by nobody until
/// an entry of the inventory names it, and another pin needs no line to be taken back.
/// </summary>
/// <param name="path">The file; it need not be there yet.</param>
internal sealed class PinnedKeys(string path)
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
            return File.Exists(path) && File.ReadLines(path).Any(l => HostKey.ReadLine(l) is { } line && line.Names == alias && line.Key.Fingerprint == fingerprint);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DispatchException(FailureReason.LocalFile, $"The file of the pinned host keys '{path}' cannot be read: {e.Message}", "Check its owner and permissions.", e);
        }
    }

    /// <summary>Adds a key. One write, to the end of the file: two processes that do it at once leave the line twice, which hurts nobody.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.LocalFile"/>.</exception>
    public void Add(HostKey key)
    {
        if (Has(key.Fingerprint))
            return;
        try
        {
            SafeFile.CreateFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
            using var file = SafeFile.Append(path);
            file.Write(Encoding.ASCII.GetBytes($"{AliasOf(key.Fingerprint)} {key.Type} {Convert.ToBase64String(key.Blob)}\n"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw SafeFile.Unwritable(path, e);
        }
    }
}
