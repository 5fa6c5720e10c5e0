using System.Globalization;
using System.Text.Json.Nodes;
using RemoteDispatch.Agents;

namespace RemoteDispatch.Tasks;

/// <summary>The AI agent that a task runs, as it is recorded.</summary>
public sealed record TaskAgent
{
    /// <summary>The agent: the one that was found, where it was to be any.</summary>
    public required string Name { get; init; }

    /// <summary>The model that was asked for; null for the agent's own choice.</summary>
    public string? Model { get; init; }

    /// <summary>After how many turns it stops; null for as many as it takes.</summary>
    public int? MaxTurns { get; init; }

    /// <summary>What it may do without being asked, in its own word; null for its default.</summary>
    public string? PermissionMode { get; init; }

    /// <summary>Is its own permission system switched off?</summary>
    public bool SkipsPermissions { get; init; }

    /// <summary>The session, where it is known before the agent tells it; <see cref="AgentResult.Session"/> has what it told.</summary>
    public string? Session { get; init; }

    /// <summary>The id of the task on whose session it goes on; null for a new session.</summary>
    public string? Resumes { get; init; }

    /// <summary>Everything that is known of it in one line, as people see it.</summary>
    public string Summary
    {
        get
        {
            var more = new List<string>();
            if (Resumes is not null)
                more.Add($"going on with the task {Resumes}");
            if (Model is not null)
                more.Add($"model {Model}");
            if (MaxTurns is { } turns)
                more.Add(string.Create(CultureInfo.InvariantCulture, $"at most {turns} turns"));
            if (PermissionMode is not null)
                more.Add($"permission mode {PermissionMode}{(SkipsPermissions ? ", WHICH SKIPS ITS PERMISSIONS" : "")}");
            return Text.OneLine(more.Count > 0 ? $"{Name} ({string.Join("; ", more)})" : Name, 400);
        }
    }

    /// <summary>Agents print as their names.</summary>
    public override string ToString() => Name;

    internal JsonObject ToJson()
    {
        var json = new JsonObject { ["name"] = Name };
        if (Model is not null)
            json["model"] = Model;
        if (MaxTurns is not null)
            json["maxTurns"] = MaxTurns;
        if (PermissionMode is not null)
            json["permissionMode"] = PermissionMode;
        if (SkipsPermissions)
            json["skipsPermissions"] = true;
        if (Session is not null)
            json["session"] = Session;
        if (Resumes is not null)
            json["resumes"] = Resumes;
        return json;
    }

    /// <summary>Reads what <see cref="ToJson"/> wrote; null where that names no agent. A task.json comes from a host: all of it is data.</summary>
    internal static TaskAgent? Read(JsonNode? node) => (string?)node?["name"] is not { Length: > 0 } name ? null : new TaskAgent
    {
        Name = Text.OneLine(name, 64),
        Model = Line(node["model"]),
        MaxTurns = (int?)node["maxTurns"],
        PermissionMode = Line(node["permissionMode"]),
        SkipsPermissions = (bool?)node["skipsPermissions"] ?? false,
        Session = Line(node["session"]),
        Resumes = Line(node["resumes"]),
    };

    private static string? Line(JsonNode? node) => (string?)node is { Length: > 0 } text ? Text.OneLine(text, 200) : null;
}
