using System.Text.Json;
using System.Text.Json.Nodes;

namespace RemoteDispatch.Agents;

/// <summary>One thing that an agent's output can say: how its line is known, and what stands where in it.</summary>
internal sealed record OutputRule
{
    private static readonly string[] Texts = ["session", "answer", "model", "error"];
    private static readonly string[] Numbers = ["turns", "inputTokens", "outputTokens", "cost"];

    /// <summary>What must stand at a path: one of these values.</summary>
    public IReadOnlyList<(string[] Path, string[] Values)> Is { get; init; } = [];

    /// <summary>What must be part of the text at a path: one of these, in any case.</summary>
    public IReadOnlyList<(string[] Path, string[] Parts)> Has { get; init; } = [];

    /// <summary>What must be part of a line that is no JSON, one of these; null for a rule about JSON.</summary>
    public string[]? Line { get; init; }

    /// <summary>What the line says of the end; null for nothing.</summary>
    public AgentEnd? End { get; init; }

    /// <summary>Are numbers added to what was there, and texts put behind it?</summary>
    public bool Adds { get; init; }

    /// <summary>Is what was said of these forgotten first?</summary>
    public IReadOnlyList<string> Clears { get; init; } = [];

    /// <summary>Where each part of the result stands: of several paths texts take the first that is there, numbers the sum.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string[]>> Paths { get; init; } = new Dictionary<string, IReadOnlyList<string[]>>();

    /// <summary>Numbers that the line stands for as such.</summary>
    public IReadOnlyDictionary<string, decimal> Constants { get; init; } = new Dictionary<string, decimal>();

    /// <exception cref="FormatException">It cannot be used.</exception>
    public static OutputRule Read(JsonNode? node)
    {
        var rule = node as JsonObject ?? throw new FormatException("a rule of 'output' is an object");
        var known = Texts.Concat(Numbers).ToArray();
        if (rule.Select(m => m.Key).FirstOrDefault(k => k is not ("when" or "line" or "end" or "add" or "clear") && !known.Contains(k, StringComparer.Ordinal)) is { } wrong)
            throw new FormatException($"{Text.Show(wrong)} in 'output' means nothing: a rule has when, line, end, add, clear, {string.Join(", ", known)}");
        var when = rule["when"] as JsonObject ?? [];
        if (rule.ContainsKey("line") == rule.ContainsKey("when"))
            throw new FormatException("a rule of 'output' has either 'when' or 'line'");
        var said = rule.Where(m => known.Contains(m.Key, StringComparer.Ordinal)).ToArray();
        return new OutputRule
        {
            Is = [.. when.Where(w => w.Value is not JsonObject).Select(w => (PathOf(w.Key), ManyOf(w.Value)))],
            Has = [.. when.Where(w => w.Value is JsonObject).Select(w => (PathOf(w.Key), ManyOf(w.Value!["has"])))],
            Line = rule.ContainsKey("line") ? ManyOf(rule["line"]) : null,
            End = rule["end"] is { } end ? AgentReader.End(end) : null,
            Adds = (bool?)rule["add"] ?? false,
            Clears = AgentReader.Words(rule["clear"]),
            Paths = said.Where(m => m.Value?.GetValueKind() != JsonValueKind.Number)
                .ToDictionary(m => m.Key, m => (IReadOnlyList<string[]>)[.. ManyOf(m.Value).Select(PathOf)], StringComparer.Ordinal),
            Constants = said.Where(m => m.Value?.GetValueKind() == JsonValueKind.Number).ToDictionary(m => m.Key, m => (decimal)m.Value!, StringComparer.Ordinal),
        };
    }

    /// <summary>Is it about this line?</summary>
    public bool IsAbout(JsonElement line) =>
        Line is null && Is.All(w => TextAt(line, w.Path) is { } text && w.Values.Contains(text, StringComparer.Ordinal))
        && Has.All(w => TextAt(line, w.Path) is { } text && w.Parts.Any(p => text.Contains(p, StringComparison.OrdinalIgnoreCase)));

    /// <summary>What stands at a path; null where nothing does, or nothing that can be read.</summary>
    public static JsonElement? At(JsonElement line, string[] path)
    {
        foreach (var step in path)
        {
            if (line.ValueKind == JsonValueKind.Object && line.TryGetProperty(step, out var member))
                line = member;
            else if (line.ValueKind == JsonValueKind.Array && int.TryParse(step, out var index) && index >= 0 && index < line.GetArrayLength())
                line = line[index];
            else
                return null;
        }

        return line;
    }

    /// <summary>A text, number, true or false at a path as text.</summary>
    public static string? TextAt(JsonElement line, string[] path)
    {
        try
        {
            return At(line, path) switch
            {
                { ValueKind: JsonValueKind.String } text => text.GetString(),
                { ValueKind: JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False } other => other.GetRawText(),
                _ => null,
            };
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair.
            return null;
        }
    }

    private static string[] PathOf(string path) => path.Length > 0 ? path.Split('.') : throw new FormatException("a path in 'output' is empty");

    private static string[] ManyOf(JsonNode? node) => node switch
    {
        JsonArray many => [.. many.Select(One)],
        _ => [One(node)],
    };

    private static string One(JsonNode? node) => node?.GetValueKind() switch
    {
        JsonValueKind.String => (string)node!,
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => node.ToJsonString(),
        _ => throw new FormatException("'output' has a value where a text, or a list of texts, belongs"),
    };
}
