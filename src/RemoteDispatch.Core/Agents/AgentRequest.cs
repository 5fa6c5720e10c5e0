using System.Text.Json.Nodes;

namespace RemoteDispatch.Agents;

/// <summary>
/// What makes a task an AI agent's: which agent, and how it runs. The prompt is the task's command; it reaches the agent over stdin, byte for
/// byte, and no shell reads it.
/// </summary>
public sealed record AgentRequest
{
    /// <summary>Stands for the first agent that the host has.</summary>
    public const string Auto = "auto";

    /// <summary>The agent: a profile's name, or <see cref="Auto"/>.</summary>
    public required string Name { get; init; }

    /// <summary>What the run is to have. Its session is the one to go on in, or open.</summary>
    public AgentCall Call { get; init; } = new();

    /// <summary>The text around the prompt (<see cref="AgentFrame"/>); null leaves the prompt alone.</summary>
    public string? Frame { get; init; }

    /// <summary>The id of the task on whose session it goes on; null for a new session.</summary>
    public string? Resumes { get; init; }

    /// <summary>For a digest and a record: only what is set.</summary>
    internal JsonObject ToJson()
    {
        var json = new JsonObject { ["name"] = Name };
        Add("model", Call.Model);
        Add("maxTurns", Call.MaxTurns);
        Add("session", Call.Session);
        if (Call.Resume)
            json["resume"] = true;
        Add("permissionMode", Call.PermissionMode);
        AddAll("allowedTools", Call.AllowedTools);
        AddAll("deniedTools", Call.DeniedTools);
        AddAll("attachments", Call.Attachments);
        Add("server", Call.Server);
        Add("frame", Frame);
        Add("resumes", Resumes);
        return json;

        void Add(string name, JsonNode? value)
        {
            if (value is not null)
                json[name] = value;
        }

        void AddAll(string name, IReadOnlyList<string> values)
        {
            if (values.Count > 0)
                json[name] = new JsonArray([.. values.Select(v => JsonValue.Create(v))]);
        }
    }

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="FormatException">It names no agent.</exception>
    internal static AgentRequest Read(JsonNode node) => new()
    {
        Name = (string?)node["name"] ?? throw new FormatException("it names no agent"),
        Call = new AgentCall
        {
            Model = (string?)node["model"],
            MaxTurns = (int?)node["maxTurns"],
            Session = (string?)node["session"],
            Resume = (bool?)node["resume"] ?? false,
            PermissionMode = (string?)node["permissionMode"],
            AllowedTools = All(node["allowedTools"]),
            DeniedTools = All(node["deniedTools"]),
            Attachments = All(node["attachments"]),
            Server = (string?)node["server"],
        },
        Frame = (string?)node["frame"],
        Resumes = (string?)node["resumes"],
    };

    private static string[] All(JsonNode? node) => node is JsonArray values ? [.. values.Select(v => (string?)v ?? "")] : [];
}
