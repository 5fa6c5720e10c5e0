using System.Text.Json;

namespace RemoteDispatch.Hosts;

/// <summary>What a completion needs of a host: how it is written in the file, unchecked.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Address">Its address.</param>
/// <param name="Transport">How the first hop is made; empty where it is not said.</param>
/// <param name="Capabilities">What it can do.</param>
public sealed record HostSketch(string Name, string Address, string Transport, IReadOnlyList<string> Capabilities);

public sealed partial class HostInventory
{
    /// <summary>
    /// All hosts, <c>local</c> first, in the time between two key strokes: nothing of them is checked. A file that cannot be read as an
    /// inventory has none.
    /// </summary>
    public IReadOnlyList<HostSketch> Sketch()
    {
        var hosts = new List<HostSketch> { new(DispatchHost.LocalName, "", "local", []) };
        try
        {
            var content = File.ReadAllBytes(Path).AsMemory();
            using var file = JsonDocument.Parse(content.Span.StartsWith("\uFEFF"u8) ? content[3..] : content);
            if (!file.RootElement.TryGetProperty("hosts", out var entries))
                return hosts;
            foreach (var entry in entries.EnumerateObject())
            {
                if (entry.NameEquals(DispatchHost.LocalName))
                    hosts.RemoveAt(0);
                hosts.Add(new HostSketch(entry.Name, Word(entry.Value, "address"), Word(entry.Value, "transport"), Words(entry.Value, "capabilities")));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException)
        {
            // Whatever was read so far is as good as nothing: the cmdlet itself will say what is wrong.
        }

        return hosts;
    }

    private static string Word(JsonElement entry, string member) =>
        entry.TryGetProperty(member, out var word) && word.ValueKind == JsonValueKind.String ? word.GetString()! : "";

    private static string[] Words(JsonElement entry, string member)
    {
        if (!entry.TryGetProperty(member, out var list) || list.ValueKind != JsonValueKind.Array)
            return [];
        var words = new List<string>(list.GetArrayLength());
        foreach (var word in list.EnumerateArray())
        {
            if (word.ValueKind == JsonValueKind.String)
                words.Add(word.GetString()!);
        }

        return [.. words];
    }
}
