using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace RemoteDispatch.Tasks;

/// <summary>
/// The repository that a task was given, and what became of it, as its host wrote down before and after the command. All but the address is
/// the word of the task's own side: it is checked for what it can be, and decides nothing.
/// </summary>
public sealed partial record TaskRepository
{
    /// <summary>What was cloned.</summary>
    public required string Url { get; init; }

    /// <summary>The earlier task in whose workspace the clone is; null where it is in this one's own.</summary>
    public string? Of { get; init; }

    /// <summary>The branch or tag that the task began at; null while that is not known.</summary>
    public string? Base { get; init; }

    /// <summary>The branch that the task was given, and at its end the one that it left checked out.</summary>
    public string? Branch { get; init; }

    /// <summary>The commit that the command began at; null while there is no clone.</summary>
    public string? Before { get; init; }

    /// <summary>The commit that it left checked out; null while it runs, and where it was ended before that could be seen.</summary>
    public string? After { get; init; }

    /// <summary>How many commits lie between the two; null where that is not known.</summary>
    public long? Commits { get; init; }

    /// <summary>Are there changes that no commit has? Null where that is not known.</summary>
    public bool? IsDirty { get; init; }

    /// <summary>Is the commit that it left on a branch of the remote, as far as the clone knows? Null where that is not known.</summary>
    public bool? IsPushed { get; init; }

    /// <summary>How many objects came from the remote; those of the host's mirror are not among them. Null where that is not known.</summary>
    public long? Transferred { get; init; }

    /// <summary>As people read it: <c>main 1a2b3c4 → remote-dispatch/x 5d6e7f8, 2 commits, pushed</c>.</summary>
    public override string ToString()
    {
        if (Before is null)
            return Text.OneLine(Url, 200);
        if (After is null)
            return $"{Base} {Short(Before)} → {Branch}";
        var work = Commits is null ? "" : Commits == 1 ? ", 1 commit" : $", {Commits} commits";
        return $"{Base} {Short(Before)} → {Branch} {Short(After)}{work}{(IsPushed == true && Commits != 0 ? ", pushed" : "")}{(IsDirty == true ? ", with changes that are not committed" : "")}";
    }

    /// <summary>The same, with what the file <c>checkout</c> of the workspace says. A line that cannot be is no line.</summary>
    internal TaskRepository With(IEnumerable<string> lines)
    {
        var now = this;
        foreach (var line in lines)
        {
            now = line.Split(' ', 2) switch
            {
                ["base", var name] when name == "HEAD" || RepositoryRequest.IsBranch(name) => now with { Base = name },
                ["before", var commit] when CommitPattern().IsMatch(commit) => now with { Before = commit },
                ["after", var commit] when CommitPattern().IsMatch(commit) => now with { After = commit },
                ["branch", var name] when RepositoryRequest.IsBranch(name) => now with { Branch = name },
                ["commits", var count] when Count(count) is { } number => now with { Commits = number },
                ["transferred", var count] when Count(count) is { } number => now with { Transferred = number },
                ["dirty", "yes" or "no"] => now with { IsDirty = line.EndsWith("yes", StringComparison.Ordinal) },
                ["pushed", "yes" or "no"] => now with { IsPushed = line.EndsWith("yes", StringComparison.Ordinal) },
                _ => now,
            };
        }

        return now;
    }

    /// <summary>For the ledger.</summary>
    internal JsonObject ToJson() => new()
    {
        ["url"] = Url, ["of"] = Of, ["base"] = Base, ["branch"] = Branch, ["before"] = Before, ["after"] = After, ["commits"] = Commits, ["dirty"] = IsDirty,
        ["pushed"] = IsPushed, ["transferred"] = Transferred,
    };

    /// <summary>From the ledger.</summary>
    internal static TaskRepository? Read(JsonNode? node) => node is not JsonObject json || (string?)json["url"] is not { } url ? null : new TaskRepository
    {
        Url = url, Of = (string?)json["of"], Base = (string?)json["base"], Branch = (string?)json["branch"], Before = (string?)json["before"], After = (string?)json["after"],
        Commits = (long?)json["commits"], IsDirty = (bool?)json["dirty"], IsPushed = (bool?)json["pushed"], Transferred = (long?)json["transferred"],
    };

    /// <summary>From a <c>task.json</c>, where it stands as it was asked for. That comes from a host: what is shown of it is one line.</summary>
    internal static TaskRepository? ReadRequest(JsonNode? node, string id) => node is not JsonObject json || (string?)json["url"] is not { } url || !TaskId.TryParse(id, out var task) ? null : new TaskRepository
    {
        Url = Text.OneLine(url, RepositoryRequest.LongestUrl),
        Of = (string?)json["of"] is { } of && TaskId.TryParse(of, out var first) ? first.Value : null,
        Branch = (string?)json["taskBranch"] is { } given ? (RepositoryRequest.IsBranch(given) ? given : null) : new RepositoryRequest { Url = url }.BranchOf(task),
    };

    private static string Short(string commit) => commit[..Math.Min(7, commit.Length)];

    private static long? Count(string text) => long.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number) ? number : null;

    [GeneratedRegex(@"\A([0-9a-f]{40}|[0-9a-f]{64})\z")]
    private static partial Regex CommitPattern();
}
