namespace RemoteDispatch;

/// <summary>One step of the work, for verbose output.</summary>
/// <param name="Host">The host's name.</param>
/// <param name="Name">
/// What was done, for ever: <c>preflight_ok</c>, <c>preflight_failed</c>, <c>connect_retry</c>, <c>reconnect</c> of a connection;
/// <c>success</c> of a dispatch; <c>ended</c> of a wait; <c>stopped</c>, <c>removed</c>, <c>log_read</c>, <c>log_followed</c>,
/// <c>log_collected</c>, <c>log_unproven</c>, <c>log_not_collected</c>, <c>agent_result</c>, <c>agent_result_unread</c>, <c>tested</c>; <c>failure</c> of any of them; <c>waiting</c>, <c>ledger_failed</c> beside them.
/// </param>
/// <param name="Duration">How long it took.</param>
/// <param name="Detail">More, for people; never a secret, never a command.</param>
public sealed record WorkStep(string Host, string Name, TimeSpan Duration, string Detail = "")
{
    /// <summary>As one line of <c>name=value</c> pairs.</summary>
    public override string ToString() =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Name} host={Host}{(Detail.Length > 0 ? " " + Detail : "")} duration_ms={Duration.TotalMilliseconds:0.#}");
}
