using System.Globalization;
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

    /// <summary>
    /// For a host with a limit: what stands before its launch, so that there is still one round trip. The text goes with the launch, since
    /// few hosts have one.
    /// </summary>
    private string MeasureFirst(DispatchHost host, LaunchOrder order)
    {
        if (host.WorkspaceLimit is not { } limit)
            return "";
        // In front of a task nobody waits a minute for du: what it has not counted by then is let through.
        var call = ShellCall.To("rd_room").With(Root(host)).With(order.Id).With(Math.Max(1, limit / 1024)).With(Math.Min(MeasureSeconds, 10));
        // A function, since the bash of macOS does not find the end of a $() that has a case in it.
        return $"rd_measure() {{ (\n{ShellText.Load("usage.sh")}{call}\n) }}\nRD_ROOM=$(rd_measure)\nunset -f rd_measure\n"
            + "if [ -n \"$RD_ROOM\" ]; then printf '%s\\n' \"$RD_ROOM\"; else ";
    }

    private static long Kibibytes(string text) => checked(long.Parse(text, CultureInfo.InvariantCulture) * 1024);
}
