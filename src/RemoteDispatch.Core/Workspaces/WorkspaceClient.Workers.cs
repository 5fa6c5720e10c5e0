using System.Globalization;
using RemoteDispatch.Connections;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Workspaces;

internal sealed partial class WorkspaceClient
{
    // What a launch to a host that limits its workers is wrapped into; workers.sh goes with it, since few hosts have a limit.
    private static string PaceBegin(DispatchHost host) => host.WorkerLimit == WorkerLimit.None ? "" : ShellText.Load("workers.sh");

    private static string Pace(DispatchHost host) => host.WorkerLimit is not { } limit || limit == WorkerLimit.None ? "" : ShellCall.To("rd_paced")
        .With(limit.MaxWorkers ?? 0).With(Kibibytes(limit.MemoryPerWorker)).With(Kibibytes(limit.MemoryReserve)).With(Seconds(limit.StartInterval ?? TimeSpan.Zero)) + " ";

    private static string PaceEnd(DispatchHost host) =>
        host.WorkerLimit == WorkerLimit.None ? "" : "\nunset -f rd_paced rd_turn rd_vacant rd_spacious rd_pages";

    /// <summary>Is there room for a task that is not to be launched yet? One that began before needs none.</summary>
    /// <returns>What is in the way; null where nothing is.</returns>
    public async Task<LaunchAnswer.Busy?> FindRoomAsync(DispatchHost host, string id, string digest, CancellationToken cancellationToken)
    {
        if (host.WorkerLimit == WorkerLimit.None)
            return null;
        var call = ShellCall.To(":").With(Root(host)).With(id).With(digest);
        var reply = await AskAsync(host, ChannelUse.Control, $"{PaceBegin(host)}{Pace(host)}{call}{PaceEnd(host)}", cancellationToken).ConfigureAwait(false);
        var line = reply.Text.Trim();
        return line.StartsWith("busy ", StringComparison.Ordinal) ? Understand(host, line, () => ReadBusy(host, line.Split(' ')[1..])) : null;
    }

    private static LaunchAnswer.Busy ReadBusy(DispatchHost host, string[] words)
    {
        var again = TimeSpan.FromSeconds(int.Parse(words[0], NumberStyles.None, CultureInfo.InvariantCulture));
        var limit = host.WorkerLimit;
        var need = (limit.MemoryPerWorker ?? 0) + (limit.MemoryReserve ?? 0);
        return new LaunchAnswer.Busy(words[1..] switch
        {
            ["workers", var running] => $"{Count(running)} of {limit.MaxWorkers} workers run on {host.Name}",
            ["fit", var running, var total] => $"{Count(running)} workers of {ByteSize.Show(limit.MemoryPerWorker ?? 0)} are all that the {ByteSize.Show(Kibibytes(total))} of {host.Name} hold",
            ["memory", var free] => $"{ByteSize.Show(Kibibytes(free))} free on {host.Name}, {ByteSize.Show(need)} needed",
            ["interval"] => $"next start on {host.Name} in {Duration.Show(again)}",
            ["turn"] => $"other tasks are being started on {host.Name}",
            _ => throw new FormatException(),
        }, again);
    }

    private static int Count(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);

    private static long Kibibytes(long? bytes) => ((bytes ?? 0) + 1023) / 1024;
}
