using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace RemoteDispatch;

/// <summary>From when on a log is wanted: so long before now, by the host's own clock, or a point in time, which is compared with that clock.</summary>
public sealed record LogTime
{
    /// <summary>So long ago.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: it is negative.</exception>
    public LogTime(TimeSpan ago) => Ago = ago >= TimeSpan.Zero ? ago : throw NoTime(ago.ToString());

    /// <summary>A point in time.</summary>
    public LogTime(DateTimeOffset at) => At = at;

    /// <summary>A point in time; of this machine's zone, where it does not say which.</summary>
    public LogTime(DateTime at)
        : this(new DateTimeOffset(at))
    {
    }

    /// <summary>How long ago; null where it is a point in time.</summary>
    public TimeSpan? Ago { get; }

    /// <summary>The point in time; null where it is so long ago.</summary>
    public DateTimeOffset? At { get; }

    /// <summary>Reads a duration (10m) or a time (2026-11-21T14:30, with or without a zone).</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: it is neither.</exception>
    public static LogTime Parse(string text) => TryParse(text, out var time) ? time : throw NoTime(text);

    /// <summary>The same, and says no instead of throwing.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out LogTime? time)
    {
        time = Duration.TryParse(text, out var ago) ? new LogTime(ago.Value)
            : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out var at) ? new LogTime(at) : null;
        return time is not null;
    }

    /// <inheritdoc/>
    public override string ToString() => Ago is { } ago ? Duration.Show(ago) : At!.Value.ToString("O", CultureInfo.InvariantCulture);

    private static DispatchException NoTime(string text) => new(
        FailureReason.InvalidInput, $"{Text.Show(text)} is neither a duration nor a time.", "Write how long ago (90s, 10m, 2h) or when (2026-11-21T14:30).");
}
