using System.Text.Json.Nodes;

namespace RemoteDispatch.Fleet;

/// <summary>One request of an agent to a model, as far as the double understands it.</summary>
public sealed record ModelRequest
{
    /// <summary>The path: which API.</summary>
    public required string Path { get; init; }

    /// <summary>The body, as it came.</summary>
    public required string Body { get; init; }

    /// <summary>The model that was asked for.</summary>
    public string Model { get; init; } = "";

    /// <summary>Is the answer wanted as a stream of events?</summary>
    public bool Streams { get; init; }

    /// <summary>The tools that the agent offers, by name.</summary>
    public IReadOnlyList<string> Tools { get; init; } = [];

    /// <summary>All texts that a user has said in the conversation, each as it came.</summary>
    public IReadOnlyList<string> UserTexts { get; init; } = [];

    /// <summary>What tools have answered since the user last said something.</summary>
    public IReadOnlyList<string> ToolResults { get; init; } = [];

    /// <summary>Does the agent tell the model to use no more tools, as OpenCode does at its limit of steps?</summary>
    public bool ForbidsTools => Body.Contains("Tools are disabled until next user input", StringComparison.Ordinal);

    /// <summary>The key that came with it.</summary>
    public string Key { get; init; } = "";

    /// <summary>Reads a request to any of the four APIs; null for what is none.</summary>
    internal static ModelRequest? Read(string path, string query, string body)
    {
        if (Wire.Of(path) is not { } wire || JsonNode.Parse(body) is not JsonObject json)
            return null;
        var talk = wire.Turns(json).ToArray();
        var last = Array.FindLastIndex(talk, t => t.IsUser);
        return new ModelRequest
        {
            Path = path,
            Body = body,
            Model = wire.Model(json, path),
            Streams = wire.Streams(json, path, query),
            Tools = [.. wire.Tools(json)],
            UserTexts = [.. talk.Where(t => t.IsUser).Select(t => t.Text)],
            ToolResults = [.. talk.Skip(last + 1).Select(t => t.Text)],
        };
    }
}

/// <summary>A text of a user, or the answer of a tool.</summary>
internal readonly record struct ModelTurn(bool IsUser, string Text);
