using RemoteDispatch.Hosts;

namespace RemoteDispatch.Tasks;

/// <summary>What a task has left on its host, or takes there while it runs: a folder.</summary>
public sealed record RemoteTaskWorkspace
{
    // A launch takes seconds. One that is still not started after so long has died.
    private static readonly TimeSpan LongestLaunch = TimeSpan.FromMinutes(10);

    /// <summary>The task.</summary>
    public required RemoteTask Task { get; init; }

    /// <summary>The folder's path on the host, or in the container there.</summary>
    public required string Path { get; init; }

    /// <summary>
    /// What it takes of the disk, in bytes: the blocks that are used, as <c>du</c> counts them, so that a file with holes counts for what it
    /// holds. Null where the host has no <c>du</c>, or it took too long.
    /// </summary>
    public long? SizeBytes { get; init; }

    /// <summary>When the task ended; where its end is not on record, when its folder or its log last changed. By the host's clock; null where that is not known.</summary>
    public DateTimeOffset? LastChanged { get; init; }

    /// <summary>How long ago that was, by the host's own clock: what this machine's says does not matter.</summary>
    public TimeSpan? Age { get; init; }

    /// <summary>Who dispatched it, as <c>user@machine</c>; null where the workspace does not say.</summary>
    public string? From { get; init; }

    /// <summary>Is it in no ledger of this machine: sent from elsewhere, or forgotten here?</summary>
    public bool IsOrphaned { get; init; }

    /// <summary>The task's id, and the folder's name.</summary>
    public string Id => Task.Id;

    /// <summary>The host.</summary>
    public DispatchHost Host => Task.Host;

    /// <summary>The host's name.</summary>
    public string HostName => Task.HostName;

    /// <summary>What is true of the task.</summary>
    public TaskState State => Task.State;

    /// <summary>Does it run?</summary>
    public bool IsRunning => State == TaskState.Running;

    /// <summary>Has it been claimed by a launch that died before it started anything?</summary>
    public bool IsAbandoned => State == TaskState.Pending && Age >= LongestLaunch;

    /// <summary>The command, shortened to one line.</summary>
    public string Command => Task.Command;

    /// <summary>Has its task ended, or its launch died, longer ago than that? False where the age is not known.</summary>
    public bool HasEndedBefore(TimeSpan age) => (State.IsFinal() || IsAbandoned) && Age >= age;

    /// <summary>Workspaces print as their paths.</summary>
    public override string ToString() => $"{HostName}:{Path}";
}
