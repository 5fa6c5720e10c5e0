using System.Management.Automation;
using RemoteDispatch.Hosts;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.PowerShell.Binding;

/// <summary>What stands for a task: its id, or the task itself.</summary>
public sealed class TaskIdentity
{
    private readonly RemoteTask? _task;

    /// <summary>An id.</summary>
    public TaskIdentity(string id) => Id = id;

    /// <summary>A task.</summary>
    public TaskIdentity(RemoteTask task) => (_task, Id) = (task, task.Id);

    /// <summary>The task of a workspace.</summary>
    public TaskIdentity(RemoteTaskWorkspace workspace)
        : this(workspace.Task)
    {
    }

    /// <summary>The id.</summary>
    public string Id { get; }

    /// <summary>The host of the task itself; null for an id.</summary>
    internal string? HostName => _task?.HostName;

    /// <summary>What this machine remembers of it: the task itself, or those that were sent from here under its id. Nobody is asked.</summary>
    internal IEnumerable<RemoteTask> Remembered(Dispatcher dispatcher) => _task is not null ? [_task] : dispatcher.Options.Ledger.Find(Id);

    /// <summary>Is this the task itself, which knows its host?</summary>
    internal bool IsTask => _task is not null;

    /// <summary>Does it stand for all tasks whose ids are like it?</summary>
    internal bool IsPattern => _task is null && WildcardPattern.ContainsWildcardCharacters(Id);

    /// <summary>
    /// The tasks that are meant: more than one, where an id was sent to several hosts or has wildcards. Those of a host are what
    /// it knows itself, whoever sent them.
    /// </summary>
    /// <exception cref="DispatchException">There is none of that very id, or the host cannot be asked.</exception>
    internal async Task<IReadOnlyList<RemoteTask>> ResolveAsync(Dispatcher dispatcher, DispatchHost? host, CancellationToken cancellationToken)
    {
        if (_task is not null)
            return [_task];
        if (!IsPattern)
            return await dispatcher.FindAsync(Id, host, cancellationToken).ConfigureAwait(false);
        var known = host is null ? dispatcher.Options.Ledger.List() : await dispatcher.ListAsync(host, cancellationToken).ConfigureAwait(false);
        return [.. known.Where(IsMeant)];
    }

    /// <summary>Is it that task, or like its id? Capitals are told from small letters, as the ids are.</summary>
    internal bool IsMeant(RemoteTask task) => WildcardPattern.Get(Id, WildcardOptions.None).IsMatch(task.Id);

    /// <inheritdoc/>
    public override string ToString() => Id;
}
