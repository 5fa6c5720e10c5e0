using RemoteDispatch.Notifications;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Watching;

/// <summary>How long a watch goes on.</summary>
public enum WatchUntil
{
    /// <summary>Until it is ended.</summary>
    Endless,

    /// <summary>Until all tasks have ended, been collected and announced.</summary>
    AllEnded,

    /// <summary>It looks at every host once, does what there is to do, and ends.</summary>
    Once,
}

/// <summary>What a watch does.</summary>
public sealed record WatchOptions
{
    /// <summary>How long it goes on.</summary>
    public WatchUntil Until { get; init; }

    /// <summary>How long a task may be silent that was given no limit of its own; zero for ever. 30 minutes.</summary>
    public TimeSpan StallLimit { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>Stop tasks that are stalled.</summary>
    public bool StopStalled { get; init; }

    /// <summary>Which tasks of the ledger are watched; null for all.</summary>
    public Func<RemoteTask, bool>? Filter { get; init; }

    /// <summary>Who is told.</summary>
    public IReadOnlyList<INotifier> Notifiers { get; init; } = [];

    /// <summary>Of what they are told.</summary>
    public IReadOnlyCollection<TaskChangeKind> NotifyOn { get; init; } = [TaskChangeKind.Ended, TaskChangeKind.Stalled];

    /// <summary>Hears of what did not go as it should, from whatever thread; null for nobody.</summary>
    public Action<string>? Warn { get; init; }

    /// <summary>Checks what can be checked before anything is done.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>.</exception>
    public void Validate()
    {
        if (StallLimit < TimeSpan.Zero || StallLimit > TaskRequest.LongestStallLimit)
            throw new DispatchException(FailureReason.InvalidInput, "A limit of silence is at most a year.", "Use 0 for none.");
    }
}
