using RemoteDispatch.Tasks;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Watching;

/// <summary>How long a task has been silent, as its pulses tell. Measured by the host's uptime, so that no clock that is set makes a stall.</summary>
/// <param name="Last">The last pulse.</param>
/// <param name="For">For how long it has been silent until then.</param>
/// <param name="IsStalled">Was that longer than its limit?</param>
internal sealed record Silence(TaskPulse Last, TimeSpan For, bool IsStalled)
{
    // A process that only waits wakes up now and then (a timer, the tail of a tmux pane): a thousandth of a processor is nothing.
    private const int IdlePart = 1000;

    /// <summary>The evidence, for people.</summary>
    public TaskSilence Evidence => new(For, Last.LogBytes, Last.Cpu, Last.Processes);

    /// <summary>
    /// After the next pulse. A gap between two of them counts for at most half of the limit: whoever slept meanwhile, the host or this machine,
    /// nobody has looked.
    /// </summary>
    public static Silence After(Silence? before, TaskPulse now, TimeSpan limit)
    {
        // Another boot, or another task of that id.
        if (before is null || now.Uptime < before.Last.Uptime)
            return new Silence(now, TimeSpan.Zero, false);
        var gap = now.Uptime - before.Last.Uptime;
        var isAlive = now.LogBytes != before.Last.LogBytes || now.Family != before.Last.Family || now.Cpu - before.Last.Cpu > gap / IdlePart;
        var silent = isAlive ? TimeSpan.Zero : before.For + (gap < limit / 2 ? gap : limit / 2);
        return new Silence(now, silent, silent >= limit);
    }
}
