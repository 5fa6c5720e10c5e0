using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using RemoteDispatch.Credentials;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Tasks;

/// <summary>Tasks that wait for room on their hosts: how they come into the line, and out of it.</summary>
public sealed partial class Dispatcher
{
    // Requests whose secrets no other process has, and the signs that this one holds them.
    private readonly ConcurrentDictionary<(string Id, string Host), (TaskRequest Request, FileStream Sign)> _held = [];

    /// <summary>
    /// A task for a host that others wait for stands behind them. What is in the line for the host is begun as far as there is room, so that it may run at once.
    /// </summary>
    private async Task<RemoteTask> JoinAsync(DispatchHost host, TaskRequest request, DateTimeOffset dispatched, DispatchOptions options, CancellationToken cancellationToken)
    {
        var id = request.Id!;
        if (!options.IsAwaited && SecretsOfThisProcess(request).Count > 0)
        {
            // It cannot wait: whoever stands before it has had the room, and what is left of that is its own.
            await StartWaitingAsync(host.Name, cancellationToken).ConfigureAwait(false);
            var (task, busy) = await SendAsync(host, request, id, dispatched, cancellationToken).ConfigureAwait(false);
            return busy is null ? task : PutInLine(task, request, busy.Why, options);
        }

        if (_line.Find(id.Value, host.Name) is not { } same)
        {
            if (Options.Ledger.Find(id.Value, host.Name) is not null)
            {
                // It was sent before, and may have begun: its host knows.
                var (known, busy) = await SendAsync(host, request, id, dispatched, cancellationToken).ConfigureAwait(false);
                return busy is null ? known : PutInLine(known, request, busy.Why, options);
            }

            var place = await _workspaces.SettleAsync(host, cancellationToken).ConfigureAwait(false);
            PutInLine(NewTask(id, place, request, dispatched), request, $"others wait for {host.Name}", options);
        }
        else if (!JsonNode.DeepEquals(same.Request, TaskRequestDocument.Write(request)))
        {
            throw new DispatchException(
                FailureReason.TaskConflict, $"A task '{id}' that was dispatched with another request waits for host '{host.Name}'.", "Take another id, or stop that task first.");
        }

        await StartWaitingAsync(host.Name, cancellationToken).ConfigureAwait(false);
        var now = Options.Ledger.Find(id.Value, host.Name) ?? throw NotSentFromHere(id.Value);
        // As it is told where nobody waits.
        return now.State != TaskState.LaunchFailed ? now : throw new DispatchException(
            FailureReason.LaunchFailed, $"The task '{id}' was not started on host '{host.Name}': {now.Reason}.", "Mend that, then dispatch it under a new id, or remove its workspace and dispatch it again.");
    }

    /// <summary>A task that found no room waits; one whose secrets cannot be kept for that long is refused, unless the caller stays.</summary>
    private RemoteTask PutInLine(RemoteTask task, TaskRequest request, string why, DispatchOptions options)
    {
        var since = Options.Time.GetTimestamp();
        var lonely = SecretsOfThisProcess(request);
        FileStream? sign = null;
        if (lonely.Count > 0 && (!options.IsAwaited || (sign = _line.TryHold(task.Id, task.HostName)) is null))
        {
            // What an earlier task of that id left stays.
            if (!task.IsWaiting && Options.Ledger.Find(task.Id, task.HostName)?.Dispatched == JsonTime.Read(JsonTime.Write(task.Dispatched)))
                Options.Ledger.Forget(task);
            throw new DispatchException(
                FailureReason.HostBusy, $"The task '{task.Id}' was not started on host '{task.HostName}': {why}. It cannot wait for room, since {string.Join(", ", lonely)} can be had by this session alone, and no secret is kept.",
                "Stay for it (-Wait, -AsJob, --wait); name variables that Watch-RemoteTask or 'rdispatch watch' has too (-CredentialName, --env-secret); or dispatch it later.");
        }

        task = task with { State = TaskState.Pending, IsWaiting = true, Reason = Reason(why, sign is not null) };
        _line.Put(new WaitingTask(task.Id, task.Host, task.Dispatched ?? Options.Time.GetUtcNow(), TaskRequestDocument.Write(request), sign is not null, request.CredentialNames));
        if (sign is not null)
            _held[(task.Id, task.HostName)] = (request, sign);
        Options.Ledger.Write(task);
        Tell(task.HostName, "queued", since, $"task={task.Id} {task.Reason}");
        return task;
    }

    private static string Reason(string why, bool isHeld) =>
        $"waits: {why}; started by {(isHeld ? "the session that dispatched it" : "Watch-RemoteTask, 'rdispatch watch'")}";

    /// <summary>The secrets of a request that no other process could have later, by name: the environment here has no such value.</summary>
    private static List<string> SecretsOfThisProcess(TaskRequest request)
    {
        var names = request.Credentials.Where(g => CredentialSource.FindInEnvironment(g.Name)?.Reveal() != g.Reveal()).Select(g => g.Name).ToList();
        if (request.ScopedToken is { App: var app } && FindApp(app.Id) is null)
            names.Add("the key of the GitHub App");
        return names;
    }

    private static GitHubApp? FindApp(string id)
    {
        try
        {
            return GitHubApp.FromEnvironment() is var app && app.Id == id ? app : null;
        }
        catch (DispatchException)
        {
            return null;
        }
    }

    /// <summary>Takes a task out of the line.</summary>
    /// <returns>The task, which never began; null where it has, for whoever has it out of the line does more with it.</returns>
    private async Task<RemoteTask?> TakeOutAsync(RemoteTask task, CancellationToken cancellationToken)
    {
        var turn = await _line.LockAsync(task.HostName, cancellationToken).ConfigureAwait(false);
        await using (turn.ConfigureAwait(false))
        {
            if (!_line.Take(task.Id, task.HostName))
                return null;
            if (_held.TryRemove((task.Id, task.HostName), out var held))
                await held.Sign.DisposeAsync().ConfigureAwait(false);
            var why = "taken out of the line before it was started";
            try
            {
                // Whoever was about to start it may have been killed behind the launch.
                if ((await _workspaces.StatusAsync(HostOf(task), [task.Id], cancellationToken).ConfigureAwait(false))[0] is not Workspaces.Absent)
                    return null;
            }
            catch (DispatchException e)
            {
                why += $" (the host could not be asked: {e.Message})";
            }

            return Record(task with { State = TaskState.Stopped, IsWaiting = false, Reason = why });
        }
    }

    /// <summary>What was begun by somebody who was killed before the line knew would be begun again, when nothing of it is left.</summary>
    private async Task ForgetInLineAsync(RemoteTask task, CancellationToken cancellationToken)
    {
        if (!_line.Has(task.Id, task.HostName))
            return;
        var turn = await _line.LockAsync(task.HostName, cancellationToken).ConfigureAwait(false);
        await using (turn.ConfigureAwait(false))
            _line.Take(task.Id, task.HostName);
    }

    /// <summary>A task that waits, as the ledger has it; null where it does not, or no longer.</summary>
    private RemoteTask? SeeWaiting(RemoteTask task) => Renew(task) is { IsWaiting: true } known && _line.Has(task.Id, task.HostName) ? known : null;

    /// <summary>Somebody else may have started a task that waited, or taken it out of the line: the ledger knows.</summary>
    private RemoteTask Renew(RemoteTask task) => task.IsWaiting ? Options.Ledger.Find(task.Id, task.HostName) ?? task : task;

    private IEnumerable<RemoteTask> WaitingFor(string host, HashSet<string> known) =>
        Options.Ledger.List().Where(t => t.IsWaiting && !known.Contains(t.Id) && t.HostName.Equals(host, StringComparison.OrdinalIgnoreCase) && _line.Has(t.Id, t.HostName));

    /// <summary>This process holds nothing any more: whoever finds such a task says that it was not started.</summary>
    private void LetGo()
    {
        foreach (var held in _held.Values)
            held.Sign.Dispose();
        _held.Clear();
    }
}
