using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace RemoteDispatch.Hosts;

/// <summary>Hosts in the inventory's own form. Members that this version does not know come along, and go out again.</summary>
internal static class JsonHosts
{
    public static void Read(HostImport import, string text, string path)
    {
        var content = Encoding.UTF8.GetBytes(text);
        var lines = new Lazy<Dictionary<string, int>>(() => LinesOf(content));
        foreach (var (name, entry) in InventoryFile.Parse(content, path, "The file").Hosts)
            import.Try($"'{path}', line {lines.Value.GetValueOrDefault(name, 1)}", () => new HostOffer(HostEntry.Read(name, entry, path), (JsonObject)entry!.DeepClone()));
    }

    public static string Write(IEnumerable<KeyValuePair<string, JsonObject>> entries)
    {
        var hosts = new JsonObject(entries.Select(e => KeyValuePair.Create(e.Key, (JsonNode?)e.Value.DeepClone())));
        return new JsonObject { ["hosts"] = hosts }.ToJsonString(InventoryFile.Layout) + "\n";
    }

    /// <summary>The line on which each entry begins: a tree of JSON no longer knows.</summary>
    private static Dictionary<string, int> LinesOf(byte[] content)
    {
        var lines = new Dictionary<string, int>(StringComparer.Ordinal);
        var reader = new Utf8JsonReader(content);
        var (line, counted, isInHosts) = (1, 0, false);
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName)
                continue;
            line += content.AsSpan(counted..(int)reader.TokenStartIndex).Count((byte)'\n');
            counted = (int)reader.TokenStartIndex;
            if (reader.CurrentDepth == 1)
                isInHosts = reader.ValueTextEquals("hosts");
            else if (reader.CurrentDepth == 2 && isInHosts)
                lines[reader.GetString()!] = line;
        }

        return lines;
    }
}
