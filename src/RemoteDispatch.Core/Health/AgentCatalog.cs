using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace RemoteDispatch.Health;

/// <summary>The agents that a check looks for: those that are known here, and those that the user's files add or replace.</summary>
internal static class AgentCatalog
{
    private static readonly Lazy<IReadOnlyList<AgentProgram>> Known = new(() =>
    {
        using var stream = typeof(AgentCatalog).Assembly.GetManifestResourceStream("agents.json")
            ?? throw new InvalidOperationException("The resource agents.json is missing from the build.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return Parse(reader.ReadToEnd());
    });

    /// <summary>All agents. A folder that is not there adds none.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.DamagedFile"/> or <see cref="FailureReason.LocalFile"/>: a file cannot be used; it is named.</exception>
    public static IReadOnlyList<AgentProgram> Read(string folder)
    {
        if (!Directory.Exists(folder))
            return Known.Value;
        var agents = Known.Value.ToDictionary(a => a.Name, StringComparer.Ordinal);
        var names = agents.Keys.ToList();
        foreach (var path in Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal))
        {
            foreach (var agent in ReadFile(path))
            {
                if (!agents.ContainsKey(agent.Name))
                    names.Add(agent.Name);
                agents[agent.Name] = agent;
            }
        }

        return names.Select(n => agents[n]).ToArray();
    }

    private static AgentProgram[] ReadFile(string path)
    {
        try
        {
            return Parse(File.ReadAllText(path));
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            throw new DispatchException(
                FailureReason.DamagedFile, $"The agents in '{path}' cannot be used: {e.Message.Split(" LineNumber:")[0]}.", "Mend the file, or remove it.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DispatchException(FailureReason.LocalFile, $"'{path}' cannot be read: {e.Message}", "Check the file's owner and permissions.", e);
        }
    }

    private static AgentProgram[] Parse(string text)
    {
        var agents = (JsonNode.Parse(text) as JsonObject)?["agents"] as JsonArray
            ?? throw new FormatException("it has no list 'agents': {\"agents\": [{\"name\": …}]}");
        var read = agents.Select(AgentProgram.Read).ToArray();
        return read.FirstOrDefault(a => CheckCatalog.IsBuiltIn(a.Name)) is { } taken
            ? throw new FormatException($"'{taken.Name}' is the name of another check") : read;
    }
}
