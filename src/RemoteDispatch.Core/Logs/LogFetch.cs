using System.IO.Compression;
using RemoteDispatch.Hosts;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Logs;

/// <summary>
/// Reads a log as it is now, for a copy: each byte is proven before the last part is given out, and it comes compressed where that makes
/// it shorter. What is told by the first piece of it is looked at again with each further one: a log of text may go on with an archive.
/// </summary>
internal sealed class LogFetch(WorkspaceClient workspaces, TaskFile file, LogProof proof)
{
    // Compressing that saves less than a fifth is not worth the host's time.
    private const double Worth = 0.8;

    // Nothing goes over a line that ends on this machine.
    private bool _mayPack = file.Host.Transport is Transport.Ssh or Transport.Tailscale;
    private bool _packs;

    /// <summary>How many bytes of the log were read.</summary>
    public long Read { get; private set; }

    /// <summary>How many bytes the connection carried for them.</summary>
    public long Carried { get; private set; }

    /// <summary>Reads from where the mask begins to the end of what is there. The last part may be empty: it carries the last state.</summary>
    /// <exception cref="DispatchException">The task is not there, the host cannot be reached, or what came is not what it has.</exception>
    public IAsyncEnumerable<LogPart> ReadAsync(LogMask mask, CancellationToken cancellationToken) => LogPages.ReadAsync(
        file, mask, workspaces.Options.Time,
        async (offset, count, stop) =>
        {
            var piece = await AskAsync(offset, count, stop).ConfigureAwait(false);
            // A task that is gone has nothing left that could be proven.
            if (piece.State is not Absent)
                await proof.AddAsync(piece.Bytes, piece.Bytes.Length < count, stop).ConfigureAwait(false);
            return (piece.State, piece.Bytes);
        },
        cancellationToken);

    private async Task<PackedPiece> AskAsync(long offset, int count, CancellationToken cancellationToken)
    {
        var piece = _packs ? await AskPackedAsync(offset, count, cancellationToken).ConfigureAwait(false) : null;
        if (piece is null)
        {
            var (state, bytes) = await workspaces.ReadAsync(file.Host, file.Id, file.What, offset, count, cancellationToken).ConfigureAwait(false);
            piece = new PackedPiece(state, bytes, bytes.Length, IsPacked: false);
        }

        Read += piece.Bytes.Length;
        Carried += piece.Carried;
        _packs = _mayPack && (piece.IsPacked ? piece.Carried < piece.Bytes.Length * Worth : Shrinks(piece.Bytes.Span));
        return piece;
    }

    /// <summary>A host whose gzip does not do is asked as if it had none.</summary>
    private async Task<PackedPiece?> AskPackedAsync(long offset, int count, CancellationToken cancellationToken)
    {
        try
        {
            var piece = await workspaces.ReadPackedAsync(file.Host, file.Id, file.What, offset, count, cancellationToken).ConfigureAwait(false);
            _mayPack = piece.IsPacked || piece.Bytes.IsEmpty;
            return piece;
        }
        catch (DispatchException e) when (e.Reason == FailureReason.UnexpectedReply)
        {
            _mayPack = false;
            return null;
        }
    }

    private static bool Shrinks(ReadOnlySpan<byte> bytes)
    {
        var sample = bytes[..Math.Min(bytes.Length, LogPages.Smallest)];
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(sample);
        return packed.Length < sample.Length * Worth;
    }
}
