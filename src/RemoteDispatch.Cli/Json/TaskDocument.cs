using System.Globalization;
using System.Text.Json.Nodes;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Cli.Json;

/// <summary>A task as JSON. Every member is always there, and null where nothing is known.</summary>
internal static class TaskDocument
{
    public static JsonObject Of(RemoteTask task) => new()
    {
        ["id"] = task.Id,
        ["host"] = task.HostName,
        ["container"] = task.Host.Container.Name,
        ["state"] = task.State.ToString(),
        ["waiting"] = task.IsWaiting,
        ["exitCode"] = task.ExitCode,
        ["reason"] = task.Reason,
        ["command"] = task.Command,
        ["agent"] = task.Agent is not { } agent ? null : new JsonObject
        {
            ["name"] = agent.Name,
            ["model"] = agent.Model,
            ["maxTurns"] = agent.MaxTurns,
            ["permissionMode"] = agent.PermissionMode,
            ["skipsPermissions"] = agent.SkipsPermissions,
            ["session"] = task.AgentResult?.Session ?? agent.Session,
            ["resumes"] = agent.Resumes,
        },
        ["agentResult"] = task.AgentResult is not { } result ? null : new JsonObject
        {
            ["why"] = result.Why.ToString(),
            ["answer"] = result.Answer,
            ["question"] = result.Question,
            ["error"] = result.Error,
            ["model"] = result.Model,
            ["turns"] = result.Turns,
            ["inputTokens"] = result.InputTokens,
            ["outputTokens"] = result.OutputTokens,
            ["costUsd"] = result.CostUsd,
        },
        ["workingDirectory"] = task.WorkingDirectory,
        ["runner"] = task.Runner.ToString(),
        ["sandbox"] = task.Sandbox is not { } sandbox ? null : new JsonObject
        {
            ["kind"] = sandbox.Kind.ToString(),
            ["maker"] = sandbox.Maker,
            ["network"] = sandbox.HasNetwork,
        },
        ["repository"] = task.Repository is not { } repository ? null : new JsonObject
        {
            ["url"] = repository.Url,
            ["base"] = repository.Base,
            ["branch"] = repository.Branch,
            ["before"] = repository.Before,
            ["after"] = repository.After,
            ["commits"] = repository.Commits,
            ["dirty"] = repository.IsDirty,
            ["pushed"] = repository.IsPushed,
            ["transferred"] = repository.Transferred,
        },
        ["dispatched"] = Stamp(task.Dispatched),
        ["started"] = Stamp(task.Started),
        ["finished"] = Stamp(task.Finished),
        ["durationSeconds"] = task.Duration?.TotalSeconds,
        ["pid"] = task.Process?.Pid,
        ["credentials"] = new JsonArray([.. task.CredentialNames.Select(n => JsonValue.Create(n))]),
        ["stalledSince"] = Stamp(task.StalledSince),
        ["logPath"] = task.LogPath,
        ["separateError"] = task.SeparateError,
        ["errorLogPath"] = task.ErrorLogPath,
    };

    /// <summary>A time as RFC 3339 in UTC.</summary>
    public static string? Stamp(DateTimeOffset? time) => time?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
