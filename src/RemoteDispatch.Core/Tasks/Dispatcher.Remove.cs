using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Tasks;

/// <summary>How a workspace is removed.</summary>
public sealed record RemoveOptions
{
    /// <summary>Leave the log on the host, with the records that say whose it is, and remove the rest.</summary>
    public bool KeepLog { get; init; }

    /// <summary>Stop the task first where it runs, and end what an ended one left running.</summary>
    public bool Force { get; init; }

    /// <summary>Also one that was claimed and never started: its launch has died (<see cref="RemoteTaskWorkspace.IsAbandoned"/>).</summary>
    public bool Abandoned { get; init; }
}

public sealed partial class Dispatcher
{
    /// <summary>
    /// Removes a task's workspace from its host. The log is collected to this machine first, unless it stays on the host.
    /// A workspace that is gone already is no error.
    /// </summary>
    /// <returns>The task as it was, with the path of its collected log.</returns>
    /// <exception cref="DispatchException"><see cref="FailureReason.TaskRunning"/>, or the host cannot be reached. Nothing is lost then.</exception>
    public async Task<RemoteTask> RemoveAsync(RemoteTask task, RemoveOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new RemoveOptions();
        var since = Options.Time.GetTimestamp();
        if (task.IsWaiting && await TakeOutAsync(task, cancellationToken).ConfigureAwait(false) is { } taken)
        {
            Options.Ledger.Forget(taken);
            return taken;
        }

        try
        {
            CheckUnused(task);
            await ForgetInLineAsync(task, cancellationToken).ConfigureAwait(false);
            // Not by the task's own state: one that has ended keeps it when its workspace goes.
            var look = (await _workspaces.StatusAsync(HostOf(task), [task.Id], cancellationToken).ConfigureAwait(false))[0];
            if (look is not Absent)
            {
                task = Note(task, task.After(look));
                if (options.Force)
                    task = await StopAsync(task, null, cancellationToken).ConfigureAwait(false);
                else if (!task.State.IsFinal() && !(options.Abandoned && task.State == TaskState.Pending))
                    throw StillRunning(task);
                // Whatever is known of it: what is removed is not to be fetched again.
                if (!options.KeepLog)
                    task = await CollectAsync(task, new CollectOptions(), trustsComplete: false, cancellationToken).ConfigureAwait(false);
                if (await _workspaces.RemoveAsync(HostOf(task), task.Id, options.KeepLog, cancellationToken).ConfigureAwait(false) is Running)
                    throw StillRunning(task);
            }

            EndTokensOf(task);
            if (!options.KeepLog)
                Options.Ledger.Forget(task);
            Tell(task.HostName, "removed", since, $"task={task.Id}");
            return task;
        }
        catch (DispatchException e)
        {
            throw e.About(task.HostName, task.Id);
        }
    }

    private static DispatchException StillRunning(RemoteTask task) => new(
        FailureReason.TaskRunning, $"The task '{task.Id}' on host '{task.HostName}' has not ended ({task.State}).",
        "Wait for it, stop it, or remove it by force (-Force, --force).");
}
