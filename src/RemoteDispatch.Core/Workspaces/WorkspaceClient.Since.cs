using System.Globalization;
using RemoteDispatch.Connections;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Workspaces;

internal sealed partial class WorkspaceClient
{
    /// <summary>The offset in a log before which everything was printed before a time.</summary>
    public async Task<long> SinceOffsetAsync(DispatchHost host, string id, LogTime time, bool follow, CancellationToken cancellationToken)
    {
        // Rounded so that nothing is left out.
        var call = ShellCall.To("rd_since").With(Root(host)).With(id).With(time.Ago is null ? "at" : "ago")
            .With(time.Ago is { } ago ? Seconds(ago) : time.At!.Value.ToUnixTimeSeconds());
        var reply = await AskAsync(host, follow ? ChannelUse.Feed : ChannelUse.Bulk, $"{ShellText.Load("since.sh")}{call}", cancellationToken).ConfigureAwait(false);
        return Understand(host, reply.Text, () => long.Parse(reply.Text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture));
    }
}
