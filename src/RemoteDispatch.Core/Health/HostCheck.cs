namespace RemoteDispatch.Health;

/// <summary>How a check came out.</summary>
public enum CheckStatus
{
    /// <summary>As it should be.</summary>
    Pass,

    /// <summary>Not as it should be; the remedy says what to do.</summary>
    Fail,

    /// <summary>Not there, not asked because something before it failed, or it makes no sense there.</summary>
    Skip,
}

/// <summary>One question to a host, and its answer.</summary>
/// <param name="Name">What was asked: <c>connect</c>, <c>disk</c>, <c>docker</c>, …</param>
/// <param name="Status">How it came out.</param>
/// <param name="Required">Does the host's health depend on it?</param>
/// <param name="Duration">How long the answer took on the host, where that was measured; else that of the whole check, which they share.</param>
/// <param name="Detail">What was found.</param>
/// <param name="Remedy">What to do next, where it failed, or is required and not there.</param>
public sealed record HostCheck(string Name, CheckStatus Status, bool Required, TimeSpan Duration, string Detail, string? Remedy = null);
