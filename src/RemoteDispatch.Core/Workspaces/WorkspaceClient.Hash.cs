using RemoteDispatch.Connections;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Workspaces;

/// <summary>A part of a file.</summary>
internal readonly record struct FilePart(long Offset, long Length)
{
    /// <summary>The offset of the first byte behind it.</summary>
    public long End => Offset + Length;
}

internal sealed partial class WorkspaceClient
{
    /// <summary>
    /// The SHA-256 that the host finds of parts of a task's file, each as 64 hexadecimal digits; null where it has nothing to find it with.
    /// </summary>
    public async Task<IReadOnlyList<string>?> HashAsync(DispatchHost host, string id, FeedWhat file, IReadOnlyList<FilePart> parts, CancellationToken cancellationToken)
    {
        var call = ShellCall.To("rd_hash").With(Root(host)).With(id).With(Word(file));
        foreach (var part in parts)
            call.With(part.Offset).With(part.Length);
        var reply = await AskAsync(host, ChannelUse.Bulk, $"{ShellText.Load("hash.sh")}{call}", cancellationToken).ConfigureAwait(false);
        var words = reply.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => Cut(line.Trim()).Word).ToArray();
        return Understand(host, reply.Text, () => words.Length != parts.Count ? throw new FormatException(reply.ErrorText)
            : words.Contains("none") ? null
            : words.All(w => w.Length == 64 && w.All(char.IsAsciiHexDigit)) ? words.Select(w => w.ToLowerInvariant()).ToArray()
            : throw new FormatException(reply.ErrorText));
    }
}
