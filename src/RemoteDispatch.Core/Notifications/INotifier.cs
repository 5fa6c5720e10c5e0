using RemoteDispatch.Tasks;

namespace RemoteDispatch.Notifications;

/// <summary>Tells somebody of changes. Whatever becomes of that, no task and no watch waits for it.</summary>
public interface INotifier
{
    /// <summary>What it is called in a warning: its kind, and of its target the host's name at most.</summary>
    string Name { get; }

    /// <summary>Tries once.</summary>
    /// <param name="change">What to tell. Secrets that were granted are masked already.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    Task<Delivery> NotifyAsync(TaskChange change, CancellationToken cancellationToken);
}

/// <summary>What came of one attempt.</summary>
/// <param name="Failure">Why it was not delivered, without the target's address; null where it was.</param>
public sealed record Delivery(string? Failure)
{
    /// <summary>It was delivered.</summary>
    public static Delivery Done { get; } = new((string?)null);

    /// <summary>May another attempt succeed?</summary>
    public bool MayPass { get; init; }

    /// <summary>How long the target asks to be left alone.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
