using RemoteDispatch.Connections;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Workspaces;

internal sealed partial class WorkspaceClient
{
    // du is ended before the request itself would be given up: what it has found until then counts.
    private const double ShareOfRequest = 0.6;

    /// <summary>What the workspaces of a host are and take, in one round trip, however many there are.</summary>
    public async Task<HostUsage> UsageAsync(DispatchHost host, CancellationToken cancellationToken)
    {
        var call = ShellCall.To("rd_usage").With(Root(host)).With(MeasureSeconds);
        var reply = await AskAsync(host, ChannelUse.Control, $"(\n{ShellText.Load("usage.sh")}{call}\n)", cancellationToken).ConfigureAwait(false);
        return Understand(host, Text.OneLine(reply.Text, 200), () => HostUsage.Parse(reply.Text));
    }

    private long MeasureSeconds => (long)Math.Max(1, Options.RequestTimeout.TotalSeconds * ShareOfRequest);
}
