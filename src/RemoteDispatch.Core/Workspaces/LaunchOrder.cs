namespace RemoteDispatch.Workspaces;

/// <summary>All that a host needs to start a task: the request, ready to cross the wall.</summary>
internal sealed record LaunchOrder
{
    public required string Id { get; init; }

    /// <summary>Tells one request from another: the same id with another digest is a conflict.</summary>
    public required string Digest { get; init; }

    /// <summary>Becomes <c>task.json</c>: one line, without secrets.</summary>
    public required string TaskJson { get; init; }

    public required string Command { get; init; }

    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>The task's variables, secrets among them; they go into the environment and nowhere else.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    public string WorkingDirectory { get; init; } = "";

    public bool LoginShell { get; init; }

    /// <summary>As <c>rd_launch</c> names it: <c>auto</c>, <c>session</c>, <c>tmux</c>, <c>systemd</c>.</summary>
    public string Runner { get; init; } = "auto";

    /// <summary>What else the task is given, as words of letters, digits and <c>- : =</c>; <c>wrapper.sh</c> lists them.</summary>
    public IReadOnlyList<string> With { get; init; } = [];

    /// <summary>
    /// Shell text that this task's wrapper has and the resident shell does not: <c>sandbox.sh</c> for a sandbox, <c>guard.sh</c> for a token.
    /// It is a file on the host: no secret is in it.
    /// </summary>
    public string More { get; init; } = "";

    /// <summary>Files for the workspace's folder <c>files</c>.</summary>
    public IReadOnlyList<(string Name, ReadOnlyMemory<byte> Content)> Files { get; init; } = [];

    /// <summary>
    /// A script that runs instead of <see cref="Command"/>, with <see cref="Arguments"/>, as <c>WORKSPACE/run</c>; empty for none. Then the
    /// command is what the script reads: an agent's prompt.
    /// </summary>
    public string Run { get; init; } = "";

    /// <summary>Zero for none. The host counts whole seconds.</summary>
    public TimeSpan TimeLimit { get; init; }

    public TimeSpan Grace { get; init; }
}

/// <summary>What a host answers to a <see cref="LaunchOrder"/>.</summary>
internal abstract record LaunchAnswer
{
    private LaunchAnswer()
    {
    }

    /// <summary>It runs, and this is the proof.</summary>
    public sealed record Started(Running State) : LaunchAnswer;

    /// <summary>It was started before, by the same request.</summary>
    public sealed record Taken(WorkspaceState State) : LaunchAnswer;

    /// <summary>The id belongs to another request.</summary>
    public sealed record Conflict : LaunchAnswer;

    /// <summary>It was not started: the disk has no room, or the user's quota is used up. The id is free again.</summary>
    public sealed record Full(DiskRoom Room) : LaunchAnswer;

    /// <summary>It was not started: the workspaces take what the host's entry allows them.</summary>
    public sealed record OverLimit(long UsedBytes, long LimitBytes) : LaunchAnswer
    {
        public string Why => $"the workspaces there take {ByteSize.Show(UsedBytes)}, and the host's limit is {ByteSize.Show(LimitBytes)}";
    }

    /// <summary>It was not started: its host's entry limits the workers, and there is no room. The id is free.</summary>
    /// <param name="Why">What is in the way, for a sentence.</param>
    /// <param name="Again">When it is worth asking again; zero for: when a worker has ended.</param>
    public sealed record Busy(string Why, TimeSpan Again) : LaunchAnswer;

    /// <summary>It was not started. The remedy is the host's own, where it knows one.</summary>
    public sealed record Refused(string Why, string? Remedy = null) : LaunchAnswer;
}
