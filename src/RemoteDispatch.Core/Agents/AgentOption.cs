using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace RemoteDispatch.Agents;

/// <summary>How an agent is told one thing: by words of its command line, by variables, or by a file that a variable names.</summary>
/// <param name="Words">The words.</param>
/// <param name="Environment">The variables: text, or an object that becomes JSON and into which others of the same name are laid.</param>
/// <param name="Files">Files in the same way.</param>
internal sealed partial record AgentOption(IReadOnlyList<string> Words, JsonObject Environment, JsonObject Files)
{
    /// <summary>Where the options stand among the words of a start; at their end where it is not said.</summary>
    public const string Options = "{options}";

    private static readonly JsonSerializerOptions Layout = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Does a word or a variable have this placeholder?</summary>
    public bool Wants(string placeholder) => Placeholders().Contains(placeholder, StringComparer.Ordinal);

    /// <summary>All placeholders.</summary>
    public IEnumerable<string> Placeholders() => Words.Append(Environment.ToJsonString(Layout)).Append(Files.ToJsonString(Layout))
        .SelectMany(w => PlaceholderPattern().Matches(w)).Select(m => m.Groups[1].Value);

    /// <summary>The same with nodes of its own: those of a parser are filled in when they are first read, which no two threads may do.</summary>
    public AgentOption Own() => Fill(new Dictionary<string, string>());

    /// <summary>The same with values in place of placeholders; those that have none stay.</summary>
    public AgentOption Fill(IReadOnlyDictionary<string, string> values) =>
        new([.. Words.Select(w => Fill(w, values))], (JsonObject)Fill(Environment, values)!, (JsonObject)Fill(Files, values)!);

    /// <summary>In one go, so that nothing in a value is taken for a placeholder.</summary>
    public static string Fill(string word, IReadOnlyDictionary<string, string> values) =>
        PlaceholderPattern().Replace(word, m => values.TryGetValue(m.Groups[1].Value, out var value) ? value : m.Value);

    /// <summary>Lays one object into another: members of both are laid into each other where they are objects, else the later one counts.</summary>
    public static void Lay(JsonObject part, JsonObject into)
    {
        foreach (var (name, value) in part)
        {
            if (value is JsonObject upper && into[name] is JsonObject lower)
                Lay(upper, lower);
            else
                into[name] = value?.DeepClone();
        }
    }

    public static string TextOf(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : node?.ToJsonString(Layout) ?? "";

    /// <summary>Is there no half of a surrogate pair in it?</summary>
    public static bool IsWellFormed(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsSurrogate(text[i]) && !Rune.TryGetRuneAt(text, i++, out _))
                return false;
        }

        return true;
    }

    private static JsonNode? Fill(JsonNode? node, IReadOnlyDictionary<string, string> values) => node switch
    {
        JsonObject o => new JsonObject(o.Select(p => KeyValuePair.Create(Fill(p.Key, values), Fill(p.Value, values)))),
        JsonArray a => new JsonArray([.. a.Select(n => Fill(n, values))]),
        // A number stays one: settings that want it take no text.
        JsonValue v when v.TryGetValue<string>(out var text) => text == "{turns}" && values.TryGetValue("turns", out var turns)
            ? JsonValue.Create(long.Parse(turns, CultureInfo.InvariantCulture)) : JsonValue.Create(Fill(text, values)),
        _ => node?.DeepClone(),
    };

    [GeneratedRegex(@"\{([a-z]+)\}")]
    private static partial Regex PlaceholderPattern();
}
