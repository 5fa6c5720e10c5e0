namespace RemoteDispatch.Fleet;

/// <summary>How one host of a fleet differs from the others.</summary>
public sealed record FleetHostOptions
{
    /// <summary>
    /// Lines of sshd_config that come before the fleet's own, so that they win: <c>MaxSessions 1</c>, <c>MaxStartups 2</c>.
    /// No <c>Match</c> block: it would swallow the lines that follow.
    /// </summary>
    public IReadOnlyList<string> SshdOptions { get; init; } = [];

    /// <summary>
    /// Lines of <c>sh</c> that run in every session before its command, with the session's own stdin, stdout and stderr:
    /// a noisy host is <c>echo noise; echo noise &gt;&amp;2</c>, one that refuses everybody is <c>exit 1</c>.
    /// </summary>
    public string? LoginScript { get; init; }
}
