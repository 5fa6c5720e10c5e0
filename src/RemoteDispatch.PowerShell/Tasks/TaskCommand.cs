using System.Diagnostics;
using System.Management.Automation;
using RemoteDispatch.Hosts;
using RemoteDispatch.PowerShell.Binding;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.PowerShell.Tasks;

/// <summary>What the cmdlets that take tasks have in common: which tasks are meant.</summary>
public abstract class TaskCommand : DispatchCmdlet
{
    /// <summary>Ids, with wildcards, or tasks.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("TaskId", "Task")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(TaskIdCompleter))]
    public virtual required TaskIdentity[] Id { get; set; }

    /// <summary>The host, or a set of hosts, where an id was not sent from here, or was sent to several hosts.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("ComputerName", "Cn")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(HostNameCompleter))]
    public virtual HostIdentity? HostName { get; set; }

    /// <summary>How many tasks are worked on at once.</summary>
    [Parameter]
    [ValidateRange(1, 1000)]
    public int ThrottleLimit { get; set; } = 32;

    /// <inheritdoc/>
    protected override int Throttle => ThrottleLimit;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var id in Id)
        {
            // With -WhatIf no host is asked which tasks are like that: the pattern itself is what would be worked on.
            var isAskedLater = id.IsPattern && (HostName is null || !IsWhatIf);
            if (!isAskedLater && !MayProcess(id, Target(id)))
                continue;
            StartOn(id, HostName, host => ProcessAsync(id, host));
        }
    }

    /// <summary>Asks, where the cmdlet changes something.</summary>
    private protected virtual bool MayProcess(string target) => true;

    /// <summary>The same, where what is known of the task belongs into the question.</summary>
    private protected virtual bool MayProcess(TaskIdentity id, string target) => MayProcess(target);

    /// <summary>Is a task meant, where an id with wildcards is like its own?</summary>
    private protected virtual bool IsMeant(RemoteTask task) => true;

    /// <summary>Works on one task.</summary>
    private protected abstract Task WorkAsync(RemoteTask task);

    /// <summary>What would be worked on, with its host where that is known.</summary>
    private string Target(TaskIdentity id) => (id.HostName ?? HostName?.Name) is { } host ? $"{id.Id} on host {host}" : id.Id;

    private async Task ProcessAsync(TaskIdentity id, DispatchHost? host)
    {
        var tasks = await id.ResolveAsync(Dispatcher, host, StopToken).ConfigureAwait(false);
        await (id.IsPattern ? ProcessEachAsync(tasks.Where(IsMeant)) : Task.WhenAll(tasks.Select(WorkOrTellAsync))).ConfigureAwait(false);
    }

    /// <summary>Each task is asked for by its own id, on the pipeline's thread, and begun as soon as it may be.</summary>
    private protected async Task ProcessEachAsync(IEnumerable<RemoteTask> tasks)
    {
        using var places = new SemaphoreSlim(Throttle);
        var work = new List<Task>();
        foreach (var task in tasks)
        {
            var id = new TaskIdentity(task);
            if (await AskAsync(() => MayProcess(id, Target(id))).ConfigureAwait(false))
                work.Add(WorkInTurnAsync(task));
        }

        await Task.WhenAll(work).ConfigureAwait(false);

        async Task WorkInTurnAsync(RemoteTask task)
        {
            await places.WaitAsync(StopToken).ConfigureAwait(false);
            try
            {
                await WorkOrTellAsync(task).ConfigureAwait(false);
            }
            finally
            {
                places.Release();
            }
        }
    }

    /// <summary>An id may stand for tasks on several hosts: each of them fails for itself.</summary>
    private async Task WorkOrTellAsync(RemoteTask task)
    {
        var since = Stopwatch.GetTimestamp();
        try
        {
            await WorkAsync(task).ConfigureAwait(false);
        }
        catch (DispatchException e)
        {
            await FailAsync(e.About(task.HostName, task.Id), task.Id, since).ConfigureAwait(false);
        }
    }
}
