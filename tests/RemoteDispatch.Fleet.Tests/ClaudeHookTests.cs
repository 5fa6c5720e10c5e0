using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using RemoteDispatch.Credentials;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Fleet.Tests;

/// <summary>The real Claude Code, against a double of its service, reports its tools through the settings that a task gets.</summary>
public sealed class ClaudeHookTests(SharedFleet shared)
{
    [Fact]
    public async Task Use_of_a_tool_is_an_event_and_the_settings_of_the_user_are_left_alone()
    {
        var path = Environment.GetEnvironmentVariable("PATH")!;
        Assert.SkipUnless(path.Split(':').Any(f => File.Exists(Path.Combine(f, "claude"))), "Claude Code is not installed: npm install -g @anthropic-ai/claude-code.");
        await using var bench = new Bench(shared.Fleet);
        using var service = MessagesDouble.Start();
        var server = shared.Fleet.Hosts[0];
        var task = await bench.Dispatcher.DispatchAsync(
            Bench.HostOf(server),
            new TaskRequest
            {
                Command = "claude -p 'say hello' --settings \"$REMOTE_DISPATCH_CLAUDE_SETTINGS\" --allowedTools Bash",
                ReportToolUse = true,
                TimeLimit = TimeSpan.FromMinutes(2),
                Environment = new Dictionary<string, string> { ["PATH"] = path, ["ANTHROPIC_BASE_URL"] = service.Address, ["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"] = "1" },
                Credentials = [CredentialGrant.Create("ANTHROPIC_API_KEY", "no-key-at-all")],
            },
            Bench.Cancel);
        var events = new List<TaskEvent>();
        await foreach (var chunk in bench.Dispatcher.ReadEventsAsync(task, new EventQuery { Follow = true }, Bench.Cancel))
        {
            events.AddRange(chunk.Events);
            task = chunk.Task;
        }

        Assert.True(task.State == TaskState.Succeeded, await bench.TextOf(task));
        Assert.Contains("All done.", await bench.TextOf(task), StringComparison.Ordinal);
        Assert.Equal([(TaskEventKind.Tool, "Bash: echo \"hello é\""), (TaskEventKind.Data, "hook=Stop")], events.Select(e => (e.Kind, e.Text)));
        Assert.False(File.Exists(Path.Combine(server.HomeOnDisk, ".claude", "settings.json")));
    }

    /// <summary>A double of the Messages API on loopback: the first answer uses Bash, the next one ends the turn.</summary>
    private sealed class MessagesDouble : IDisposable
    {
        private readonly HttpListener _listener = new();

        public string Address { get; private init; } = "";

        public static MessagesDouble Start()
        {
            using var door = Door.Closed("127.0.0.1");
            var port = door.Port;
            door.Dispose();
            var service = new MessagesDouble { Address = $"http://127.0.0.1:{port}" };
            service._listener.Prefixes.Add(service.Address + "/");
            service._listener.Start();
            _ = Task.Run(service.ServeAsync);
            return service;
        }

        public void Dispose() => _listener.Close();

        private async Task ServeAsync()
        {
            try
            {
                while (true)
                    await AnswerAsync(await _listener.GetContextAsync());
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                // The test is over.
            }
        }

        private static async Task AnswerAsync(HttpListenerContext context)
        {
            using var reader = new StreamReader(context.Request.InputStream, Encoding.UTF8);
            var body = await reader.ReadToEndAsync();
            var asksForTool = body.Contains("\"name\":\"Bash\"", StringComparison.Ordinal) && !body.Contains("tool_result", StringComparison.Ordinal);
            var isStream = body.Contains("\"stream\":true", StringComparison.Ordinal);
            context.Response.ContentType = isStream ? "text/event-stream" : "application/json";
            var text = isStream ? Stream(asksForTool) : """{"id":"m","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"x"}],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":1}}""";
            await using var answer = context.Response.OutputStream;
            await answer.WriteAsync(Encoding.UTF8.GetBytes(text));
        }

        private static string Stream(bool asksForTool)
        {
            var input = JsonSerializer.Serialize(new { command = "echo \"hello é\"", description = "Says hello" });
            JsonNode?[] events =
            [
                JsonNode.Parse("""{"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"usage":{"input_tokens":1,"output_tokens":1}}}"""),
                JsonNode.Parse(asksForTool
                    ? """{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"toolu_1","name":"Bash","input":{}}}"""
                    : """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"""),
                new JsonObject
                {
                    ["type"] = "content_block_delta", ["index"] = 0,
                    ["delta"] = asksForTool ? new JsonObject { ["type"] = "input_json_delta", ["partial_json"] = input } : new JsonObject { ["type"] = "text_delta", ["text"] = "All done." },
                },
                JsonNode.Parse("""{"type":"content_block_stop","index":0}"""),
                new JsonObject
                {
                    ["type"] = "message_delta", ["delta"] = new JsonObject { ["stop_reason"] = asksForTool ? "tool_use" : "end_turn" },
                    ["usage"] = new JsonObject { ["output_tokens"] = 2 },
                },
                JsonNode.Parse("""{"type":"message_stop"}"""),
            ];
            return string.Concat(events.Select(e => $"event: {e!["type"]}\ndata: {e.ToJsonString()}\n\n"));
        }
    }
}
