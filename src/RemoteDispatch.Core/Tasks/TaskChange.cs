namespace RemoteDispatch.Tasks;

/// <summary>What became of a task, or of the host that it is on.</summary>
public enum TaskChangeKind
{
    /// <summary>It runs now; it did not when somebody last looked.</summary>
    Started,

    /// <summary>It has ended: its state says how.</summary>
    Ended,

    /// <summary>It runs, and has been silent for longer than its limit: no log, no processor time, no process that came or went.</summary>
    Stalled,

    /// <summary>It was stalled, and does something again.</summary>
    Resumed,

    /// <summary>Its workspace is no longer on the host.</summary>
    Removed,

    /// <summary>The host does not answer. What is known of its tasks stays as it is.</summary>
    Unreachable,

    /// <summary>The host answers again.</summary>
    Reachable,
}

/// <summary>One change that a watch has seen.</summary>
/// <param name="Kind">What changed.</param>
/// <param name="HostName">The host.</param>
/// <param name="At">When it was seen, by this machine's clock.</param>
public sealed record TaskChange(TaskChangeKind Kind, string HostName, DateTimeOffset At)
{
    /// <summary>The task as it is now; null where the change is the host's.</summary>
    public RemoteTask? Task { get; init; }

    /// <summary>The task's id; null where the change is the host's.</summary>
    public string? Id => Task?.Id;

    /// <summary>What a stalled task did not do, as it was measured; null for all other changes.</summary>
    public TaskSilence? Silence { get; init; }

    /// <summary>A further word for people: why the host cannot be reached, how long a task was silent.</summary>
    public string? Detail { get; init; }

    /// <summary>One line for people.</summary>
    public override string ToString()
    {
        var what = Task is { } task && Kind is TaskChangeKind.Ended or TaskChangeKind.Removed
            ? $"{Task!.State}{(Task.ExitCode is { } code and not 0 ? $" ({code})" : "")}" : "";
        return string.Join(' ', new[] { Kind.ToString(), Id, $"on {HostName}", what, Detail is null ? null : $"- {Detail}" }.Where(w => !string.IsNullOrEmpty(w)));
    }
}

/// <summary>The evidence that a task is silent. The truth on its host is that it runs.</summary>
/// <param name="For">For how long, by the host's own uptime, and only as far as it was looked at.</param>
/// <param name="LogBytes">The size of its log, all that time.</param>
/// <param name="Cpu">The processor time that its processes have had in all.</param>
/// <param name="Processes">How many processes it has, its wrapper included.</param>
public sealed record TaskSilence(TimeSpan For, long LogBytes, TimeSpan Cpu, int Processes)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture,
        $"silent for {Duration.Show(For)}: log {LogBytes} bytes, {Cpu.TotalSeconds:0.##}s of processor time, {Processes} {(Processes == 1 ? "process" : "processes")}");
}
