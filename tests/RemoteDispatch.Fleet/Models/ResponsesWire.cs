using System.Text.Json.Nodes;

namespace RemoteDispatch.Fleet;

/// <summary>OpenAI's Responses API.</summary>
internal sealed class ResponsesWire : Wire
{
    public override bool IsMine(string path) => path.EndsWith("/responses", StringComparison.Ordinal);

    public override IEnumerable<string> Tools(JsonObject request) => Many(request["tools"]).Select(t => (string?)t!["name"] ?? (string?)t["type"] ?? "");

    public override IEnumerable<ModelTurn> Turns(JsonObject request)
    {
        foreach (var item in Many(request["input"]).OfType<JsonObject>())
        {
            if ((string?)item["type"] is "function_call_output" or "custom_tool_call_output")
                yield return new ModelTurn(false, item["output"]?.ToJsonString() ?? "");
            foreach (var text in (string?)item["role"] == "user" ? Many(item["content"]).Select(b => (string?)b!["text"]).OfType<string>() : [])
                yield return new ModelTurn(true, text);
        }
    }

    public override WireAnswer Say(ModelRequest request, string text) => Answer(request, new JsonObject
    {
        ["type"] = "message", ["id"] = Id("msg_"), ["role"] = "assistant", ["status"] = "completed",
        ["content"] = new JsonArray(new JsonObject { ["type"] = "output_text", ["text"] = text, ["annotations"] = new JsonArray() }),
    });

    public override WireAnswer Call(ModelRequest request, string tool, JsonObject input) => Answer(request, new JsonObject
    {
        ["type"] = "function_call", ["id"] = Id("fc_"), ["call_id"] = Id("call_"), ["name"] = tool, ["arguments"] = input.ToJsonString(), ["status"] = "completed",
    });

    public override WireAnswer Refuse(ModelStepKind why) => ChatWire.OpenAiRefusal(why);

    private static WireAnswer Answer(ModelRequest request, JsonObject item)
    {
        var id = Id("resp_");
        var usage = new JsonObject
        {
            ["input_tokens"] = InputTokens, ["input_tokens_details"] = new JsonObject { ["cached_tokens"] = 0 },
            ["output_tokens"] = OutputTokens, ["output_tokens_details"] = new JsonObject { ["reasoning_tokens"] = 0 }, ["total_tokens"] = InputTokens + OutputTokens,
        };
        var whole = Response("completed", new JsonArray(item.DeepClone()));
        whole["usage"] = usage;
        if (!request.Streams)
            return Json(200, whole);
        return Events(
        [
            new JsonObject { ["type"] = "response.created", ["response"] = Response("in_progress", []) },
            new JsonObject { ["type"] = "response.output_item.added", ["output_index"] = 0, ["item"] = item.DeepClone() },
            new JsonObject { ["type"] = "response.output_item.done", ["output_index"] = 0, ["item"] = item },
            new JsonObject { ["type"] = "response.completed", ["response"] = whole },
        ],
        named: true);

        JsonObject Response(string status, JsonArray output) => new()
        {
            ["id"] = id, ["object"] = "response", ["created_at"] = 1_700_000_000, ["status"] = status, ["model"] = request.Model, ["output"] = output,
        };
    }
}
