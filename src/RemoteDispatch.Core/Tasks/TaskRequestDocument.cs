using System.Text.Json.Nodes;
using RemoteDispatch.Agents;
using RemoteDispatch.Credentials;

namespace RemoteDispatch.Tasks;

/// <summary>
/// A request as JSON that another process can send: all of it but its secrets, of which the names are kept. Each property of
/// <see cref="TaskRequest"/> has its line in both methods; a test finds one that has none.
/// </summary>
internal static class TaskRequestDocument
{
    /// <summary>Writes what was asked for; what was left as it is by default is not written.</summary>
    public static JsonObject Write(TaskRequest request)
    {
        var json = new JsonObject { ["command"] = request.Command };
        if (request.Agent is { } agent)
            json["agent"] = agent.ToJson();
        if (request.Repository is { } repository)
            json["repository"] = repository.ToJson();
        if (request.Arguments.Count > 0)
            json["arguments"] = Words(request.Arguments);
        if (request.Attachments.Count > 0)
            json["files"] = new JsonArray([.. request.Attachments.Select(f => new JsonObject { ["name"] = f.Name, ["content"] = Convert.ToBase64String(f.Content.Span) })]);
        if (request.Id is { } id)
            json["id"] = id.Value;
        if (request.WorkingDirectory is { } folder)
            json["workingDirectory"] = folder;
        if (request.Environment.Count > 0)
            json["environment"] = new JsonObject(request.Environment.Select(v => KeyValuePair.Create<string, JsonNode?>(v.Key, v.Value)));
        if (request.Credentials.Count > 0)
            json["credentials"] = Words(request.Credentials.Select(g => g.Name));
        if (request.ScopedToken is { } token)
            json["scopedToken"] = WriteToken(token);
        if (request.LoginShell)
            json["loginShell"] = true;
        if (request.Runner != TaskRunner.Auto)
            json["runner"] = request.Runner.ToString();
        if (request.Sandbox is { } sandbox)
            json["sandbox"] = sandbox.ToJson();
        if (request.AgentForwarding != AgentForwarding.None)
            json["agentForwarding"] = request.AgentForwarding.ToString();
        if (request.SeparateError)
            json["separateError"] = true;
        if (request.ReportToolUse)
            json["reportToolUse"] = true;
        if (request.TimeLimit is { } limit)
            json["timeLimitTicks"] = limit.Ticks;
        json["stopGraceTicks"] = request.StopGrace.Ticks;
        if (request.StallLimit is { } silence)
            json["stallLimitTicks"] = silence.Ticks;
        if (request.Title is { } title)
            json["title"] = title;
        return json;
    }

    /// <summary>Reads one.</summary>
    /// <param name="json">What <see cref="Write"/> made.</param>
    /// <param name="grant">Gives a secret by its name.</param>
    /// <param name="app">Gives the GitHub App with that id, which makes the task's token.</param>
    /// <exception cref="Exception">It is no such document, or (<see cref="DispatchException"/>) a secret cannot be had.</exception>
    public static TaskRequest Read(JsonObject json, Func<string, CredentialGrant> grant, Func<string, GitHubApp> app) => new()
    {
        Command = (string?)json["command"] ?? throw new FormatException("it has no command"),
        Agent = json["agent"] is { } agent ? AgentRequest.Read(agent) : null,
        Repository = json["repository"] is JsonObject repository ? ReadRepository(repository) : null,
        Arguments = Words(json["arguments"]),
        Attachments = [.. Array(json["files"]).Select(f => new TaskAttachment((string)f!["name"]!, Convert.FromBase64String((string)f["content"]!)))],
        Id = (string?)json["id"] is { } id ? TaskId.Parse(id) : null,
        WorkingDirectory = (string?)json["workingDirectory"],
        Environment = new SortedDictionary<string, string>(
            (json["environment"] as JsonObject ?? []).ToDictionary(v => v.Key, v => (string)v.Value!, StringComparer.Ordinal), StringComparer.Ordinal),
        Credentials = [.. Words(json["credentials"]).Select(grant)],
        ScopedToken = json["scopedToken"] is JsonObject token ? ReadToken(token, app) : null,
        LoginShell = (bool?)json["loginShell"] ?? false,
        Runner = Word<TaskRunner>(json["runner"]),
        Sandbox = json["sandbox"] is JsonObject sandbox ? ReadSandbox(sandbox) : null,
        AgentForwarding = Word<AgentForwarding>(json["agentForwarding"]),
        SeparateError = (bool?)json["separateError"] ?? false,
        ReportToolUse = (bool?)json["reportToolUse"] ?? false,
        TimeLimit = Span(json["timeLimitTicks"]),
        StopGrace = Span(json["stopGraceTicks"]) ?? throw new FormatException("it has no grace period"),
        StallLimit = Span(json["stallLimitTicks"]),
        Title = (string?)json["title"],
    };

    private static JsonObject WriteToken(ScopedTokenRequest token) => new()
    {
        ["app"] = token.App.Id,
        ["repositories"] = Words(token.Repositories),
        ["permissions"] = Words(token.Permissions.Select(p => p.ToString())),
        ["expiresInTicks"] = token.ExpiresIn.Ticks,
        ["apiAddress"] = token.ApiAddress.ToString(),
    };

    private static ScopedTokenRequest ReadToken(JsonObject json, Func<string, GitHubApp> app) => ScopedTokenRequest.Create(
        app((string)json["app"]!), Words(json["repositories"]), TokenRight.Parse(Words(json["permissions"])), Span(json["expiresInTicks"]), (string?)json["apiAddress"]);

    private static RepositoryRequest ReadRepository(JsonObject json) => new()
    {
        Url = (string?)json["url"] ?? throw new FormatException("its repository has no address"),
        Branch = (string?)json["branch"],
        TaskBranch = (string?)json["taskBranch"],
        Depth = (int?)json["depth"] ?? 1,
        Of = (string?)json["of"],
    };

    private static SandboxRequest ReadSandbox(JsonObject json) => new()
    {
        Allow = Word<SandboxAllowance>(json["allow"]),
        NoNetwork = (bool?)json["noNetwork"] ?? false,
        RequireBoundary = (bool?)json["requireBoundary"] ?? false,
        Paths = Words(json["paths"]),
        WritablePaths = Words(json["writablePaths"]),
    };

    private static JsonArray Words(IEnumerable<string> words) => new([.. words.Select(w => JsonValue.Create(w))]);

    private static string[] Words(JsonNode? node) => [.. Array(node).Select(w => (string)w!)];

    private static JsonArray Array(JsonNode? node) => node as JsonArray ?? [];

    private static T Word<T>(JsonNode? node)
        where T : struct, Enum => (string?)node is { } word ? Enum.Parse<T>(word) : default;

    private static TimeSpan? Span(JsonNode? node) => (long?)node is { } ticks ? new TimeSpan(ticks) : null;
}
