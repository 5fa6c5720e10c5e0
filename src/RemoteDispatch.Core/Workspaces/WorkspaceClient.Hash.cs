using RemoteDispatch.Connections;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Workspaces;

internal sealed partial class WorkspaceClient
{
    /// <inheritdoc cref="HashAsync"/>
    public Task<string?> HashLogAsync(DispatchHost host, string id, long offset, long length, CancellationToken cancellationToken) =>
        HashAsync(host, id, FeedWhat.Log, offset, length, cancellationToken);

    /// <summary>The SHA-256 that the host finds of a part of a file, as 64 hexadecimal digits; null where it has nothing to find it with.</summary>
    public async Task<string?> HashAsync(DispatchHost host, string id, FeedWhat file, long offset, long length, CancellationToken cancellationToken)
    {
        var call = ShellCall.To("rd_hash").With(Root(host)).With(id).With(offset).With(length).With(Word(file));
        var reply = await AskAsync(host, ChannelUse.Bulk, $"{ShellText.Load("hash.sh")}{call}", cancellationToken).ConfigureAwait(false);
        var word = Cut(reply.Text.Trim()).Word;
        return Understand(host, reply.Text, () => word switch
        {
            "none" => null,
            { Length: 64 } when word.All(char.IsAsciiHexDigit) => word.ToLowerInvariant(),
            _ => throw new FormatException(reply.ErrorText),
        });
    }
}
