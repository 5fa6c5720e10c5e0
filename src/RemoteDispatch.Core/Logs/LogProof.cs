using System.Security.Cryptography;
using RemoteDispatch.Hosts;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Logs;

/// <summary>A file of a task on its host.</summary>
internal sealed record TaskFile(DispatchHost Host, string Id, FeedWhat What);

/// <summary>A part of a log, and its SHA-256.</summary>
internal sealed record HashedPart(FilePart Place, string Sha256);

/// <summary>Proves that what was read of a log is what the host has: by SHA-256, of the bytes as they came, before anything is masked.</summary>
/// <param name="workspaces">Asks the host.</param>
/// <param name="file">The log.</param>
/// <param name="from">The offset of the first byte that is read.</param>
internal sealed class LogProof(WorkspaceClient workspaces, TaskFile file, long from) : IDisposable
{
    /// <summary>So many bytes are hashed well within the time of a request, on a slow disk too.</summary>
    public const long LargestPart = 256 << 20;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _from = from;
    private long _length;

    /// <summary>False where the host has nothing that could tell.</summary>
    public bool IsProven { get; private set; } = true;

    /// <inheritdoc/>
    public void Dispose() => _hash.Dispose();

    /// <summary>Takes the next bytes.</summary>
    /// <exception cref="DispatchException">They are not what the host has.</exception>
    public async Task AddAsync(ReadOnlyMemory<byte> bytes, bool isLast, CancellationToken cancellationToken)
    {
        _hash.AppendData(bytes.Span);
        _length += bytes.Length;
        if (_length == 0 || (!isLast && _length < LargestPart))
            return;
        var ours = Convert.ToHexStringLower(_hash.GetHashAndReset());
        var theirs = await AskAsync([new FilePart(_from, _length)], cancellationToken).ConfigureAwait(false);
        if (theirs is null)
            IsProven = false;
        else if (theirs[0] != ours)
            throw Differs($"of the {_length} bytes from {_from} on, the SHA-256 here is {ours} and there {theirs[0]}");
        (_from, _length) = (_from + _length, 0);
    }

    /// <summary>Has the log on the host these parts? Null where the host has nothing that could tell.</summary>
    public async Task<bool?> HasAsync(IReadOnlyList<HashedPart> parts, CancellationToken cancellationToken)
    {
        var theirs = await AskAsync(parts.Select(p => p.Place).ToArray(), cancellationToken).ConfigureAwait(false);
        return theirs?.SequenceEqual(parts.Select(p => p.Sha256));
    }

    private async Task<IReadOnlyList<string>?> AskAsync(FilePart[] parts, CancellationToken cancellationToken)
    {
        var hashes = new List<string>();
        for (var at = 0; at < parts.Length;)
        {
            // As many in one request as are not too much for it.
            var (count, length) = (1, parts[at].Length);
            while (at + count < parts.Length && (length += parts[at + count].Length) <= LargestPart)
                count++;
            var some = await workspaces.HashAsync(file.Host, file.Id, file.What, [.. parts.Skip(at).Take(count)], cancellationToken).ConfigureAwait(false);
            if (some is null)
                return null;
            hashes.AddRange(some);
            at += count;
        }

        return hashes;
    }

    /// <summary>The failure that says that a log is not what it was.</summary>
    public DispatchException Differs() => Differs("its beginning is another now");

    private DispatchException Differs(string how) => new(
        FailureReason.UnexpectedReply, $"The log of the task '{file.Id}' did not arrive as it is on host '{file.Host.Name}': {how}.",
        "Does something on the host write into the log, or print into the connection? Nothing was written here; collect it again.") { Host = file.Host.Name, TaskId = file.Id };
}
