using System.Globalization;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Cli.Output;

/// <summary>Tasks as people read them.</summary>
internal static class TaskText
{
    /// <summary>A table of tasks.</summary>
    public static Table ToTable(IEnumerable<RemoteTask> tasks, TimeProvider time)
    {
        var table = new Table("ID", "HOST", "STATE", "EXIT", "STARTED", "DURATION", "COMMAND");
        foreach (var task in tasks)
        {
            table.Add(
                task.Id, task.HostName, task.StalledSince is null ? task.State.ToString() : "Stalled", task.ExitCode?.ToString(CultureInfo.InvariantCulture) ?? "",
                Local(task.Started, time), Elapsed(task, time), task.Command);
        }

        return table;
    }

    /// <summary>Everything that is known of a task, a line each.</summary>
    public static IEnumerable<string> Details(RemoteTask task, TimeProvider time)
    {
        (string Name, string? Value)[] facts =
        [
            ("id", task.Id),
            ("host", task.HostName),
            ("container", task.Host.Container.Name),
            ("state", task.State.ToString()),
            ("exit code", task.ExitCode?.ToString(CultureInfo.InvariantCulture)),
            ("reason", task.Reason),
            (task.Agent is null ? "command" : "prompt", task.Command),
            ("agent", task.Agent?.Summary),
            ("result", task.AgentResult?.ToString()),
            ("session", task.AgentResult?.Session ?? task.Agent?.Session),
            ("runner", task.Runner == TaskRunner.Auto ? null : task.Runner.ToString()),
            ("sandbox", task.Sandbox?.ToString()),
            ("dispatched", Local(task.Dispatched, time)),
            ("started", Local(task.Started, time)),
            ("finished", Local(task.Finished, time)),
            ("duration", Elapsed(task, time)),
            ("stalled since", Local(task.StalledSince, time)),
            ("process", task.Process?.Pid.ToString(CultureInfo.InvariantCulture)),
            ("log", task.LogPath),
            ("stderr", task.SeparateError ? task.ErrorLogPath ?? "kept apart" : null),
        ];
        return facts.Where(f => !string.IsNullOrEmpty(f.Value)).Select(f => $"{f.Name + ':',-12}{PlainText.OneLine(f.Value!)}");
    }

    /// <summary>A time in the zone of whoever reads it.</summary>
    public static string Local(DateTimeOffset? when, TimeProvider time) => when is { } moment
        ? TimeZoneInfo.ConvertTime(moment, time.LocalTimeZone).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) : "";

    /// <summary>How long it ran, or has run until now.</summary>
    private static string Elapsed(RemoteTask task, TimeProvider time)
    {
        var span = task.Duration ?? (task.State == TaskState.Running ? time.GetUtcNow() - task.Started : null);
        if (span is not { } length)
            return "";
        // The host's clock may be ahead of this one.
        return Duration.Show(length < TimeSpan.Zero ? TimeSpan.Zero : length);
    }
}
