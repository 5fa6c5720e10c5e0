using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace RemoteDispatch.Fleet;

/// <summary>
/// A double of the services that AI agents ask, on the loopback interface: Anthropic's Messages, OpenAI's chat completions and Responses, and Gemini's
/// generateContent, each with streaming. It is no model: it does, step by step, what a script says, and keeps what it was asked.
/// A conversation is at the step of the script that the answers of its tools have brought it to; the last step stands for all that follow.
/// </summary>
public sealed class ModelDouble : IAsyncDisposable
{
    private readonly HttpListener _listener;
    private readonly Task _serving;
    private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private readonly Dictionary<int, int> _used = [];
    private IReadOnlyList<ModelStep> _script = [ModelStep.Say("Done.")];

    /// <summary>Begins to listen.</summary>
    /// <param name="port">The port; zero for one that is free.</param>
    public ModelDouble(int port = 0)
    {
        _listener = Listen(ref port);
        Address = $"http://127.0.0.1:{port}";
        _serving = ServeAsync();
    }

    /// <summary>The address, without a path: Anthropic's and Gemini's base URL. OpenAI's is this and <c>/v1</c>.</summary>
    public string Address { get; }

    /// <summary>What the model does, step by step. Setting it begins anew.</summary>
    public IReadOnlyList<ModelStep> Script
    {
        get
        {
            lock (_lock)
                return _script;
        }

        set
        {
            lock (_lock)
            {
                _script = value.Count > 0 ? value : throw new ArgumentException("A script has a step.", nameof(value));
                _used.Clear();
            }
        }
    }

    /// <summary>The requests to a model so far.</summary>
    public ConcurrentQueue<ModelRequest> Requests { get; } = [];

    /// <summary>Every path that was asked for, those that are unknown here too: <c>METHOD PATH STATUS</c>.</summary>
    public ConcurrentQueue<string> Log { get; } = [];

    /// <summary>Waits until a model was asked by an agent that offers it tools: then the prompt has arrived.</summary>
    public async Task UntilAskedAsync(CancellationToken cancellationToken)
    {
        while (!Requests.Any(r => r.Tools.Count > 0))
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Has exactly this text been said by the user, in any request?</summary>
    public bool Heard(string text) => Requests.Any(r => r.UserTexts.Contains(text, StringComparer.Ordinal));

    /// <summary>Ends it, and whatever it keeps waiting.</summary>
    public async ValueTask DisposeAsync()
    {
        _end.TrySetResult();
        _listener.Close();
        await _serving.ConfigureAwait(false);
    }

    private static HttpListener Listen(ref int port)
    {
        var wanted = port;
        while (true)
        {
            port = wanted > 0 ? wanted : RandomNumberGenerator.GetInt32(20_000, 60_000);
            var listener = new HttpListener();
            listener.Prefixes.Add($"http://127.0.0.1:{port}/");
            try
            {
                listener.Start();
                return listener;
            }
            catch (HttpListenerException) when (wanted == 0)
            {
                // Somebody else's port: another.
                listener.Close();
            }
        }
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync().ConfigureAwait(false);
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            _ = Task.Run(() => AnswerAsync(context));
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        try
        {
            using var reader = new StreamReader(context.Request.InputStream, new UTF8Encoding(false));
            var body = await reader.ReadToEndAsync().ConfigureAwait(false);
            var url = context.Request.Url!;
            var answer = url.AbsolutePath.StartsWith("/control/", StringComparison.Ordinal)
                ? Control(url.AbsolutePath, body) : Decide(context.Request, body);
            if (answer is null)
            {
                // Never: until the end of the double.
                Log.Enqueue($"{context.Request.HttpMethod} {url.AbsolutePath} held");
                await _end.Task.ConfigureAwait(false);
                context.Response.Abort();
                return;
            }

            Log.Enqueue($"{context.Request.HttpMethod} {url.AbsolutePath} {answer.Status}");
            context.Response.StatusCode = answer.Status;
            context.Response.ContentType = answer.ContentType;
            if (answer.RetryAfter > 0)
                context.Response.Headers["retry-after"] = answer.RetryAfter.ToString(CultureInfo.InvariantCulture);
            context.Response.Close(Encoding.UTF8.GetBytes(answer.Body), willBlock: true);
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or IOException)
        {
            // Whoever asked is gone.
        }
    }

    private WireAnswer? Decide(HttpListenerRequest http, string body)
    {
        var path = http.Url!.AbsolutePath;
        if (http.HttpMethod != "POST" || ModelRequest.Read(path, http.Url.Query, body) is not { } request)
            return Other(path);
        Requests.Enqueue(request with { Key = http.Headers["x-api-key"] ?? http.Headers["x-goog-api-key"] ?? http.Headers["Authorization"] ?? "" });
        var wire = Wire.Of(path)!;
        var step = StepFor(request);
        return step.Kind switch
        {
            ModelStepKind.Hang => null,
            ModelStepKind.Say => wire.Say(request, step.Text),
            ModelStepKind.WriteFile or ModelStepKind.Run when request.ForbidsTools => wire.Say(request, "The limit of steps is reached."),
            ModelStepKind.WriteFile or ModelStepKind.Run => ModelTools.For(step, request.Tools) is var (tool, input)
                ? wire.Call(request, tool, input) : wire.Say(request, $"There is no tool for {step.Kind} among {string.Join(", ", request.Tools)}."),
            _ => wire.Refuse(step.Kind),
        };
    }

    /// <summary>What agents ask beside the model: how long a text is, and what models there are.</summary>
    private static WireAnswer Other(string path)
    {
        if (path.EndsWith("/count_tokens", StringComparison.Ordinal))
            return new WireAnswer(200, "application/json", "{\"input_tokens\": 100}");
        if (path.EndsWith(":countTokens", StringComparison.Ordinal))
            return new WireAnswer(200, "application/json", "{\"totalTokens\": 100}");
        return path.EndsWith("/models", StringComparison.Ordinal) ? new WireAnswer(200, "application/json", "{\"object\": \"list\", \"data\": [], \"models\": []}")
            : path == "/" ? new WireAnswer(200, "application/json", "{}") : new WireAnswer(404, "application/json", "{\"error\": {\"message\": \"Not found\"}}");
    }

    private ModelStep StepFor(ModelRequest request)
    {
        lock (_lock)
        {
            // Who offers no tools wants a title, or to know whether the key is good.
            var isAside = request.Tools.Count == 0;
            var done = request.ToolResults.Count;
            for (var i = 0; i < _script.Count; i++)
            {
                var step = _script[i];
                var isFailure = step.Kind is not (ModelStepKind.Say or ModelStepKind.WriteFile or ModelStepKind.Run);
                if (isAside && !(isFailure && step.Times == 0 && i == 0))
                    continue;
                if (isAside || (isFailure && done == 0 && Use(i, step)) || (!isFailure && done-- == 0))
                    return step;
            }

            return isAside ? ModelStep.Say("A title") : _script[^1];
        }
    }

    private bool Use(int index, ModelStep step) => step.Times == 0 || (_used[index] = _used.GetValueOrDefault(index) + 1) <= step.Times;

    /// <summary>For a double in another process: <c>POST /control/script</c>, <c>GET /control/requests</c>.</summary>
    private WireAnswer Control(string path, string body)
    {
        if (path == "/control/script")
        {
            Script = [.. JsonNode.Parse(body)!.AsArray().Select(s => ModelStep.Parse(s!))];
            return new WireAnswer(200, "application/json", "{}");
        }

        var requests = new JsonArray([.. Requests.Select(r => new JsonObject
        {
            ["path"] = r.Path, ["body"] = r.Body, ["model"] = r.Model, ["tools"] = Texts(r.Tools), ["userTexts"] = Texts(r.UserTexts), ["toolResults"] = Texts(r.ToolResults),
        })]);
        return new WireAnswer(200, "application/json", requests.ToJsonString());

        static JsonArray Texts(IReadOnlyList<string> texts) => new([.. texts.Select(t => JsonValue.Create(t))]);
    }
}
