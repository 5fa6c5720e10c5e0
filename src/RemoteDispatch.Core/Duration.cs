using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.RegularExpressions;

namespace RemoteDispatch;

/// <summary>Times as people type them: <c>90s</c>, <c>10m</c>, <c>1h30m</c>, <c>7d</c>, a plain number of seconds, or .NET's own <c>0:10:00</c>.</summary>
public static partial class Duration
{
    /// <summary>Reads one.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: it is none.</exception>
    public static TimeSpan Parse(string text) => TryParse(text, out var span) ? span.Value : throw new DispatchException(
        FailureReason.InvalidInput, $"{Text.Show(text)} is no duration.", "Write it as 90s, 10m, 1h30m or 7d.");

    /// <summary>Reads one, and says no instead of throwing.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out TimeSpan? span)
    {
        span = null;
        if (Pattern().Match(text.Trim()) is { Success: true, Length: > 0 } match)
        {
            var total = Part(match, "d") * 86400 + Part(match, "h") * 3600 + Part(match, "m") * 60 + Part(match, "s");
            span = total <= TimeSpan.MaxValue.TotalSeconds / 2 ? TimeSpan.FromSeconds(total) : null;
        }
        else if (text.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var exact) && exact >= TimeSpan.Zero)
        {
            span = exact;
        }

        return span is not null;
    }

    /// <summary>A duration as people read it: <c>0.4s</c>, <c>12s</c>, <c>3m 20s</c>, <c>2h 05m</c>, <c>3d 04h</c>.</summary>
    public static string Show(TimeSpan span) => span switch
    {
        { TotalSeconds: < 10 } => string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:0.#}s"),
        { TotalMinutes: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{(int)span.TotalSeconds}s"),
        { TotalHours: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{span.Minutes}m {span.Seconds:00}s"),
        { TotalDays: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{span.Hours}h {span.Minutes:00}m"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(int)span.TotalDays}d {span.Hours:00}h"),
    };

    private static double Part(Match match, string unit) =>
        match.Groups[unit] is { Success: true } group ? double.Parse(group.Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture) : 0;

    [GeneratedRegex(@"\A(?:(?<d>[0-9]{1,6}(\.[0-9]+)?)d)?(?:(?<h>[0-9]{1,8}(\.[0-9]+)?)h)?(?:(?<m>[0-9]{1,9}(\.[0-9]+)?)m)?(?:(?<s>[0-9]{1,10}(\.[0-9]+)?)s?)?\z", RegexOptions.IgnoreCase)]
    private static partial Regex Pattern();
}
