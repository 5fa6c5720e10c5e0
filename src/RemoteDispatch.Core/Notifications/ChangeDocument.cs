using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Notifications;

/// <summary>A change as a webhook gets it: docs/watch.md describes it. Members are only ever added; each is always there, and null where nothing is known.</summary>
internal static class ChangeDocument
{
    public static JsonObject Of(TaskChange change) => new()
    {
        ["version"] = 1,
        ["delivery"] = DeliveryOf(change),
        ["kind"] = change.Kind.ToString(),
        ["at"] = JsonTime.Write(change.At),
        ["host"] = change.HostName,
        ["detail"] = change.Detail,
        ["task"] = change.Task is { } task ? OfTask(task) : null,
        ["silence"] = change.Silence is { } silence ? new JsonObject
        {
            ["seconds"] = silence.For.TotalSeconds,
            ["logBytes"] = silence.LogBytes,
            ["cpuSeconds"] = silence.Cpu.TotalSeconds,
            ["processes"] = silence.Processes,
        } : null,
        ["from"] = Environment.MachineName,
    };

    /// <summary>
    /// The same for the same change, whoever tells it and however often: a receiver that has seen it may leave it. Of what can
    /// happen more than once to a task, the moment is in it.
    /// </summary>
    public static string DeliveryOf(TaskChange change)
    {
        var isOnce = change.Kind is TaskChangeKind.Started or TaskChangeKind.Ended or TaskChangeKind.Removed;
        var what = string.Join('\n', change.Kind, change.HostName, change.Id, JsonTime.Write(change.Task?.Dispatched ?? change.Task?.Started), isOnce ? "" : JsonTime.Write(change.At));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(what)).AsSpan(0, 16));
    }

    private static JsonObject OfTask(RemoteTask task) => new()
    {
        ["id"] = task.Id,
        ["container"] = task.Host.Container.Name,
        ["state"] = task.State.ToString(),
        ["exitCode"] = task.ExitCode,
        ["reason"] = task.Reason,
        ["command"] = task.Command,
        ["dispatched"] = JsonTime.Write(task.Dispatched),
        ["started"] = JsonTime.Write(task.Started),
        ["finished"] = JsonTime.Write(task.Finished),
        ["durationSeconds"] = task.Duration?.TotalSeconds,
    };
}
