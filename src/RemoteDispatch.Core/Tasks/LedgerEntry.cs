using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using RemoteDispatch.Hosts;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Tasks;

/// <summary>A ledger file's content. Old files must load for ever: members are only ever added, and each may be missing.</summary>
internal static class LedgerEntry
{
    private static readonly JsonSerializerOptions Layout = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Write(RemoteTask task)
    {
        var json = new JsonObject
        {
            ["version"] = 1,
            ["id"] = task.Id,
            ["hostName"] = task.HostName,
            ["host"] = HostEntry.Write(task.Host, null),
            ["state"] = task.State.ToString(),
            ["exitCode"] = task.ExitCode,
            ["command"] = task.Command,
            ["runner"] = task.Runner.ToString(),
            ["dispatched"] = JsonTime.Write(task.Dispatched),
            ["started"] = JsonTime.Write(task.Started),
            ["finished"] = JsonTime.Write(task.Finished),
            ["reason"] = task.Reason,
            ["logPath"] = task.LogPath,
        };
        if (task.IsWaiting)
            json["waiting"] = true;
        if (task.StallLimit is { } limit)
            json["stallLimitSeconds"] = limit.TotalSeconds;
        if (task.StalledSince is { } since)
            json["stalledSince"] = JsonTime.Write(since);
        if (task.Sandbox is { } sandbox)
            json["sandbox"] = sandbox.ToWord();
        if (task.WorkingDirectory is not null)
            json["workingDirectory"] = task.WorkingDirectory;
        if (task.Agent is { } agent)
            json["agent"] = agent.ToJson();
        if (task.AgentResult is { } result)
            json["agentResult"] = AgentResultEntry.Write(result);
        if (task.Repository is { } repository)
            json["repository"] = repository.ToJson();
        if (task.SeparateError)
            (json["separateError"], json["errorLogPath"]) = (true, task.ErrorLogPath);
        if (task.CredentialNames.Count > 0)
            json["credentials"] = new JsonArray([.. task.CredentialNames.Select(n => JsonValue.Create(n))]);
        if (task.Process is { } process)
        {
            json["process"] = new JsonObject
            {
                ["pid"] = process.Pid,
                ["processGroup"] = process.ProcessGroup,
                ["startTime"] = process.StartTime,
                ["bootId"] = process.BootId,
            };
        }

        return JsonSerializer.SerializeToUtf8Bytes(json, Layout);
    }

    public static RemoteTask Read(ReadOnlySpan<byte> content)
    {
        var json = JsonNode.Parse(content) as JsonObject ?? throw new FormatException("it is no object");
        var host = (string?)json["hostName"] ?? throw new FormatException("it names no host");
        return new RemoteTask
        {
            Id = TaskId.Parse((string?)json["id"] ?? "").Value,
            Host = HostEntry.Read(host, json["host"], "the ledger"),
            State = Enum.TryParse<TaskState>((string?)json["state"], ignoreCase: true, out var state) && Enum.IsDefined(state)
                ? state : throw new FormatException("its state is none"),
            IsWaiting = (bool?)json["waiting"] ?? false,
            ExitCode = (int?)json["exitCode"],
            Command = (string?)json["command"] ?? "",
            Runner = Runner(json["runner"]),
            Sandbox = (string?)json["sandbox"] is { Length: > 0 } word ? TaskSandbox.Parse(word) : null,
            Repository = TaskRepository.Read(json["repository"]),
            Dispatched = JsonTime.Read(json["dispatched"]),
            Started = JsonTime.Read(json["started"]),
            Finished = JsonTime.Read(json["finished"]),
            Reason = (string?)json["reason"],
            LogPath = (string?)json["logPath"],
            StallLimit = Seconds(json["stallLimitSeconds"]),
            StalledSince = JsonTime.Read(json["stalledSince"]),
            WorkingDirectory = (string?)json["workingDirectory"],
            Agent = TaskAgent.Read(json["agent"]),
            AgentResult = AgentResultEntry.Read(json["agentResult"]),
            SeparateError = (bool?)json["separateError"] ?? false,
            ErrorLogPath = (string?)json["errorLogPath"],
            CredentialNames = Names(json["credentials"]),
            Process = json["process"] is JsonObject p
                ? new ProcessIdentity((int)p["pid"]!, (int)p["processGroup"]!, (string)p["startTime"]!, (string)p["bootId"]!) : null,
        };
    }

    internal static IReadOnlyList<string> Names(JsonNode? node) =>
        node is JsonArray names ? names.Select(n => Text.OneLine((string?)n ?? "", 128)).ToArray() : [];

    /// <summary>A runner that this version does not know, or none, is as good as the default: it says nothing of the task's state.</summary>
    internal static TaskRunner Runner(JsonNode? node) =>
        Enum.TryParse<TaskRunner>((string?)node, ignoreCase: true, out var runner) && Enum.IsDefined(runner) ? runner : TaskRunner.Auto;

    internal static TimeSpan? Seconds(JsonNode? node) => (double?)node is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
}
