using RemoteDispatch.Hosts;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Tasks;

public sealed partial class Dispatcher
{
    /// <summary>
    /// Sends a task to a host and returns when it is proved to run there; one that clones a repository with the forwarded SSH agent, when that is
    /// done or has failed. Sent again with the same id, it is the same task:
    /// it never runs twice, whatever happened to the first attempt. Where the host's entry limits its workers and there is no room, the
    /// task waits (<see cref="RemoteTask.IsWaiting"/>): a watch starts it, or whoever waits for it.
    /// </summary>
    /// <param name="host">The host.</param>
    /// <param name="request">What is to run.</param>
    /// <param name="cancellationToken">Ends the wait. Whether the task was started is then known to its workspace alone: dispatch the same id again, or look.</param>
    /// <returns>The task: running, waiting, or further where it was dispatched before.</returns>
    /// <exception cref="DispatchException">
    /// The request cannot be used, the host cannot be reached, the id belongs to another request
    /// (<see cref="FailureReason.TaskConflict"/>), or the command cannot start (<see cref="FailureReason.LaunchFailed"/>).
    /// </exception>
    public Task<RemoteTask> DispatchAsync(DispatchHost host, TaskRequest request, CancellationToken cancellationToken = default) =>
        DispatchAsync(host, request, new DispatchOptions(), cancellationToken);

    /// <inheritdoc cref="DispatchAsync(DispatchHost, TaskRequest, CancellationToken)" path="/summary"/>
    /// <param name="host">The host.</param>
    /// <param name="request">What is to run.</param>
    /// <param name="options">What the caller does next.</param>
    /// <param name="cancellationToken">Ends the wait, as above.</param>
    /// <returns>The task: running, waiting, or further where it was dispatched before.</returns>
    /// <exception cref="DispatchException">As above; or there is no room, and what the task needs cannot be kept (<see cref="FailureReason.HostBusy"/>).</exception>
    public async Task<RemoteTask> DispatchAsync(DispatchHost host, TaskRequest request, DispatchOptions options, CancellationToken cancellationToken = default)
    {
        request = WithGrantsOf(host, request);
        request.Validate();
        CheckAgent(request, Options.AgentFolder);
        var id = request.Id ?? TaskId.New(Options.Time);
        var dispatched = Options.Time.GetUtcNow();
        try
        {
            if (host.WorkerLimit != WorkerLimit.None && !_line.IsEmpty(host.Name))
                return await JoinAsync(host, request with { Id = id }, dispatched, options, cancellationToken).ConfigureAwait(false);
            var (task, busy) = await SendAsync(host, request, id, dispatched, cancellationToken).ConfigureAwait(false);
            return busy is null ? await UntilClonedAsync(task, request, cancellationToken).ConfigureAwait(false) : PutInLine(task, request with { Id = id }, busy.Why, options);
        }
        catch (DispatchException e)
        {
            throw e.About(host.Name, id.Value);
        }
    }

    /// <summary>Sends a request, once. Where there is no room the task is as it was, and the answer says why.</summary>
    private async Task<(RemoteTask Task, LaunchAnswer.Busy? Busy)> SendAsync(
        DispatchHost host, TaskRequest request, TaskId id, DateTimeOffset dispatched, CancellationToken cancellationToken)
    {
        var since = Options.Time.GetTimestamp();
        host = await WithAgentAsync(host, request, cancellationToken).ConfigureAwait(false);
        // Connected first: what fails until here has left no task anywhere.
        var place = await _workspaces.SettleAsync(host, cancellationToken).ConfigureAwait(false);
        var before = Options.Ledger.Find(id.Value, host.Name);
        var task = NewTask(id, place, request, dispatched);
        // A token for a task that has to wait would be one for nobody, and its agent is looked for when it has its turn.
        if ((request.ScopedToken is not null || request.Agent is not null)
            && await _workspaces.FindRoomAsync(place, id.Value, request.Digest(), cancellationToken).ConfigureAwait(false) is { } lack)
        {
            return (before is { IsWaiting: true } ? before : task, lack);
        }

        var agent = await FindAgentAsync(place, request, cancellationToken).ConfigureAwait(false);
        task = task with { Agent = agent?.Agent };
        var order = WithAgent(request.ToOrder(id, dispatched, agent?.Agent), request, agent, place);
        order = order with { With = [.. order.With, .. AgentWords(place, request)] };
        var token = await MakeTokenAsync(task, request, cancellationToken).ConfigureAwait(false);
        Remember(task, [.. request.Credentials, .. token?.Grants ?? []]);
        // Written before it is sent: whatever ends this process now, the task is in the list. Here a failure counts.
        if (before is null)
            Options.Ledger.Write(task);
        var (answer, attempt) = await LaunchAsync(task, Into(order, token), cancellationToken).ConfigureAwait(false);
        // A second attempt that finds the id taken finds the first one's task, which has the token.
        if (token is not null && answer is not LaunchAnswer.Started && !(answer is LaunchAnswer.Taken && attempt > 1))
            EndToken(token.Token, task);
        if (answer is LaunchAnswer.Busy busy)
            return (before is { IsWaiting: true } ? before : task, busy);
        // What an earlier task of that id left in the ledger says nothing of one that has just begun.
        var isSame = answer is not LaunchAnswer.Started && before is not null && before.Host.Container == place.Container;
        task = Settle(answer, isSame ? before! with { Host = place, IsWaiting = false } : task);
        if (task.State.IsFinal())
            EndTokensOf(task);
        Tell(host.Name, "success", since, $"task={task.Id} attempt={attempt} state={task.State}");
        return (task, null);
    }

    private static RemoteTask NewTask(TaskId id, DispatchHost place, TaskRequest request, DateTimeOffset dispatched) => new()
    {
        Id = id.Value,
        Host = place,
        State = TaskState.Pending,
        Command = request.Summary,
        // As it was asked for: its host says which it is, when it starts.
        Agent = request.Agent is { } agent ? new TaskAgent
        {
            Name = agent.Name, Model = agent.Call.Model, MaxTurns = agent.Call.MaxTurns, PermissionMode = agent.Call.PermissionMode, Session = agent.Call.Session, Resumes = agent.Resumes,
        } : null,
        Dispatched = dispatched,
        CredentialNames = request.CredentialNames,
        Runner = request.Runner,
        StallLimit = request.StallLimit,
        SeparateError = request.SeparateError,
        WorkingDirectory = request.WorkingDirectory,
        Repository = request.Repository is { } wanted ? new TaskRepository { Url = wanted.Url, Of = wanted.Of, Branch = wanted.BranchOf(id) } : null,
    };

    private async Task<(LaunchAnswer Answer, int Attempt)> LaunchAsync(RemoteTask task, LaunchOrder order, CancellationToken cancellationToken)
    {
        try
        {
            return (await _workspaces.LaunchAsync(task.Host, order, cancellationToken).ConfigureAwait(false), 1);
        }
        catch (DispatchException e) when (e.Reason == FailureReason.ConnectionLost)
        {
            // It may have been started, or not. The workspace knows, and asking it is the same request again: the wrapper's
            // gate lets one of the two through.
            return (await _workspaces.LaunchAsync(task.Host, order, cancellationToken).ConfigureAwait(false), 2);
        }
    }

    private RemoteTask Settle(LaunchAnswer answer, RemoteTask task)
    {
        switch (answer)
        {
            case LaunchAnswer.Started started:
                return Record(task.After(started.State));
            case LaunchAnswer.Taken taken:
                var known = Record(task.After(taken.State));
                return known.State == TaskState.LaunchFailed ? throw LaunchFailed(known.Reason) : known;
            case LaunchAnswer.Full full:
                Record(task with { State = TaskState.LaunchFailed, Reason = $"the disk is full: {full.Room}" });
                throw DiskFull(task, full.Room);
            case LaunchAnswer.OverLimit over:
                Record(task with { State = TaskState.LaunchFailed, Reason = over.Why });
                throw OverLimit(task, over);
            case LaunchAnswer.Refused refused:
                Record(task with { State = TaskState.LaunchFailed, Reason = refused.Why });
                throw LaunchFailed(refused.Why, refused.Remedy);
            default:
                // Somebody else's task: what was written down before the answer came says nothing true.
                if (task.State == TaskState.Pending)
                    Options.Ledger.Forget(task);
                throw new DispatchException(
                    FailureReason.TaskConflict, $"Host '{task.HostName}' has a task '{task.Id}' that was dispatched with another request.",
                    "Take another id, or remove that task's workspace first.");
        }

        DispatchException LaunchFailed(string? why, string? remedy = null) => new(
            FailureReason.LaunchFailed, $"The task '{task.Id}' was not started on host '{task.HostName}': {why}.",
            remedy ?? "Mend that on the host, then dispatch it under a new id, or remove its workspace and dispatch it again.");
    }
}
