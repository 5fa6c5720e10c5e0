using RemoteDispatch.Agents;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Tasks;

/// <summary>What goes on with an agent's task: a request for the same host, place and session.</summary>
/// <param name="Host">The host of the first task.</param>
/// <param name="Request">The request.</param>
public sealed record Resumption(DispatchHost Host, TaskRequest Request);

public sealed partial class Dispatcher
{
    /// <summary>
    /// Makes a request that goes on in the session of an agent's task, in the place where that worked. It is a task of its own, linked to the first
    /// (<see cref="TaskAgent.Resumes"/>); the first one's workspace holds its checkout, and so must stay. Nothing is sent but a look at the
    /// first task, where its session is not known yet.
    /// </summary>
    /// <param name="task">The task to go on with.</param>
    /// <param name="request">The prompt, and whatever the new task is to have. What its agent does not say is as it was; secrets must be given again.</param>
    /// <param name="cancellationToken">Ends the look.</param>
    /// <exception cref="DispatchException">
    /// <see cref="FailureReason.InvalidInput"/>: it is no agent's, or its session is gone; <see cref="FailureReason.TaskRunning"/>; or the host cannot be reached.
    /// </exception>
    public async Task<Resumption> ResumeAsync(RemoteTask task, TaskRequest request, CancellationToken cancellationToken = default)
    {
        if (task.Agent is null)
            throw Refuse($"The task '{task.Id}' on host '{task.HostName}' is no agent's: it has no session.", "Dispatch its command again.");
        if (!task.State.IsFinal() || task.AgentResult is null)
            task = await LookAsync(task, cancellationToken).ConfigureAwait(false);
        if (!task.State.IsFinal())
        {
            throw new DispatchException(FailureReason.TaskRunning, $"The task '{task.Id}' on host '{task.HostName}' has not ended ({task.State}).",
                "Wait for it or stop it; to tell it something meanwhile, send it a message (Send-RemoteTaskMessage, rdispatch send).") { Host = task.HostName, TaskId = task.Id };
        }

        if (task.Sandbox is not null)
            throw Refuse($"The session of the task '{task.Id}' on host '{task.HostName}' is gone: it was in the home of its sandbox.", "Dispatch a new task, with a prompt that says what was done.");
        if (task.State is TaskState.LaunchFailed or TaskState.Removed)
            throw Refuse($"The task '{task.Id}' on host '{task.HostName}' has nothing to go on with ({task.State}).", "Dispatch a new task.");
        var before = task.Agent!;
        var session = task.AgentResult?.Session ?? before.Session
            ?? throw Refuse($"The session of the task '{task.Id}' on host '{task.HostName}' is not known: its agent ended before it told it.", "Dispatch a new task.");
        var wanted = request.Agent?.Call ?? new AgentCall();
        return new Resumption(HostOf(task), request with
        {
            Agent = new AgentRequest
            {
                Name = before.Name,
                Call = wanted with
                {
                    Session = session,
                    Resume = true,
                    Model = wanted.Model ?? before.Model,
                    MaxTurns = wanted.MaxTurns ?? before.MaxTurns,
                    // What a host says of a task that was not sent from here never decides what an agent may do.
                    PermissionMode = wanted.PermissionMode ?? Options.Ledger.Find(task.Id, task.HostName)?.Agent?.PermissionMode,
                },
                Frame = request.Agent?.Frame,
                Resumes = task.Id,
            },
            WorkingDirectory = request.WorkingDirectory ?? task.WorkingDirectory,
            Repository = task.Repository is { } repository ? new RepositoryRequest { Url = repository.Url, TaskBranch = repository.Branch, Of = repository.Of ?? task.Id } : null,
        });

        DispatchException Refuse(string message, string remedy) => new(FailureReason.InvalidInput, message, remedy) { Host = task.HostName, TaskId = task.Id };
    }

    /// <summary>A workspace in which a later task of the same session works is not removed beneath it.</summary>
    private void CheckUnused(RemoteTask task)
    {
        if (task.Agent is not null && Options.Ledger.List().FirstOrDefault(t => (t.Agent?.Resumes == task.Id || t.Repository?.Of == task.Id) && t.HostName == task.HostName && !t.State.IsFinal()) is { } user)
        {
            throw new DispatchException(FailureReason.TaskRunning, $"The task '{user.Id}' goes on with the session of '{task.Id}' on host '{task.HostName}', in its workspace ({user.State}).",
                "Wait for it, or stop it first.");
        }
    }
}
