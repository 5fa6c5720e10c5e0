using System.Text.Json.Nodes;
using RemoteDispatch.Cli.Json;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Cli;

/// <summary>How one task of an invocation came out: the task, or a failure, or both (the task as it was last known).</summary>
internal sealed record Outcome
{
    private Outcome(RemoteTask? task, Failure? failure, int exitCode) => (Task, Failure, ExitCode) = (task, failure, exitCode);

    /// <summary>The task; null where there is none to show.</summary>
    public RemoteTask? Task { get; }

    /// <summary>What went wrong; null where nothing did.</summary>
    public Failure? Failure { get; }

    /// <summary>What this task alone would have the program end with.</summary>
    public int ExitCode { get; }

    /// <summary>It was done.</summary>
    public static Outcome Done(RemoteTask task) => new(task, null, ExitCodes.Success);

    /// <summary>The task has ended, and its end is the result.</summary>
    public static Outcome Ended(RemoteTask task) => new(task, null, ExitCodes.Of(task));

    /// <summary>It failed.</summary>
    /// <param name="failure">Why.</param>
    /// <param name="lastKnown">The task as it was last known, where that is worth showing.</param>
    public static Outcome Failed(Failure failure, RemoteTask? lastKnown = null) => new(lastKnown, failure, failure.ExitCode);

    /// <summary>
    /// As a document: the task's members, and <c>error</c> where something went wrong. Among several, an item is
    /// <c>{"task": …}</c> or <c>{"error": …}</c> (or has both), so that nobody has to guess which it is.
    /// </summary>
    public JsonObject ToJson(bool amongSeveral)
    {
        var json = new JsonObject();
        if (Task is not null && amongSeveral)
            json["task"] = TaskDocument.Of(Task);
        else if (Task is not null)
            json = TaskDocument.Of(Task);
        if (Failure is not null)
            json["error"] = Failure.Members();
        return json;
    }
}
