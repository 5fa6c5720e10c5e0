using System.Text.Json.Nodes;

namespace RemoteDispatch.Fleet;

/// <summary>Anthropic's Messages API.</summary>
internal sealed class AnthropicWire : Wire
{
    public override bool IsMine(string path) => path == "/v1/messages";

    public override IEnumerable<string> Tools(JsonObject request) => Many(request["tools"]).Select(t => (string?)t!["name"] ?? "");

    public override IEnumerable<ModelTurn> Turns(JsonObject request)
    {
        foreach (var message in Many(request["messages"]).Where(m => (string?)m!["role"] == "user"))
        {
            if (message!["content"] is JsonValue text)
            {
                yield return new ModelTurn(true, (string)text!);
                continue;
            }

            var blocks = Many(message["content"]).OfType<JsonObject>().ToArray();
            // What stands beside the answers of tools is the agent's own reminder.
            var isAnswer = blocks.Any(b => (string?)b["type"] == "tool_result");
            foreach (var block in blocks)
            {
                if ((string?)block["type"] == "tool_result")
                    yield return new ModelTurn(false, block["content"]?.ToJsonString() ?? "");
                else if ((string?)block["type"] == "text" && !isAnswer)
                    yield return new ModelTurn(true, (string?)block["text"] ?? "");
            }
        }
    }

    public override WireAnswer Say(ModelRequest request, string text) =>
        Answer(request, new JsonObject { ["type"] = "text", ["text"] = "" }, "text", new JsonObject { ["type"] = "text_delta", ["text"] = text }, "end_turn", text);

    public override WireAnswer Call(ModelRequest request, string tool, JsonObject input) => Answer(
        request, new JsonObject { ["type"] = "tool_use", ["id"] = Id("toolu_"), ["name"] = tool, ["input"] = new JsonObject() },
        "input", new JsonObject { ["type"] = "input_json_delta", ["partial_json"] = input.ToJsonString() }, "tool_use", input);

    public override WireAnswer Refuse(ModelStepKind why)
    {
        var (status, type, message) = why switch
        {
            ModelStepKind.RateLimit => (429, "rate_limit_error", "This request would exceed your account's rate limit. Please try again later."),
            ModelStepKind.RefuseKey => (401, "authentication_error", "invalid x-api-key"),
            ModelStepKind.OutOfCredit => (400, "invalid_request_error", "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits."),
            _ => (500, "api_error", "Internal server error"),
        };
        var body = new JsonObject { ["type"] = "error", ["error"] = new JsonObject { ["type"] = type, ["message"] = message }, ["request_id"] = "req_double" };
        return Json(status, body) with { RetryAfter = why == ModelStepKind.RateLimit ? 1 : 0 };
    }

    private static WireAnswer Answer(ModelRequest request, JsonObject block, string member, JsonObject delta, string reason, JsonNode content)
    {
        var message = new JsonObject
        {
            ["id"] = Id("msg_"), ["type"] = "message", ["role"] = "assistant", ["model"] = request.Model, ["content"] = new JsonArray(),
            ["stop_reason"] = null, ["stop_sequence"] = null, ["usage"] = new JsonObject { ["input_tokens"] = InputTokens, ["output_tokens"] = 1 },
        };
        var usage = new JsonObject { ["output_tokens"] = OutputTokens };
        if (!request.Streams)
        {
            block[member] = content.DeepClone();
            message["content"] = new JsonArray(block);
            message["stop_reason"] = reason;
            message["usage"] = new JsonObject { ["input_tokens"] = InputTokens, ["output_tokens"] = OutputTokens };
            return Json(200, message);
        }

        return Events(
        [
            new JsonObject { ["type"] = "message_start", ["message"] = message },
            new JsonObject { ["type"] = "content_block_start", ["index"] = 0, ["content_block"] = block },
            new JsonObject { ["type"] = "content_block_delta", ["index"] = 0, ["delta"] = delta },
            new JsonObject { ["type"] = "content_block_stop", ["index"] = 0 },
            new JsonObject { ["type"] = "message_delta", ["delta"] = new JsonObject { ["stop_reason"] = reason, ["stop_sequence"] = null }, ["usage"] = usage },
            new JsonObject { ["type"] = "message_stop" },
        ],
        named: true);
    }
}
