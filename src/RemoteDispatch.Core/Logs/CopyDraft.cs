using System.Security.Cryptography;

namespace RemoteDispatch.Logs;

/// <summary>
/// A copy in the making, beside its place: what is there already, and what is new behind it. Until it is put in its place, the old copy is
/// what it was; a process that dies leaves that.
/// </summary>
internal sealed class CopyDraft(string target) : IAsyncDisposable
{
    private readonly string _path = $"{target}.{Environment.ProcessId}-{Guid.NewGuid():N}.part";
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private FileStream? _file;

    /// <summary>How long it is.</summary>
    public long Length { get; private set; }

    /// <summary>Takes the beginning of a copy over.</summary>
    public Task TakeOverAsync(LogCopy copy, long length, CancellationToken cancellationToken) =>
        copy.ReadAsync(0, length, bytes => AddAsync(bytes, cancellationToken), cancellationToken);

    /// <summary>Takes the next bytes.</summary>
    public async ValueTask AddAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        _file ??= SafeFile.Create(_path);
        _hash.AppendData(bytes.Span);
        Length += bytes.Length;
        await _file.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Puts it in its place, in one step.</summary>
    /// <returns>Its SHA-256.</returns>
    /// <exception cref="IOException">It cannot be written; or a file has come into its place meanwhile, and may not be replaced.</exception>
    public async Task<string> PublishAsync(bool mayReplace, CancellationToken cancellationToken)
    {
        await AddAsync(default, cancellationToken).ConfigureAwait(false);
        // What it is a copy of may be removed next.
        _file!.Flush(flushToDisk: true);
        await CloseAsync().ConfigureAwait(false);
        File.Move(_path, target, mayReplace);
        return Convert.ToHexStringLower(_hash.GetHashAndReset());
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        var isThere = _file is not null;
        await CloseAsync().ConfigureAwait(false);
        if (isThere && File.Exists(_path))
            File.Delete(_path);
        _hash.Dispose();
    }

    private ValueTask CloseAsync() => _file?.DisposeAsync() ?? ValueTask.CompletedTask;
}
