using System.Management.Automation;
using RemoteDispatch.Hosts;
using RemoteDispatch.PowerShell.Binding;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.PowerShell.Tasks;

/// <summary>What the cmdlets that take tasks have in common: which tasks are meant.</summary>
public abstract class TaskCommand : DispatchCmdlet
{
    /// <summary>Ids or tasks.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("TaskId", "Task")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(TaskIdCompleter))]
    public required TaskIdentity[] Id { get; set; }

    /// <summary>The host, or a set of hosts, where an id was not sent from here, or was sent to several hosts.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("ComputerName", "Cn")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(HostNameCompleter))]
    public HostIdentity? HostName { get; set; }

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
            if (!MayProcess(id))
                continue;
            // A task knows its host, whatever else the pipeline's object says.
            if (HostName is null || id.IsTask)
                Start(id.Id, () => ProcessAsync(id, null));
            else
                DoEach([HostName], host => Start(id.Id, () => ProcessAsync(id, host)));
        }
    }

    /// <summary>Asks, where the cmdlet changes something.</summary>
    private protected virtual bool MayProcess(TaskIdentity task) => true;

    /// <summary>Asks before a change; with force it does not, unless -WhatIf or -Confirm stands beside it or is preferred.</summary>
    private protected bool MayChange(TaskIdentity task, string action, bool isForced)
    {
        var isWhatIf = MyInvocation.BoundParameters.TryGetValue("WhatIf", out var given) ? given is SwitchParameter { IsPresent: true }
            : LanguagePrimitives.IsTrue(GetVariableValue("WhatIfPreference"));
        var mustAsk = MyInvocation.BoundParameters.TryGetValue("Confirm", out var confirm) && confirm is SwitchParameter { IsPresent: true };
        return (isForced && !isWhatIf && !mustAsk) || ShouldProcess(task.Id, action);
    }

    /// <summary>Works on one task.</summary>
    private protected abstract Task WorkAsync(RemoteTask task);

    private async Task ProcessAsync(TaskIdentity id, DispatchHost? host)
    {
        var tasks = await id.ResolveAsync(Dispatcher, host, StopToken).ConfigureAwait(false);
        await Task.WhenAll(tasks.Select(WorkOrTellAsync)).ConfigureAwait(false);
    }

    /// <summary>An id may stand for tasks on several hosts: each of them fails for itself.</summary>
    private async Task WorkOrTellAsync(RemoteTask task)
    {
        try
        {
            await WorkAsync(task).ConfigureAwait(false);
        }
        catch (DispatchException e)
        {
            await SayAsync(() => WriteError(Failures.ToErrorRecord(e, task.Id))).ConfigureAwait(false);
        }
    }
}
