using RemoteDispatch.Agents;
using RemoteDispatch.Hosts;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Tasks;

/// <summary>One thing that was sent to a host, as it was when somebody last looked.</summary>
public sealed record RemoteTask
{
    /// <summary>Its id, unique on its host.</summary>
    public required string Id { get; init; }

    /// <summary>The host it was sent to, with the container it runs in settled: never <c>auto</c>.</summary>
    public required DispatchHost Host { get; init; }

    /// <summary>The host's name.</summary>
    public string HostName => Host.Name;

    /// <summary>What was true when somebody last looked.</summary>
    public required TaskState State { get; init; }

    /// <summary>
    /// Nothing of it is on the host yet: it waits for room there, and the reason says for what. Watches start what waits, and so does whoever waits
    /// for the task.
    /// </summary>
    public bool IsWaiting { get; init; }

    /// <summary>The command's exit code; null while it has none (it runs, was never started, or is lost).</summary>
    public int? ExitCode { get; init; }

    /// <summary>The command, shortened to one line.</summary>
    public string Command { get; init; } = "";

    /// <summary>The AI agent whose prompt the command is; null where it is a command.</summary>
    public TaskAgent? Agent { get; init; }

    /// <summary>What came of the agent's run; null while it runs, and where nobody has read its log yet.</summary>
    public AgentResult? AgentResult { get; init; }

    /// <summary>Where it was to run, as it was asked for; null for the home.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>What was asked to keep it alive on the host.</summary>
    public TaskRunner Runner { get; init; }

    /// <summary>What its sandbox is, as its host found it: a boundary, or the environment alone; null where it has none or has not begun.</summary>
    public TaskSandbox? Sandbox { get; init; }

    /// <summary>The repository that it was given, and what became of it; null where it was given none.</summary>
    public TaskRepository? Repository { get; init; }

    /// <summary>When it was dispatched, by this machine's clock; null where only the host knows of it.</summary>
    public DateTimeOffset? Dispatched { get; init; }

    /// <summary>When it started, by the host's clock, to the second.</summary>
    public DateTimeOffset? Started { get; init; }

    /// <summary>When it ended, by the host's clock, to the second.</summary>
    public DateTimeOffset? Finished { get; init; }

    /// <summary>How long it ran; null while it runs, or where that is not known.</summary>
    public TimeSpan? Duration => Finished - Started;

    /// <summary>Why it was not started, or another word on its state.</summary>
    public string? Reason { get; init; }

    /// <summary>The process on the host; null before it started, and once it has ended.</summary>
    public ProcessIdentity? Process { get; init; }

    /// <summary>Its stderr is kept apart from its log, which is its stdout then.</summary>
    public bool SeparateError { get; init; }

    /// <summary>The collected copy of its log on this machine; null where there is none.</summary>
    public string? LogPath { get; init; }

    /// <summary>The collected copy of its stderr, where that is kept apart; null where there is none.</summary>
    public string? ErrorLogPath { get; init; }

    /// <summary>The names of the secrets that it was given.</summary>
    public IReadOnlyList<string> CredentialNames { get; init; } = [];

    /// <summary>How long it may be silent before a watch flags it as stalled; zero for ever, null for what the watch itself says.</summary>
    public TimeSpan? StallLimit { get; init; }

    /// <summary>
    /// Since when it has been silent, where a watch has flagged it as stalled; null where none has. It is a finding: what is true on the
    /// host is that it runs.
    /// </summary>
    public DateTimeOffset? StalledSince { get; init; }

    /// <summary>Tasks print as their ids.</summary>
    public override string ToString() => Id;

    /// <summary>The same task after another look at its workspace.</summary>
    internal RemoteTask After(WorkspaceState look)
    {
        var now = (IsWaiting ? this with { IsWaiting = false, Reason = null } : this).Became(look) with { Sandbox = look.Sandbox ?? Sandbox };
        // What was read of an end that turns out to be another explains it no longer.
        if ((now.State, now.ExitCode) != (State, ExitCode))
            now = now with { AgentResult = null };
        return now.State == TaskState.Running ? now : now with { StalledSince = null };
    }

    private RemoteTask Became(WorkspaceState look) => look switch
    {
        Claimed { ThisBoot: false } c => this with
        {
            State = TaskState.LaunchFailed, Reason = "the host restarted before the task started", Started = null, Process = null,
        },
        Claimed => this with { State = TaskState.Pending, Process = null },
        Running r => this with { State = TaskState.Running, Started = r.Started, Process = r.Process, Finished = null, ExitCode = null },
        Lost l => this with { State = TaskState.Lost, Started = l.Started, Process = null, Reason = "its process is gone and left no exit record" },
        Unreadable u => this with { Reason = $"the records in its workspace cannot be read: {u.Said}" },
        Ended { Kind: EndKind.LaunchFailed } e => this with
        {
            State = TaskState.LaunchFailed, Started = null, Finished = e.Finished, Process = null, Reason = e.Why,
        },
        Ended e => this with
        {
            State = e.Kind switch
            {
                EndKind.TimedOut => TaskState.TimedOut,
                EndKind.Stopped => TaskState.Stopped,
                _ => e.ExitCode == 0 ? TaskState.Succeeded : TaskState.Failed,
            },
            ExitCode = e.ExitCode,
            Started = e.Started,
            Finished = e.Finished,
            Process = null,
            Reason = e.Why.Length > 0 ? e.Why : null,
        },
        // A task that is known to have ended stays what it was when its workspace goes.
        Absent when State.IsFinal() => this with { Process = null },
        Absent => this with { State = TaskState.Removed, Process = null, Reason = "its workspace is no longer on the host" },
        _ => throw new InvalidOperationException($"No state of a task belongs to {look}."),
    };
}
