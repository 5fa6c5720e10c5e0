using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace RemoteDispatch.Tasks;

/// <summary>
/// A task's id: <c>[A-Za-z0-9][A-Za-z0-9._-]{0,63}</c>. It names a folder on the host and a file here, and is nothing but a name.
/// </summary>
public sealed partial record TaskId
{
    private const string TimeFormat = "yyyyMMdd-HHmmss-fff";

    private TaskId(string value) => Value = value;

    /// <summary>The id.</summary>
    public string Value { get; }

    /// <summary>Checks an id that was given.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: it cannot be an id.</exception>
    public static TaskId Parse(string text) => TryParse(text, out var id) ? id : throw new DispatchException(
        FailureReason.InvalidInput, $"{Text.Show(text)} cannot be a task's id.",
        "Use letters, digits, '.', '_', '-', at most 64, the first a letter or a digit.");

    /// <summary>Checks an id that was given, and says no instead of throwing.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out TaskId? id)
    {
        id = Pattern().IsMatch(text) ? new TaskId(text) : null;
        return id is not null;
    }

    /// <summary>The time in an id that was generated, or in a text that begins with one; null for any other.</summary>
    internal static DateTime? TimeOf(ReadOnlySpan<char> text) =>
        text.Length > TimeFormat.Length && text[TimeFormat.Length] == '-' && DateTime.TryParseExact(
            text[..TimeFormat.Length], TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? time : null;

    /// <summary>Makes a new id: the time in UTC to the millisecond, so that ids sort by age, and 40 random bits.</summary>
    public static TaskId New(TimeProvider time)
    {
        // Crockford's letters: none can be taken for another when it is read out.
        var random = RandomNumberGenerator.GetString("0123456789abcdefghjkmnpqrstvwxyz", 8);
        return new TaskId($"{time.GetUtcNow().ToString(TimeFormat, CultureInfo.InvariantCulture)}-{random}");
    }

    /// <inheritdoc/>
    public override string ToString() => Value;

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,63}\z")]
    private static partial Regex Pattern();
}
