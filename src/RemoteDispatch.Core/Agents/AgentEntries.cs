using System.Text.Json.Nodes;

namespace RemoteDispatch.Agents;

/// <summary>The entries of all files, as they are laid over each other.</summary>
internal sealed class AgentEntries
{
    private readonly Dictionary<string, JsonObject> _entries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, AgentProfile> _profiles = new(StringComparer.Ordinal);
    private readonly List<string> _names = [];

    /// <summary>The agents, in the order in which their names came.</summary>
    public IReadOnlyList<AgentProfile> Profiles => _names.Select(n => _profiles[n]).ToArray();

    /// <summary>Adds an agent, or changes what is known of one: a member takes the place of the one that was there, and null takes it away.</summary>
    /// <exception cref="FormatException">It cannot be used.</exception>
    public void Add(JsonObject entry)
    {
        var name = AgentReader.NameOf(entry);
        var whole = Base(name, entry);
        foreach (var (key, value) in entry)
            whole[key] = value?.DeepClone();
        var profile = AgentReader.Read(whole);
        if (!_entries.ContainsKey(name))
            _names.Add(name);
        (_entries[name], _profiles[name]) = (whole, profile);
    }

    private JsonObject Base(string name, JsonObject entry)
    {
        if ((string?)entry["like"] is { } other)
        {
            var like = _entries.TryGetValue(other, out var found) ? (JsonObject)found.DeepClone()
                : throw new FormatException($"'{name}' is to be like {Text.Show(other)}, and there is no such agent before it");
            like["program"] ??= other;
            return like;
        }

        return _entries.TryGetValue(name, out var known) ? (JsonObject)known.DeepClone() : [];
    }
}
