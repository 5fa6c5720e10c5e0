using System.Text.Json.Nodes;

namespace RemoteDispatch.Fleet;

/// <summary>What the double of a model does with one request of an agent.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="Text">The answer, the command, or the file's content.</param>
/// <param name="Path">The file that is to be written.</param>
/// <param name="Times">For how many requests it stands; zero for ever.</param>
public sealed record ModelStep(ModelStepKind Kind, string Text = "", string Path = "", int Times = 0)
{
    /// <summary>Answers.</summary>
    public static ModelStep Say(string text) => new(ModelStepKind.Say, text);

    /// <summary>Has the agent write a file with its own tool for that.</summary>
    public static ModelStep WriteFile(string path, string content) => new(ModelStepKind.WriteFile, content, path);

    /// <summary>Has the agent run a command with its own tool for that.</summary>
    public static ModelStep Run(string command) => new(ModelStepKind.Run, command);

    /// <summary>429, with the seconds after which to ask again.</summary>
    public static ModelStep RateLimit(int times = 0) => new(ModelStepKind.RateLimit, Times: times);

    /// <summary>401: the key is none.</summary>
    public static ModelStep RefuseKey() => new(ModelStepKind.RefuseKey);

    /// <summary>No credit is left, as each service says it.</summary>
    public static ModelStep OutOfCredit() => new(ModelStepKind.OutOfCredit);

    /// <summary>A failure of the service: 500.</summary>
    public static ModelStep Fail() => new(ModelStepKind.Fail);

    /// <summary>Takes the request and never answers.</summary>
    public static ModelStep Hang() => new(ModelStepKind.Hang);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    public static ModelStep Parse(JsonNode node) =>
        new(Enum.Parse<ModelStepKind>((string)node["kind"]!), (string?)node["text"] ?? "", (string?)node["path"] ?? "", (int?)node["times"] ?? 0);

    /// <summary>For a double that runs as a process of its own.</summary>
    public JsonObject ToJson() => new() { ["kind"] = Kind.ToString(), ["text"] = Text, ["path"] = Path, ["times"] = Times };
}

/// <summary>What a model can do.</summary>
public enum ModelStepKind
{
    /// <summary>Answers.</summary>
    Say,

    /// <summary>Writes a file.</summary>
    WriteFile,

    /// <summary>Runs a command.</summary>
    Run,

    /// <summary>Takes no more requests for now.</summary>
    RateLimit,

    /// <summary>Refuses the key.</summary>
    RefuseKey,

    /// <summary>Has no credit.</summary>
    OutOfCredit,

    /// <summary>Fails.</summary>
    Fail,

    /// <summary>Never answers.</summary>
    Hang,
}
