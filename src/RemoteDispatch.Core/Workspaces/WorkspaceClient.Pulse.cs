using System.Globalization;
using RemoteDispatch.Connections;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Workspaces;

/// <summary>How much a task has done until now.</summary>
/// <param name="Uptime">How long the host has been up.</param>
/// <param name="LogBytes">The size of the log.</param>
/// <param name="Cpu">The processor time of all its processes.</param>
/// <param name="Processes">How many it has.</param>
/// <param name="Family">Is another when one was born or has died.</param>
internal sealed record TaskPulse(TimeSpan Uptime, long LogBytes, TimeSpan Cpu, int Processes, string Family);

internal sealed partial class WorkspaceClient
{
    /// <summary>The pulses of any number of tasks, in the order of the ids, in one round trip; null for one that does not run.</summary>
    public async Task<IReadOnlyList<TaskPulse?>> PulseAsync(DispatchHost host, IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        var call = ShellCall.To("rd_pulse").With(Root(host)).With(ids);
        var reply = await AskAsync(host, ChannelUse.Control, $"(\n{ShellText.Load("pulse.sh")}{call}\n)", cancellationToken).ConfigureAwait(false);
        var lines = reply.Text.Split('\n');
        return Understand(host, reply.Text, () => ids.Select((id, at) => lines[at].Split(' ') switch
        {
            [var name, "-"] when name == id => null,
            [var name, var up, var log, var cpu, var count, var family] when name == id =>
                new TaskPulse(Hundredths(up), Number(log), Hundredths(cpu), int.Parse(count, NumberStyles.None, CultureInfo.InvariantCulture), family),
            _ => throw new FormatException(),
        }).ToArray());
    }

    private static TimeSpan Hundredths(string word) => TimeSpan.FromMilliseconds(Number(word) * 10);
}
