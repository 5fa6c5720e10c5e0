namespace RemoteDispatch;

/// <summary>One step of the work, for verbose output.</summary>
/// <param name="Host">The host's name.</param>
/// <param name="Name">What was done: <c>preflight_ok</c>, <c>connect_retry</c>, <c>reconnect</c>, <c>success</c>, <c>waiting</c>, …</param>
/// <param name="Duration">How long it took.</param>
/// <param name="Detail">More, for people; never a secret, never a command.</param>
public sealed record WorkStep(string Host, string Name, TimeSpan Duration, string Detail = "")
{
    /// <summary>As one line of <c>name=value</c> pairs.</summary>
    public override string ToString() =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Name} host={Host}{(Detail.Length > 0 ? " " + Detail : "")} duration_ms={Duration.TotalMilliseconds:0.#}");
}
