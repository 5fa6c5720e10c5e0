using System.IO.Enumeration;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Cli;

/// <summary>A task that an id stands for, or why it stands for none.</summary>
internal sealed record Selected(RemoteTask? Task, Failure? Failure);

/// <summary>From ids to tasks.</summary>
internal static class Selection
{
    /// <summary>
    /// All tasks of the ids, in their order: those that this machine knows, on whichever hosts; where hosts are named, those
    /// of these hosts. An id with * or ? means all whose ids are like it.
    /// </summary>
    /// <param name="run">The invocation.</param>
    /// <param name="ids">The ids.</param>
    /// <param name="hosts">The hosts; none for those that this machine knows.</param>
    /// <param name="isMeant">Which of the tasks that are like an id are meant; null for all.</param>
    public static async Task<IReadOnlyList<Selected>> SelectAsync(
        this Invocation run, IEnumerable<string> ids, string[]? hosts, Func<RemoteTask, bool>? isMeant = null)
    {
        Place?[] places = hosts is { Length: > 0 } ? [.. run.Expand(hosts)] : [null];
        var asked = ids.Distinct().SelectMany(id => places.Select(place => FindAsync(run, id, place, isMeant ?? (_ => true))));
        // A pattern and an id, or two patterns, may mean the same task: it is worked on once.
        return [.. (await Task.WhenAll(asked).ConfigureAwait(false)).SelectMany(found => found).DistinctBy(s => s.Task is { } task ? (task.Id, task.HostName) : (object)s)];
    }

    /// <summary>The one task of an id.</summary>
    /// <exception cref="DispatchException">There is none, or it is on several hosts.</exception>
    public static async Task<RemoteTask> SelectOneAsync(this Invocation run, string id, string? host)
    {
        var place = host is null ? null : Only(host, run.Expand([host])).Find();
        var tasks = await run.Dispatcher.FindAsync(id, place, run.Token).ConfigureAwait(false);
        return tasks is [var only] ? only : throw new DispatchException(
            FailureReason.InvalidInput, $"The task '{id}' is on several hosts: {string.Join(", ", tasks.Select(t => t.HostName))}.",
            "Name one of them with --host.") { TaskId = id };
    }

    private static Place Only(string set, IReadOnlyList<Place> places) => places is [var only] ? only : throw new DispatchException(
        FailureReason.InvalidInput, $"'{set}' stands for {places.Count} hosts, and one is wanted.", "Name one of them with --host.");

    /// <summary>Does the work for each task that was found; what was not found is its own outcome.</summary>
    public static async Task<int> ShowEachTaskAsync(
        this Invocation run, IReadOnlyList<Selected> selected, Func<RemoteTask, Task<Outcome>> work, Action<Outcome>? show,
        int throttle = Results.DefaultThrottle, bool isStreamed = false) =>
        await run.ShowEachAsync(
            selected, one => one.Task is { } task ? work(task) : Task.FromResult(Outcome.Failed(one.Failure!)), show, throttle, isStreamed).ConfigureAwait(false);

    private static async Task<IReadOnlyList<Selected>> FindAsync(Invocation run, string id, Place? place, Func<RemoteTask, bool> isMeant)
    {
        try
        {
            var tasks = id.AsSpan().ContainsAny('*', '?') ? (await FindLikeAsync(run, id, place).ConfigureAwait(false)).Where(isMeant)
                : await run.Dispatcher.FindAsync(id, place?.Find(), run.Token).ConfigureAwait(false);
            return [.. tasks.Select(t => new Selected(t, null))];
        }
        catch (DispatchException e)
        {
            return [new Selected(null, Failure.Of(place is null ? e : e.About(place.Name, id)))];
        }
    }

    private static async Task<IReadOnlyList<RemoteTask>> FindLikeAsync(Invocation run, string pattern, Place? place)
    {
        var known = place is null ? run.Dispatcher.Options.Ledger.List() : await run.Dispatcher.ListAsync(place.Find(), run.Token).ConfigureAwait(false);
        var tasks = known.Where(t => FileSystemName.MatchesSimpleExpression(pattern, t.Id, ignoreCase: false)).ToArray();
        return tasks.Length > 0 ? tasks : throw new DispatchException(
            FailureReason.TaskNotFound, place is null ? $"No task that was sent from here is like '{pattern}'." : $"No task on host '{place.Name}' is like '{pattern}'.",
            "'rdispatch list' shows the tasks, with --host all that the host knows.");
    }
}
