using System.Security.Cryptography;
using RemoteDispatch.Credentials;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Logs;

/// <summary>A copy that is there already, as its own bytes tell.</summary>
/// <param name="path">The file.</param>
internal sealed class LogCopy(string path) : IDisposable
{
    private const int BufferSize = 1 << 20;

    // One handle for all of it: another process may put another copy in its place meanwhile.
    private readonly FileStream _file = new(path, new FileStreamOptions { Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0 });

    private readonly List<HashedPart> _parts = [];

    /// <summary>How long it is.</summary>
    public long Length { get; private set; }

    /// <summary>Its SHA-256.</summary>
    public string Sha256 { get; private set; } = "";

    /// <summary>Its bytes in parts, to be compared with the host's.</summary>
    public IReadOnlyList<HashedPart> Parts => _parts;

    /// <summary>Is nothing in it that these secrets would mask?</summary>
    public bool IsMasked { get; private set; }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    /// <summary>
    /// Reads it. No digest of a secret is kept anywhere, so that nobody can guess at one: what is to be masked today is looked for
    /// in the copy itself.
    /// </summary>
    public static async Task<LogCopy> OpenAsync(string path, IReadOnlyList<CredentialGrant> secrets, CancellationToken cancellationToken)
    {
        var copy = new LogCopy(path);
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            using var part = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            using var masked = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var mask = secrets.Count > 0 ? new LogMask(secrets, 0) : null;
            await copy.ReadAsync(
                0, long.MaxValue,
                bytes =>
                {
                    hash.AppendData(bytes.Span);
                    masked.AppendData((mask?.Show(bytes, isLast: false).Bytes ?? default).Span);
                    part.AppendData(bytes.Span);
                    copy.Length += bytes.Length;
                    // Buffers are a part's divisors: a part ends where one of them does.
                    if (copy.Length % LogProof.LargestPart == 0)
                        copy.EndPart(part);
                    return ValueTask.CompletedTask;
                },
                cancellationToken).ConfigureAwait(false);
            copy.EndPart(part);
            masked.AppendData((mask?.Show(default, isLast: true).Bytes ?? default).Span);
            copy.Sha256 = Convert.ToHexStringLower(hash.GetHashAndReset());
            copy.IsMasked = mask is null || Convert.ToHexStringLower(masked.GetHashAndReset()) == copy.Sha256;
            return copy;
        }
        catch
        {
            copy.Dispose();
            throw;
        }
    }

    private void EndPart(IncrementalHash hash)
    {
        var from = _parts is [.., var last] ? last.Place.End : 0;
        if (from < Length)
            _parts.Add(new HashedPart(new FilePart(from, Length - from), Convert.ToHexStringLower(hash.GetHashAndReset())));
    }

    /// <summary>Gives out bytes of it.</summary>
    public async Task ReadAsync(long offset, long length, Func<ReadOnlyMemory<byte>, ValueTask> take, CancellationToken cancellationToken)
    {
        _file.Position = offset;
        var buffer = new byte[Math.Min(BufferSize, length)];
        while (length > 0)
        {
            var most = (int)Math.Min(buffer.Length, length);
            var read = await _file.ReadAtLeastAsync(buffer.AsMemory(0, most), most, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
            if (read == 0)
                return;
            await take(buffer.AsMemory(0, read)).ConfigureAwait(false);
            length -= read;
        }
    }
}
