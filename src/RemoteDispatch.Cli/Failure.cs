using System.Text.Json.Nodes;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Cli;

/// <summary>One thing that went wrong, as it is shown: two lines for people, one object for programs.</summary>
internal sealed record Failure
{
    /// <summary>The kind, as a stable word: a <see cref="FailureReason"/>, <c>Interrupted</c> or <c>Unexpected</c>.</summary>
    public required string Reason { get; init; }

    /// <summary>What failed.</summary>
    public required string Message { get; init; }

    /// <summary>What to do next.</summary>
    public required string Remedy { get; init; }

    /// <summary>The exit code that belongs to it.</summary>
    public required int ExitCode { get; init; }

    /// <summary>The host it happened on; null where none is concerned.</summary>
    public string? Host { get; init; }

    /// <summary>The id of the task it happened to; null where none is concerned.</summary>
    public string? Task { get; init; }

    /// <summary>A failure that Core reports.</summary>
    public static Failure Of(DispatchException e) => new()
    {
        Reason = e.Reason.ToString(),
        Message = e.Message,
        Remedy = e.Remedy,
        ExitCode = ExitCodes.Of(e.Reason),
        Host = e.Host,
        Task = e.TaskId,
    };

    /// <summary>A fault of this program: nobody has foreseen it.</summary>
    public static Failure Of(Exception e) => new()
    {
        Reason = "Unexpected",
        Message = $"{e.GetType().Name}: {e.Message}",
        Remedy = "This is a fault in rdispatch. Run it again with --verbose, and report what it prints.",
        ExitCode = ExitCodes.Other,
    };

    /// <summary>What there is to say of a task that ended in another way than by its own exit; null where its exit code says it all.</summary>
    public static Failure? OfEnd(RemoteTask task)
    {
        var how = task.State switch
        {
            TaskState.TimedOut => "was ended by its time limit",
            TaskState.Stopped => "was stopped",
            TaskState.Blocked => "is blocked",
            TaskState.Lost => "is lost",
            TaskState.LaunchFailed => "was not started",
            TaskState.Removed => "is gone",
            _ => null,
        };
        return how is null ? null : new Failure
        {
            Reason = "Task" + task.State,
            Message = $"The task '{task.Id}' on host '{task.HostName}' {how}{(task.Reason is { Length: > 0 } why ? ": " + why : "")}.",
            Remedy = $"'rdispatch status {task.Id} --host {task.HostName}' shows more.",
            ExitCode = ExitCodes.Of(task),
            Host = task.HostName,
            Task = task.Id,
        };
    }

    /// <summary>As one document: <c>{"error": {…}}</c>.</summary>
    public JsonObject ToJson() => new() { ["error"] = Members() };

    /// <summary>The members alone.</summary>
    public JsonObject Members() => new()
    {
        ["reason"] = Reason,
        ["message"] = Message,
        ["remedy"] = Remedy,
        ["host"] = Host,
        ["task"] = Task,
    };
}
