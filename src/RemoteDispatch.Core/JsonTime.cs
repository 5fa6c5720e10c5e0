using System.Globalization;
using System.Text.Json.Nodes;

namespace RemoteDispatch;

/// <summary>Times in JSON that is written here: UTC, ISO 8601, to the millisecond.</summary>
internal static class JsonTime
{
    public static string? Write(DateTimeOffset? time) => time?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <exception cref="FormatException">It is no time.</exception>
    public static DateTimeOffset? Read(JsonNode? node) =>
        (string?)node is { } text ? DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal) : null;
}
