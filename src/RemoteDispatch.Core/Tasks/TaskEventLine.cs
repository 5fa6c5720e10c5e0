using System.Text;
using System.Text.Json;

namespace RemoteDispatch.Tasks;

/// <summary>
/// What a line of <c>events</c> says. It was written by the task, or by whatever the task ran: nothing in it is believed, and a line that
/// is no event is shown as it is.
/// </summary>
/// <param name="Kind">What it is about.</param>
/// <param name="Time">When; null where it does not say.</param>
/// <param name="Text">What was said.</param>
/// <param name="Data">The data, by key.</param>
/// <param name="IsCut">Was there more?</param>
internal sealed record TaskEventLine(TaskEventKind Kind, DateTimeOffset? Time, string Text, IReadOnlyDictionary<string, string> Data, bool IsCut)
{
    /// <summary>How much is shown of a line that is no event.</summary>
    public const int LongestUnknown = 4096;

    private const int MostData = 64;

    private static readonly Dictionary<string, string> NoData = [];
    private static readonly long LatestSecond = DateTimeOffset.MaxValue.ToUnixTimeSeconds();

    /// <summary>Reads a line, without its line end.</summary>
    public static TaskEventLine Parse(ReadOnlyMemory<byte> line)
    {
        try
        {
            using var json = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = 8 });
            return Read(json.RootElement) ?? Unknown(line.Span);
        }
        // InvalidOperation: half of a surrogate pair, which is no text.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return Unknown(line.Span);
        }
    }

    /// <summary>Is the line an event, as JSON?</summary>
    public bool IsKnown => Kind != TaskEventKind.Unknown;

    private static TaskEventLine? Read(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty("kind", out var word) || word.ValueKind != JsonValueKind.String)
            return null;
        var isCut = json.TryGetProperty("cut", out var cut) && cut.ValueKind == JsonValueKind.True;
        switch (word.GetString())
        {
            case "event" when json.TryGetProperty("data", out var data) && data.ValueKind == JsonValueKind.Object:
                var pairs = new Dictionary<string, string>(StringComparer.Ordinal);
                foreach (var pair in data.EnumerateObject().Take(MostData))
                    pairs[pair.Name] = pair.Value.ValueKind == JsonValueKind.String ? pair.Value.GetString()! : pair.Value.GetRawText();
                return new TaskEventLine(pairs.ContainsKey("tool") ? TaskEventKind.Tool : TaskEventKind.Data, TimeOf(json), TextOf(pairs), pairs, isCut);
            case "dropped":
                return new TaskEventLine(TaskEventKind.Dropped, TimeOf(json), "the limit was reached: what the task reports from here on is not kept", NoData, isCut);
            case var known when KindOf(known) is { } kind && json.TryGetProperty("text", out var text) && text.ValueKind == JsonValueKind.String:
                return new TaskEventLine(kind, TimeOf(json), text.GetString()!, NoData, isCut);
            default:
                return null;
        }
    }

    private static TaskEventKind? KindOf(string? word) => word switch
    {
        "status" => TaskEventKind.Status,
        "message" => TaskEventKind.Message,
        "blocked" => TaskEventKind.Blocked,
        "done" => TaskEventKind.Done,
        _ => null,
    };

    private static DateTimeOffset? TimeOf(JsonElement json) =>
        json.TryGetProperty("time", out var time) && time.ValueKind == JsonValueKind.Number && time.TryGetInt64(out var seconds) && seconds >= 0 && seconds <= LatestSecond
            ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;

    private static string TextOf(Dictionary<string, string> data)
    {
        if (!data.TryGetValue("tool", out var tool))
            return string.Join(' ', data.Select(p => $"{p.Key}={p.Value}"));
        return data.TryGetValue("summary", out var summary) && summary.Length > 0 ? $"{tool}: {summary}" : tool;
    }

    private static TaskEventLine Unknown(ReadOnlySpan<byte> line) => new(
        TaskEventKind.Unknown, null, Encoding.UTF8.GetString(line[..Math.Min(line.Length, LongestUnknown)]), NoData, line.Length > LongestUnknown);
}
