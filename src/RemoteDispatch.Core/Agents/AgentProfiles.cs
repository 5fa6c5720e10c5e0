using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace RemoteDispatch.Agents;

/// <summary>The agents that are known: those that are built in, and those that the user's files add or change.</summary>
public static class AgentProfiles
{
    /// <summary>The agents that are built in, in the order in which the first that a host has is taken.</summary>
    private static readonly string[] BuiltIn = ["claude", "opencode", "codex", "gemini"];

    /// <summary>What no agent can be called: what stands for the first that is there, and the other checks of a host (docs/checks.md).</summary>
    internal static readonly string[] Taken =
    [
        "auto", "connect", "workspace", "detach", "survival", "disk", "inodes", "tasks", "system", "memory", "load", "clock", "gpu", "container",
        "docker", "podman", "orbstack", "git", "tmux", "agent-forwarding",
    ];

    private static readonly Lazy<IReadOnlyList<JsonObject>> Known = new(() => BuiltIn.SelectMany(n => Parse(Load($"{n}.json"))).ToArray());

    /// <summary>All agents: those that are built in first, then the user's own. A folder that is not there adds none.</summary>
    /// <param name="folder">The folder of the user's files (<see cref="UserFolders.Agents"/>).</param>
    /// <exception cref="DispatchException"><see cref="FailureReason.DamagedFile"/> or <see cref="FailureReason.LocalFile"/>: a file cannot be used; it is named.</exception>
    public static IReadOnlyList<AgentProfile> Read(string folder)
    {
        var known = new AgentEntries();
        foreach (var entry in Known.Value)
            known.Add(entry);
        if (Directory.Exists(folder))
        {
            foreach (var path in Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal))
                ReadFile(path, known);
        }

        return known.Profiles;
    }

    /// <summary>One agent by its name.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: there is none of that name; or as in <see cref="Read"/>.</exception>
    public static AgentProfile Find(string folder, string name)
    {
        var all = Read(folder);
        return all.FirstOrDefault(a => a.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) ?? throw new DispatchException(
            FailureReason.InvalidInput, $"There is no agent {Text.Show(name)}.", $"Take one of {string.Join(", ", all.Select(a => a.Name))}, or add a profile to '{folder}'.");
    }

    private static void ReadFile(string path, AgentEntries known)
    {
        try
        {
            foreach (var entry in Parse(File.ReadAllText(path)))
                known.Add(entry);
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or ArgumentException)
        {
            throw new DispatchException(
                FailureReason.DamagedFile, $"The agents in '{path}' cannot be used: {e.Message.Split(" LineNumber:")[0]}.", "Mend the file, or remove it.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DispatchException(FailureReason.LocalFile, $"'{path}' cannot be read: {e.Message}", "Check the file's owner and permissions.", e);
        }
    }

    private static JsonObject[] Parse(string text)
    {
        var agents = (JsonNode.Parse(text) as JsonObject)?["agents"] as JsonArray
            ?? throw new FormatException("it has no list 'agents': {\"agents\": [{\"name\": …}]}");
        return agents.Select(a => a as JsonObject ?? throw new FormatException("an agent is an object: {\"name\": …, \"program\": …}")).ToArray();
    }

    private static string Load(string name)
    {
        using var stream = typeof(AgentProfiles).Assembly.GetManifestResourceStream($"agents/{name}")
            ?? throw new InvalidOperationException($"The resource agents/{name} is missing from the build.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
