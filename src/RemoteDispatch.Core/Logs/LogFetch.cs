using System.IO.Compression;
using System.Runtime.CompilerServices;
using RemoteDispatch.Hosts;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Logs;

/// <summary>
/// Reads a log as it is now, for a copy: each byte is proven before the last part is given out, and it comes compressed where that makes
/// it shorter. What is told by the first piece of it is looked at again with each further one: a log of text may go on with an archive.
/// </summary>
internal sealed class LogFetch(WorkspaceClient workspaces, TaskFile file, LogProof proof)
{
    private const int SmallestPart = 64 << 10;
    private const int LargestPart = 4 << 20;

    // Compressing that saves less than a fifth is not worth the host's time.
    private const double Worth = 0.8;

    private static readonly TimeSpan QuickPart = TimeSpan.FromSeconds(1);

    // Nothing goes over a line that ends on this machine.
    private bool _mayPack = file.Host.Transport is Transport.Ssh or Transport.Tailscale;
    private bool _packs;

    /// <summary>How many bytes of the log were read.</summary>
    public long Read { get; private set; }

    /// <summary>How many bytes the connection carried for them.</summary>
    public long Carried { get; private set; }

    /// <summary>Reads from where the mask begins to the end of what is there. The last part may be empty: it carries the last state.</summary>
    /// <exception cref="DispatchException">The task is not there, the host cannot be reached, or what came is not what it has.</exception>
    public async IAsyncEnumerable<LogPart> ReadAsync(LogMask mask, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var time = workspaces.Options.Time;
        var offset = mask.ReadFrom;
        var size = SmallestPart;
        while (true)
        {
            var asked = time.GetTimestamp();
            var piece = await AskAsync(offset, size, cancellationToken).ConfigureAwait(false);
            if (piece.State is Absent)
                throw LogReader.NotFound(file.Host.Name, file.Id);
            // Fewer bytes than were asked for: the end of the log, as it was after the state was looked at.
            var isLast = piece.Bytes.Length < size;
            await proof.AddAsync(piece.Bytes, isLast, cancellationToken).ConfigureAwait(false);
            var (at, shown) = mask.Show(piece.Bytes, isLast);
            if (shown.Length > 0 || isLast)
                yield return new LogPart(at, shown, piece.State);
            if (isLast)
                yield break;
            offset += piece.Bytes.Length;
            // Larger parts cost fewer round trips, as long as one is there within a second: others wait behind it.
            size = time.GetElapsedTime(asked) < QuickPart ? Math.Min(size * 4, LargestPart) : SmallestPart;
        }
    }

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
        var sample = bytes[..Math.Min(bytes.Length, SmallestPart)];
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(sample);
        return packed.Length < sample.Length * Worth;
    }
}
