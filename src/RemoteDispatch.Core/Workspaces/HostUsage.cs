using System.Globalization;

namespace RemoteDispatch.Workspaces;

/// <summary>What a host says of all its workspaces: <c>usage.sh</c> prints it.</summary>
/// <param name="Now">The host's clock.</param>
/// <param name="Root">The folder of the workspaces, as the host's own path.</param>
/// <param name="Foreign">How many entries of that folder are no workspaces.</param>
/// <param name="Bytes">What the whole folder takes; null where that could not be measured.</param>
/// <param name="Workspaces">The workspaces.</param>
internal sealed record HostUsage(DateTimeOffset Now, string Root, long Foreign, long? Bytes, IReadOnlyList<WorkspaceUsage> Workspaces)
{
    /// <summary>Reads it.</summary>
    /// <exception cref="FormatException">It is something else.</exception>
    public static HostUsage Parse(string text)
    {
        var lines = text.Split('\n');
        DateTimeOffset? now = null;
        string? root = null;
        long foreign = 0;
        var tasks = new List<(string Id, WorkspaceState State, string Json)>();
        var changed = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        var sizes = new Dictionary<string, long>(StringComparer.Ordinal);
        for (var at = 0; at < lines.Length; at++)
        {
            switch (lines[at].Split(' ', 3))
            {
                case ["now", var clock]:
                    now = WorkspaceState.Time(clock);
                    break;
                case ["root", ..]:
                    root = lines[at][5..];
                    break;
                case ["foreign", var count]:
                    foreign = long.Parse(count, CultureInfo.InvariantCulture);
                    break;
                case ["task", var id, var state]:
                    tasks.Add((id, WorkspaceState.ParseOrUnreadable(state), lines[++at]));
                    break;
                case ["at", var clock, ['.', '/', .. var path]]:
                    Note(changed, path.EndsWith("/log", StringComparison.Ordinal) ? path[..^4] : path, WorkspaceState.Time(clock));
                    break;
                default:
                    NoteSize(sizes, lines[at]);
                    break;
            }
        }

        var found = tasks.Select(t => new WorkspaceUsage(t.Id, t.State, t.Json, EndOf(t.State) ?? Find(changed, t.Id), Find(sizes, t.Id)));
        return new HostUsage(now ?? throw new FormatException("it names no clock"), root ?? throw new FormatException("it names no folder"),
            foreign, Find(sizes, "."), [.. found]);
    }

    private static DateTimeOffset? EndOf(WorkspaceState state) => state is Ended ended ? ended.Finished : null;

    private static void Note(Dictionary<string, DateTimeOffset> changed, string id, DateTimeOffset when) =>
        changed[id] = changed.TryGetValue(id, out var before) && before > when ? before : when;

    /// <summary>A line of du: blocks of 1024 bytes, a tab, the path. Where it knows no depth, folders further down have lines too.</summary>
    private static void NoteSize(Dictionary<string, long> sizes, string line)
    {
        if (line.Split('\t', 2) is [var blocks, var path] && long.TryParse(blocks, NumberStyles.None, CultureInfo.InvariantCulture, out var kib)
            && (path == "." || (path.StartsWith("./", StringComparison.Ordinal) && !path.AsSpan(2).Contains('/'))))
            sizes[path == "." ? path : path[2..]] = kib * 1024;
    }

    private static T? Find<T>(Dictionary<string, T> values, string key)
        where T : struct => values.TryGetValue(key, out var value) ? value : null;
}

/// <summary>One of them.</summary>
/// <param name="Id">The name of its folder.</param>
/// <param name="State">What it says of its task.</param>
/// <param name="TaskJson">Its <c>task.json</c>; empty where it has none.</param>
/// <param name="Changed">When its task ended, or when it last changed, by the host's clock.</param>
/// <param name="Bytes">What it takes; null where that could not be measured.</param>
internal sealed record WorkspaceUsage(string Id, WorkspaceState State, string TaskJson, DateTimeOffset? Changed, long? Bytes);
