using System.Security.Cryptography;
using RemoteDispatch.Hosts;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Logs;

/// <summary>Proves that what was read of a log is what the host has: by SHA-256, of the bytes as they came, before anything is masked.</summary>
internal sealed class LogProof(WorkspaceClient workspaces, DispatchHost host, string id, FeedWhat what = FeedWhat.Log) : IDisposable
{
    // So many bytes are hashed well within the time of a request, on a slow disk too.
    private const long MostAtOnce = 256 << 20;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _from;
    private long _length;

    /// <summary>False where the host has nothing that could tell.</summary>
    public bool IsProven { get; private set; } = true;

    /// <inheritdoc/>
    public void Dispose() => _hash.Dispose();

    /// <summary>Takes the next bytes, from the log's beginning on.</summary>
    /// <exception cref="DispatchException">They are not what the host has.</exception>
    public async Task AddAsync(ReadOnlyMemory<byte> bytes, bool isLast, CancellationToken cancellationToken)
    {
        _hash.AppendData(bytes.Span);
        _length += bytes.Length;
        if (_length == 0 || (!isLast && _length < MostAtOnce))
            return;
        var ours = Convert.ToHexStringLower(_hash.GetHashAndReset());
        var theirs = await workspaces.HashAsync(host, id, what, _from, _length, cancellationToken).ConfigureAwait(false);
        if (theirs is null)
            IsProven = false;
        else if (theirs != ours)
            throw Differs(ours, theirs);
        (_from, _length) = (_from + _length, 0);
    }

    private DispatchException Differs(string ours, string theirs) => new(
        FailureReason.UnexpectedReply,
        $"The log of the task '{id}' did not arrive as it is on host '{host.Name}': of {_length} bytes from {_from} on, the SHA-256 here is {ours} and there {theirs}.",
        "Does something on the host write into the log, or print into the connection? Nothing was written here; collect it again.") { Host = host.Name, TaskId = id };
}
