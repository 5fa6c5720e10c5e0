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

    /// <summary>The id.</summary>
    public string Id { get; }

    /// <summary>The tasks that are meant: more than one, where an id was sent to several hosts.</summary>
    /// <exception cref="DispatchException">There is none, or the host cannot be asked.</exception>
    internal async Task<IReadOnlyList<RemoteTask>> ResolveAsync(Dispatcher dispatcher, DispatchHost? host, CancellationToken cancellationToken) =>
        _task is not null ? [_task] : await dispatcher.FindAsync(Id, host, cancellationToken).ConfigureAwait(false);

    /// <summary>Is this the task itself, which knows its host?</summary>
    internal bool IsTask => _task is not null;

    /// <inheritdoc/>
    public override string ToString() => Id;
}
