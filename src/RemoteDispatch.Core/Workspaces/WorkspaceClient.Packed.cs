using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using RemoteDispatch.Connections;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Workspaces;

/// <summary>A piece of a file that may have come compressed.</summary>
/// <param name="State">The task's state, looked at before.</param>
/// <param name="Bytes">The bytes of the file.</param>
/// <param name="Carried">How many bytes the connection carried for them.</param>
/// <param name="IsPacked">False where the host has no gzip.</param>
internal sealed record PackedPiece(WorkspaceState State, ReadOnlyMemory<byte> Bytes, long Carried, bool IsPacked);

internal sealed partial class WorkspaceClient
{
    /// <summary>As <see cref="ReadAsync"/>, compressed on the way where the host has gzip.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.UnexpectedReply"/> where what came is not as many bytes as were announced.</exception>
    public async Task<PackedPiece> ReadPackedAsync(DispatchHost host, string id, FeedWhat file, long offset, int count, CancellationToken cancellationToken)
    {
        var call = ShellCall.To("rd_packed").With(Root(host)).With(id).With(offset).With(count).With(Word(file));
        var reply = await AskAsync(host, ChannelUse.Bulk, $"{ShellText.Load("pack.sh")}{call}", cancellationToken).ConfigureAwait(false);
        var (state, behindState) = CutLine(reply.Output);
        var (announced, content) = CutLine(behindState);
        return Understand(host, $"{state} {announced}", () =>
        {
            var (word, number) = Cut(announced);
            var length = int.Parse(number, NumberStyles.None, CultureInfo.InvariantCulture);
            if (reply.ExitCode != 0 || length > count)
                throw new FormatException(reply.ErrorText);
            var bytes = word switch
            {
                "gzip" => Unpack(content, length),
                "plain" when content.Length == length => content,
                _ => throw new FormatException($"{content.Length} bytes came of {length}"),
            };
            return new PackedPiece(WorkspaceState.Parse(state), bytes, content.Length, word == "gzip");
        });
    }

    /// <summary>Never more than was announced, whatever there is in it; and never less, though what is cut off in the middle may look like an end.</summary>
    private static byte[] Unpack(ReadOnlyMemory<byte> packed, int length)
    {
        try
        {
            var bytes = new byte[length];
            using var gzip = new GZipStream(new MemoryStream(packed.ToArray()), CompressionMode.Decompress);
            var isWhole = gzip.ReadAtLeast(bytes, length, throwOnEndOfStream: false) == length && gzip.ReadByte() < 0;
            // The last four bytes of gzip's format say how long it was: RFC 1952, ISIZE.
            return isWhole && packed.Length > 4 && BinaryPrimitives.ReadUInt32LittleEndian(packed.Span[^4..]) == (uint)length
                ? bytes : throw new FormatException($"what came is not {length} bytes in gzip's format");
        }
        catch (InvalidDataException e)
        {
            throw new FormatException(e.Message, e);
        }
    }

    private static (string Line, ReadOnlyMemory<byte> After) CutLine(ReadOnlyMemory<byte> text)
    {
        var end = text.Span.IndexOf((byte)'\n');
        return end < 0 ? (Encoding.UTF8.GetString(text.Span), default) : (Encoding.UTF8.GetString(text.Span[..end]), text[(end + 1)..]);
    }
}
