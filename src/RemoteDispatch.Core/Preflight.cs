using System.Globalization;

namespace RemoteDispatch;

/// <summary>How one question before a first connect came out.</summary>
public enum PreflightStatus
{
    /// <summary>As it should be.</summary>
    Ok,

    /// <summary>The name is neither in the inventory nor in ssh_config, and has no address.</summary>
    UnknownHost,

    /// <summary>The host is known, and its name has no address.</summary>
    DnsFailed,

    /// <summary>Nothing answers on the port, or there is no way to the host.</summary>
    TcpUnreachable,

    /// <summary>The host answers that nothing listens on the port.</summary>
    TcpRefused,

    /// <summary>Nobody has vouched for the host's key.</summary>
    HostKeyUnknown,

    /// <summary>The host shows another key than the one that is known or pinned.</summary>
    HostKeyChanged,

    /// <summary>There is nothing here to authenticate with: no agent with keys, no key file, no tailnet.</summary>
    AuthUnavailable,

    /// <summary>The host refused what was at hand.</summary>
    AuthFailed,

    /// <summary>The port answers, and no shell did in time.</summary>
    Timeout,

    /// <summary>The connect failed for a reason that is none of the others.</summary>
    Failed,
}

/// <summary>One question before a first connect, and its answer.</summary>
/// <param name="Name"><c>known</c>, <c>resolve</c>, <c>port</c>, <c>key</c>, <c>auth</c>, <c>tailnet</c>, <c>distribution</c> or <c>shell</c>.</param>
/// <param name="Status">How it came out.</param>
/// <param name="Duration">How long the answer took; where the connect itself is the answer, how long that took.</param>
/// <param name="Detail">What was found.</param>
/// <param name="Remedy">What to do next; null where it is as it should be.</param>
public sealed record PreflightStep(string Name, PreflightStatus Status, TimeSpan Duration, string Detail, string? Remedy = null)
{
    /// <summary>As one line.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Name} {Status} ({Duration.TotalMilliseconds:0.#} ms){(Detail.Length > 0 ? ": " + Detail : "")}");
}
