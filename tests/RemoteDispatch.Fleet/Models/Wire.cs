using System.Text.Json.Nodes;

namespace RemoteDispatch.Fleet;

/// <summary>How one service writes requests, answers and failures. From the services' public documentation.</summary>
internal abstract class Wire
{
    public const int InputTokens = 100;
    public const int OutputTokens = 7;

    private static readonly Wire[] All = [new AnthropicWire(), new ChatWire(), new ResponsesWire(), new GeminiWire()];

    /// <summary>The service whose path this is.</summary>
    public static Wire? Of(string path) => All.FirstOrDefault(w => w.IsMine(path));

    public abstract bool IsMine(string path);

    public abstract IEnumerable<ModelTurn> Turns(JsonObject request);

    public abstract IEnumerable<string> Tools(JsonObject request);

    public abstract WireAnswer Say(ModelRequest request, string text);

    public abstract WireAnswer Call(ModelRequest request, string tool, JsonObject input);

    public abstract WireAnswer Refuse(ModelStepKind why);

    public virtual string Model(JsonObject request, string path) => (string?)request["model"] ?? "";

    public virtual bool Streams(JsonObject request, string path, string query) => (bool?)request["stream"] ?? false;

    protected static string Id(string prefix) => prefix + Guid.NewGuid().ToString("N");

    protected static WireAnswer Json(int status, JsonNode body) => new(status, "application/json", body.ToJsonString());

    protected static JsonArray Many(JsonNode? node) => node as JsonArray ?? [];

    /// <summary>The events of a stream; each names its kind where the service does so.</summary>
    protected static WireAnswer Events(IEnumerable<JsonObject> events, bool named, string end = "") =>
        new(200, "text/event-stream", string.Concat(events.Select(e => $"{(named ? $"event: {e["type"]}\n" : "")}data: {e.ToJsonString()}\n\n")) + end);
}

/// <summary>An answer as it is sent.</summary>
internal sealed record WireAnswer(int Status, string ContentType, string Body, int RetryAfter = 0);
