using System.Management.Automation;
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

    /// <summary>The host, where an id was not sent from here, or was sent to several hosts.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("ComputerName", "Cn")]
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
        var host = HostName;
        foreach (var id in Id)
        {
            if (MayProcess(id))
                Start(id.Id, () => ProcessAsync(id, host));
        }
    }

    /// <summary>Asks, where the cmdlet changes something.</summary>
    private protected virtual bool MayProcess(TaskIdentity task) => true;

    /// <summary>Works on one task.</summary>
    private protected abstract Task WorkAsync(RemoteTask task);

    private async Task ProcessAsync(TaskIdentity id, HostIdentity? host)
    {
        var tasks = await id.ResolveAsync(Dispatcher, host, StopToken).ConfigureAwait(false);
        await Task.WhenAll(tasks.Select(WorkAsync)).ConfigureAwait(false);
    }
}
