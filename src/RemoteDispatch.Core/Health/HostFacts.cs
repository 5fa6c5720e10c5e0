using System.Globalization;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Health;

/// <summary>What a program on the host answered.</summary>
/// <param name="Path">Where it is; null where it was not found.</param>
/// <param name="Says">The lines that it printed.</param>
/// <param name="Code">Its exit code; null where it was not asked.</param>
/// <param name="IsSilent">Did it give no answer in time?</param>
/// <param name="Took">How long it took; null where the host's clock is too coarse.</param>
internal sealed record ProgramAnswer(string? Path, IReadOnlyList<string> Says, int? Code, bool IsSilent, TimeSpan? Took)
{
    public string First => Says.Count > 0 ? Says[0] : "";

    public string Last => Says.Count > 0 ? Says[^1] : "";

    public bool IsGood => !IsSilent && Code == 0;
}

/// <summary>What a host answered to <c>facts.sh</c>. It is text from outside: whatever cannot be understood is as if it were not there.</summary>
internal sealed class HostFacts
{
    private const int LineLimit = 300;

    private readonly ILookup<string, string> _facts;

    /// <param name="lines">The answer's lines, each <c>NAME VALUE</c>.</param>
    /// <param name="asked">The host as it was asked: its container may be still open.</param>
    /// <param name="place">The host as it was reached.</param>
    /// <param name="sent">When the question was sent, by the clock here.</param>
    /// <param name="received">When the answer was there.</param>
    public HostFacts(IEnumerable<string> lines, DispatchHost asked, DispatchHost place, DateTimeOffset sent, DateTimeOffset received)
    {
        (Asked, Place, Sent, Received) = (asked, place, sent, received);
        _facts = lines.Select(l => l.IndexOf(' ', StringComparison.Ordinal) is > 0 and var at ? (Name: l[..at], Value: l[(at + 1)..]) : (Name: l, Value: ""))
            .ToLookup(f => f.Name, f => Text.OneLine(f.Value.Replace('\t', ' ').Trim(), LineLimit), StringComparer.Ordinal);
    }

    public DispatchHost Asked { get; }

    public DispatchHost Place { get; }

    public DateTimeOffset Sent { get; }

    public DateTimeOffset Received { get; }

    /// <summary>A fact; null where there is none.</summary>
    public string? this[string name] => _facts[name].LastOrDefault() is { Length: > 0 } value ? value : null;

    /// <summary>How long a program may take for its answer, as the host was told: for messages.</summary>
    public required TimeSpan Patience { get; init; }

    /// <summary>What a program answered.</summary>
    public ProgramAnswer Answer(string name) => new(
        this[$"{name}.path"], _facts[$"{name}.says"].ToArray(), Number(this[$"{name}.code"]) is { } code ? (int)code : null,
        _facts.Contains($"{name}.silent"), Took(this[$"{name}.took"]));

    /// <summary>A fact that is a whole number.</summary>
    public long? Count(string name) => Number(this[name]);

    /// <summary>A whole number; null where it is none.</summary>
    public static long? Number(string? text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static TimeSpan? Took(string? clocks) =>
        clocks?.Split(' ') is [var from, var to] && HostClock.Parse(from) is { IsFine: true } start && HostClock.Parse(to) is { IsFine: true } end && end.Time >= start.Time
            ? end.Time - start.Time : null;
}
