using System.Text.Json.Nodes;

namespace RemoteDispatch.Fleet;

/// <summary>The API of Google's Gemini: generateContent, as one answer or as a stream.</summary>
internal sealed class GeminiWire : Wire
{
    public override bool IsMine(string path) => path.EndsWith(":generateContent", StringComparison.Ordinal) || path.EndsWith(":streamGenerateContent", StringComparison.Ordinal);

    public override string Model(JsonObject request, string path) => path[(path.LastIndexOf('/') + 1)..path.LastIndexOf(':')];

    public override bool Streams(JsonObject request, string path, string query) => path.EndsWith(":streamGenerateContent", StringComparison.Ordinal);

    public override IEnumerable<string> Tools(JsonObject request) =>
        Many(request["tools"]).SelectMany(t => Many(t!["functionDeclarations"])).Select(f => (string?)f!["name"] ?? "");

    public override IEnumerable<ModelTurn> Turns(JsonObject request)
    {
        foreach (var content in Many(request["contents"]).Where(c => (string?)c!["role"] == "user"))
        {
            var parts = Many(content!["parts"]).OfType<JsonObject>().ToArray();
            var isAnswer = parts.Any(p => p.ContainsKey("functionResponse"));
            foreach (var part in parts)
            {
                if (part["functionResponse"] is { } answer)
                    yield return new ModelTurn(false, answer.ToJsonString());
                else if ((string?)part["text"] is { } text && !isAnswer)
                    yield return new ModelTurn(true, text);
            }
        }
    }

    public override WireAnswer Say(ModelRequest request, string text) => Answer(request, new JsonObject { ["text"] = text });

    public override WireAnswer Call(ModelRequest request, string tool, JsonObject input) =>
        Answer(request, new JsonObject { ["functionCall"] = new JsonObject { ["name"] = tool, ["args"] = input } });

    public override WireAnswer Refuse(ModelStepKind why)
    {
        var (code, status, message) = why switch
        {
            ModelStepKind.RateLimit => (429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
            ModelStepKind.RefuseKey => (400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."),
            ModelStepKind.OutOfCredit => (429, "RESOURCE_EXHAUSTED", "You exceeded your current quota, please check your plan and billing details."),
            _ => (500, "INTERNAL", "An internal error has occurred."),
        };
        return Json(code, new JsonObject { ["error"] = new JsonObject { ["code"] = code, ["message"] = message, ["status"] = status } });
    }

    private static WireAnswer Answer(ModelRequest request, JsonObject part)
    {
        var whole = new JsonObject
        {
            ["candidates"] = new JsonArray(new JsonObject
            {
                ["content"] = new JsonObject { ["role"] = "model", ["parts"] = new JsonArray(part) }, ["finishReason"] = "STOP", ["index"] = 0,
            }),
            ["usageMetadata"] = new JsonObject { ["promptTokenCount"] = InputTokens, ["candidatesTokenCount"] = OutputTokens, ["totalTokenCount"] = InputTokens + OutputTokens },
            ["modelVersion"] = request.Model,
            ["responseId"] = "double",
        };
        return request.Streams ? Events([whole], named: false) : Json(200, whole);
    }
}
