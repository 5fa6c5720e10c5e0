using RemoteDispatch.Hosts;

namespace RemoteDispatch.Health;

/// <summary>How a check came out.</summary>
public enum CheckStatus
{
    /// <summary>As it should be.</summary>
    Pass,

    /// <summary>Not as it should be; the remedy says what to do.</summary>
    Fail,

    /// <summary>Not asked, because something before it failed or it makes no sense there.</summary>
    Skip,
}

/// <summary>One question to a host, and its answer.</summary>
/// <param name="Name">What was asked: <c>connect</c>, <c>workspace</c>, <c>detach</c>, …</param>
/// <param name="Status">How it came out.</param>
/// <param name="Required">Does the host's health depend on it?</param>
/// <param name="Duration">How long the answer took; checks that were asked together share the time.</param>
/// <param name="Detail">What was found.</param>
/// <param name="Remedy">What to do next, where it failed.</param>
public sealed record HostCheck(string Name, CheckStatus Status, bool Required, TimeSpan Duration, string Detail, string? Remedy = null);

/// <summary>What a host is fit for.</summary>
public sealed record HostHealth
{
    /// <summary>The host, as it was asked.</summary>
    public required DispatchHost Host { get; init; }

    /// <summary>The host's name.</summary>
    public string HostName => Host.Name;

    /// <summary>Did every required check pass?</summary>
    public bool Healthy => Checks.All(c => !c.Required || c.Status == CheckStatus.Pass);

    /// <summary>The questions and answers, in the order in which they were asked.</summary>
    public required IReadOnlyList<HostCheck> Checks { get; init; }

    /// <summary>The steps of the connect, in the order in which they were taken; where it failed, the failed one is the last.</summary>
    public IReadOnlyList<PreflightStep> Preflight { get; init; } = [];

    /// <summary>Its system: kernel, release and machine, as <c>uname</c> prints them; null where nobody answered.</summary>
    public string? System { get; init; }

    /// <summary>How long the whole check took.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>Why nobody answered; null where somebody did.</summary>
    public DispatchException? Failure { get; init; }
}
