using System.Text.Json.Nodes;

namespace RemoteDispatch.Fleet;

/// <summary>OpenAI's chat completions, which most other services speak too.</summary>
internal sealed class ChatWire : Wire
{
    public override bool IsMine(string path) => path.EndsWith("/chat/completions", StringComparison.Ordinal);

    public override IEnumerable<string> Tools(JsonObject request) => Many(request["tools"]).Select(t => (string?)t!["function"]?["name"] ?? "");

    public override IEnumerable<ModelTurn> Turns(JsonObject request)
    {
        foreach (var message in Many(request["messages"]).OfType<JsonObject>())
        {
            var texts = message["content"] is JsonValue one ? [(string)one!] : Many(message["content"]).Select(b => (string?)b!["text"]).OfType<string>();
            if ((string?)message["role"] is "user" or "tool")
            {
                foreach (var text in texts)
                    yield return new ModelTurn((string?)message["role"] == "user", text);
            }
        }
    }

    public override WireAnswer Say(ModelRequest request, string text) => Answer(request, new JsonObject { ["role"] = "assistant", ["content"] = text }, "stop");

    public override WireAnswer Call(ModelRequest request, string tool, JsonObject input) => Answer(
        request,
        new JsonObject
        {
            ["role"] = "assistant",
            ["content"] = null,
            ["tool_calls"] = new JsonArray(new JsonObject
            {
                ["index"] = 0, ["id"] = Id("call_"), ["type"] = "function", ["function"] = new JsonObject { ["name"] = tool, ["arguments"] = input.ToJsonString() },
            }),
        },
        "tool_calls");

    public override WireAnswer Refuse(ModelStepKind why) => OpenAiRefusal(why);

    public static WireAnswer OpenAiRefusal(ModelStepKind why)
    {
        var (status, type, code, message) = why switch
        {
            ModelStepKind.RateLimit => (429, "requests", "rate_limit_exceeded", "Rate limit reached for this model on requests per min (RPM). Please try again in 1s."),
            ModelStepKind.RefuseKey => (401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided. You can find your API key at https://platform.openai.com/account/api-keys."),
            ModelStepKind.OutOfCredit => (429, "insufficient_quota", "insufficient_quota", "You exceeded your current quota, please check your plan and billing details."),
            _ => (500, "server_error", "server_error", "The server had an error while processing your request."),
        };
        var body = new JsonObject { ["error"] = new JsonObject { ["message"] = message, ["type"] = type, ["param"] = null, ["code"] = code } };
        return Json(status, body) with { RetryAfter = why == ModelStepKind.RateLimit ? 1 : 0 };
    }

    private static WireAnswer Answer(ModelRequest request, JsonObject message, string reason)
    {
        var usage = new JsonObject { ["prompt_tokens"] = InputTokens, ["completion_tokens"] = OutputTokens, ["total_tokens"] = InputTokens + OutputTokens };
        var id = Id("chatcmpl-");
        if (!request.Streams)
            return Json(200, Whole("chat.completion", new JsonObject { ["index"] = 0, ["message"] = message, ["finish_reason"] = reason }, usage));
        return Events(
        [
            Whole("chat.completion.chunk", new JsonObject { ["index"] = 0, ["delta"] = message, ["finish_reason"] = null }, null),
            Whole("chat.completion.chunk", new JsonObject { ["index"] = 0, ["delta"] = new JsonObject(), ["finish_reason"] = reason }, null),
            Whole("chat.completion.chunk", null, usage),
        ],
        named: false, "data: [DONE]\n\n");

        JsonObject Whole(string kind, JsonObject? choice, JsonObject? count) => new()
        {
            ["id"] = id, ["object"] = kind, ["created"] = 1_700_000_000, ["model"] = request.Model,
            ["choices"] = choice is null ? [] : new JsonArray(choice), ["usage"] = count,
        };
    }
}
