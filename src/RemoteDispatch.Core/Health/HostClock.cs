using System.Globalization;
using System.Text.RegularExpressions;

namespace RemoteDispatch.Health;

/// <summary>A look at a host's clock.</summary>
/// <param name="Time">What it showed.</param>
/// <param name="IsFine">Does it show more than whole seconds? POSIX's <c>date</c> does not, that of Linux mostly does.</param>
internal sealed partial record HostClock(DateTimeOffset Time, bool IsFine)
{
    /// <summary>Reads what <c>date +%s.%N</c> printed; null where it is no time.</summary>
    public static HostClock? Parse(string? text)
    {
        var match = Pattern().Match(text ?? "");
        if (!match.Success)
            return null;
        var seconds = DateTimeOffset.FromUnixTimeSeconds(long.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture));
        var fraction = match.Groups[2];
        return fraction.Success ? new HostClock(seconds.AddTicks(long.Parse(fraction.ValueSpan, CultureInfo.InvariantCulture) / 100), true) : new HostClock(seconds, false);
    }

    /// <summary>
    /// How far the host's clock is ahead of the one here. It was looked at first and last, so that the time in which the host worked is no part
    /// of the uncertainty: the true offset is between what the last look allows at least and what the first allows at most.
    /// </summary>
    public static (TimeSpan Offset, TimeSpan Uncertainty)? Compare(HostFacts facts)
    {
        if (Parse(facts["clock.before"]) is not { } before || Parse(facts["clock.after"]) is not { } after)
            return null;
        var least = after.Time - facts.Received;
        var most = before.Time + (before.IsFine ? TimeSpan.Zero : TimeSpan.FromSeconds(1)) - facts.Sent;
        return ((least + most) / 2, ((most - least) / 2).Duration());
    }

    [GeneratedRegex(@"\A([0-9]{1,11})(?:\.([0-9]{9})\z|\D|\z)")]
    private static partial Regex Pattern();
}
