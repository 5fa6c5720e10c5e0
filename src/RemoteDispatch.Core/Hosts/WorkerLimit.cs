namespace RemoteDispatch.Hosts;

/// <summary>
/// How many tasks may run on a host at once, and how close behind each other they may start. What is not said has no limit. A worker is a task that
/// runs below the host's workspace root, whoever sent it.
/// </summary>
public sealed record WorkerLimit
{
    /// <summary>The longest time between two starts: a day.</summary>
    public static readonly TimeSpan LongestInterval = TimeSpan.FromDays(1);

    /// <summary>No limit of any kind.</summary>
    public static readonly WorkerLimit None = new();

    private readonly int? _most;
    private readonly long? _memory;
    private readonly long? _reserve;
    private readonly TimeSpan? _interval;

    /// <summary>So many at once; null for any number.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: it is below zero. 0 is null.</exception>
    public int? MaxWorkers
    {
        get => _most;
        init => _most = value is null or >= 0 ? (value is 0 ? null : value) : throw Invalid("The most workers of a host are one or more.", "Use 0 for no limit.");
    }

    /// <summary>What one of them needs, in bytes: another is started only where so much is free, and where all of them together fit into the memory.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: it is below zero. 0 is null.</exception>
    public long? MemoryPerWorker
    {
        get => _memory;
        init => _memory = CheckBytes(value);
    }

    /// <summary>What is to stay free beside them, in bytes.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: it is below zero. 0 is null.</exception>
    public long? MemoryReserve
    {
        get => _reserve;
        init => _reserve = CheckBytes(value);
    }

    /// <summary>How long after one start the next may be, to the second.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: it is below zero, or more than a day. Zero is null.</exception>
    public TimeSpan? StartInterval
    {
        get => _interval;
        init => _interval = value is null || (value >= TimeSpan.Zero && value <= LongestInterval) ? (value == TimeSpan.Zero ? null : value)
            : throw Invalid("The time between two starts is at most a day.", "Write it as 5s or 2m, or 0 for none.");
    }

    /// <summary>For a plan: <c>at most 4 workers, 2 GiB for each, 1 GiB kept free, 10s between starts</c>; empty for none.</summary>
    public override string ToString()
    {
        var parts = new List<string>();
        if (MaxWorkers is { } most)
            parts.Add($"at most {most} {(most == 1 ? "worker" : "workers")}");
        if (MemoryPerWorker is { } memory)
            parts.Add($"{ByteSize.Show(memory)} for each");
        if (MemoryReserve is { } reserve)
            parts.Add($"{ByteSize.Show(reserve)} kept free");
        if (StartInterval is { } interval)
            parts.Add($"{Duration.Show(interval)} between starts");
        return string.Join(", ", parts);
    }

    private static long? CheckBytes(long? value) => value is null or >= 0 ? (value is 0 ? null : value)
        : throw Invalid("An amount of memory is no less than nothing.", "Write it as 500MB or 2GB, or 0 for none.");

    private static DispatchException Invalid(string message, string remedy) => new(FailureReason.InvalidInput, message, remedy);
}
