using System.Text.Json;
using System.Text.Json.Nodes;
using RemoteDispatch.Hosts;
using RemoteDispatch.Logs;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Tasks;

/// <summary>What a look at a task brought: the task as it is now, or as it was last known and why nobody could look.</summary>
/// <param name="Task">The task.</param>
/// <param name="Failure">Why its host could not be asked; null where it was.</param>
public sealed record TaskLook(RemoteTask Task, DispatchException? Failure);

public sealed partial class Dispatcher
{
    /// <summary>Looks at one task.</summary>
    /// <exception cref="DispatchException">The host cannot be reached.</exception>
    public async Task<RemoteTask> LookAsync(RemoteTask task, CancellationToken cancellationToken = default)
    {
        var since = Options.Time.GetTimestamp();
        task = await SeeAsync(task, cancellationToken).ConfigureAwait(false);
        Tell(task.HostName, "looked", since, $"task={task.Id} state={task.State}");
        return await ExplainAsync(task, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The same without a word: one look of many.</summary>
    private async Task<RemoteTask> SeeAsync(RemoteTask task, CancellationToken cancellationToken)
    {
        var look = (await LookQuietlyAsync([task], cancellationToken).ConfigureAwait(false))[0];
        return look.Failure is { } failure ? throw failure.About(task.HostName, task.Id) : look.Task;
    }

    /// <summary>
    /// Looks at any number of tasks: one round trip per host, all hosts side by side. A host that cannot be reached costs its
    /// own tasks their news and nobody else's.
    /// </summary>
    /// <returns>One look per task, in their order.</returns>
    public async Task<IReadOnlyList<TaskLook>> LookAsync(IReadOnlyList<RemoteTask> tasks, CancellationToken cancellationToken = default)
    {
        var since = Options.Time.GetTimestamp();
        var looks = await LookQuietlyAsync(tasks, cancellationToken).ConfigureAwait(false);
        foreach (var host in looks.Where(l => l.Failure is null).GroupBy(l => l.Task.HostName, StringComparer.OrdinalIgnoreCase))
            Tell(host.Key, "looked", since, $"tasks={host.Count()}");
        // A few at a time: each reads a whole log, once.
        await Parallel.ForAsync(0, looks.Length, new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = cancellationToken }, async (at, stop) =>
        {
            if (looks[at].Failure is null)
                looks[at] = looks[at] with { Task = await ExplainAsync(looks[at].Task, stop).ConfigureAwait(false) };
        }).ConfigureAwait(false);
        return looks;
    }

    private async Task<TaskLook[]> LookQuietlyAsync(IReadOnlyList<RemoteTask> tasks, CancellationToken cancellationToken)
    {
        var looks = new TaskLook[tasks.Count];
        var reachable = new List<(RemoteTask Task, int At, DispatchHost Host)>();
        for (var at = 0; at < tasks.Count; at++)
        {
            try
            {
                // What waits here is not there, and neither is what was taken out of the line: the host need not be asked.
                var task = Renew(tasks[at]);
                if (SeeWaiting(task) is not null || (tasks[at].IsWaiting && task.State.IsFinal()))
                    looks[at] = new TaskLook(task, null);
                else
                    reachable.Add((task, at, HostOf(task)));
            }
            catch (DispatchException e)
            {
                // Its host's entry is damaged: that is no reason to hide the others.
                looks[at] = new TaskLook(tasks[at], e);
            }
        }

        // Tasks with the SSH agent and without are looked at together, on the connection that forwards it.
        var forwarding = reachable.Select(t => t.Host).Where(h => h.ForwardAgent).ToHashSet();
        var places = reachable.GroupBy(t => forwarding.TryGetValue(t.Host with { ForwardAgent = true }, out var open) ? open : t.Host);
        await Task.WhenAll(places.Select(async place =>
        {
            var group = place.ToArray();
            try
            {
                var states = await _workspaces.StatusAsync(place.Key, [.. group.Select(t => t.Task.Id)], cancellationToken).ConfigureAwait(false);
                var seen = await WithRepositoriesAsync(place.Key, [.. group.Zip(states, (one, state) => one.Task.After(state))], cancellationToken).ConfigureAwait(false);
                foreach (var ((task, at, _), now) in group.Zip(seen))
                    looks[at] = new TaskLook(Note(task, now), null);
            }
            catch (DispatchException e)
            {
                foreach (var (task, at, _) in group)
                    looks[at] = new TaskLook(task, e);
            }
        })).ConfigureAwait(false);
        return looks;
    }

    /// <summary>The tasks that a host itself knows, whoever sent them.</summary>
    /// <exception cref="DispatchException">The host cannot be reached.</exception>
    public async Task<IReadOnlyList<RemoteTask>> ListAsync(DispatchHost host, CancellationToken cancellationToken = default)
    {
        var since = Options.Time.GetTimestamp();
        var place = await _workspaces.SettleAsync(host, cancellationToken).ConfigureAwait(false);
        var found = await _workspaces.ListAsync(place, cancellationToken).ConfigureAwait(false);
        Tell(host.Name, "listed", since, $"tasks={found.Count}");
        // What is no id is no workspace of ours, whatever else lies in that folder.
        var there = await WithRepositoriesAsync(
            place, found.Where(w => TaskId.TryParse(w.Id, out _)).Select(w => Known(w.Id, w.State, w.TaskJson)).ToArray(), cancellationToken).ConfigureAwait(false);
        return [.. there, .. WaitingFor(host.Name, [.. found.Select(w => w.Id)])];

        RemoteTask Known(string id, WorkspaceState state, string json)
        {
            var task = Options.Ledger.Find(id, place.Name) ?? FromTaskJson(place, id, json);
            return (task with { Host = place with { ForwardAgent = place.ForwardAgent || task.Host.ForwardAgent } }).After(state);
        }
    }

    private static RemoteTask FromTaskJson(DispatchHost place, string id, string json)
    {
        var (command, dispatched, credentials, runner, stallLimit, isApart, agent, folder) = ReadTaskJson(json);
        return new RemoteTask
        {
            Id = id, Host = place, State = TaskState.Pending, Command = command, Dispatched = dispatched, CredentialNames = credentials, Runner = runner,
            StallLimit = stallLimit, SeparateError = isApart, Agent = agent, WorkingDirectory = folder, Repository = ReadRepository(json, id),
        };
    }

    /// <summary>
    /// The tasks of an id: those of the ledger, and where a host is named, that host's own word.
    /// </summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.TaskNotFound"/>, or the host cannot be reached.</exception>
    public async Task<IReadOnlyList<RemoteTask>> FindAsync(string id, DispatchHost? host = null, CancellationToken cancellationToken = default)
    {
        TaskId.Parse(id);
        if (host is null)
        {
            var known = Options.Ledger.Find(id).ToArray();
            return known.Length > 0 ? known : throw NotSentFromHere(id);
        }

        if (Options.Ledger.Find(id, host.Name) is { } mine)
            return [mine];
        var place = await _workspaces.SettleAsync(host, cancellationToken).ConfigureAwait(false);
        var state = (await _workspaces.StatusAsync(place, [id], cancellationToken).ConfigureAwait(false))[0];
        return state is Absent ? throw NotOnHost(host.Name, id)
            : [(await ListAsync(host, cancellationToken).ConfigureAwait(false)).First(t => t.Id == id)];
    }

    /// <summary>The failure that says that the ledger has no such task.</summary>
    public static DispatchException NotSentFromHere(string id) => new(
        FailureReason.TaskNotFound, $"No task '{Text.OneLine(id, 80)}' was sent from here.",
        "Name the host it runs on: -HostName, --host.") { TaskId = id };

    /// <summary>The failure that says that a host has no such task.</summary>
    public static DispatchException NotOnHost(string host, string id) => LogReader.NotFound(host, Text.OneLine(id, 80));

    /// <summary>Writes news down where a task is in the ledger; looking at another machine's task leaves no trace here.</summary>
    private RemoteTask Note(RemoteTask before, RemoteTask now)
    {
        if (now.State.IsFinal())
            EndTokensOf(now);
        return now != before && Options.Ledger.Find(now.Id, now.HostName) is not null ? Record(now) : now;
    }

    /// <summary>Reads what a task.json says of a task. It comes from a host: whatever is wrong with it is not worth a failure.</summary>
    private static (string Command, DateTimeOffset? Dispatched, IReadOnlyList<string> Credentials, TaskRunner Runner, TimeSpan? StallLimit, bool IsApart, TaskAgent? Agent, string? WorkingDirectory) ReadTaskJson(string json)
    {
        try
        {
            var task = json.Length > 0 ? JsonNode.Parse(json) : null;
            return (Text.OneLine((string?)task?["command"] ?? "", 200), JsonTime.Read(task?["dispatched"]), LedgerEntry.Names(task?["credentials"]),
                LedgerEntry.Runner(task?["runner"]), LedgerEntry.Seconds(task?["stallLimitSeconds"]), (bool?)task?["separateError"] ?? false,
                TaskAgent.Read(task?["agent"]), (string?)task?["workingDirectory"]);
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or ArgumentException or OverflowException)
        {
            return ("", null, [], TaskRunner.Auto, null, false, null, null);
        }
    }
}
