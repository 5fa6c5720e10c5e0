using System.Management.Automation;
using RemoteDispatch.PowerShell.Binding;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.PowerShell.Tasks;

/// <summary>Ends tasks and every process that belongs to them: TERM, a grace period, then KILL, and a look that nothing is left.</summary>
[Cmdlet(VerbsLifecycle.Stop, "RemoteTask", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(RemoteTask))]
public sealed class StopRemoteTaskCommand : TaskCommand
{
    /// <summary>Between TERM and KILL (10s unless said otherwise); 0 for KILL at once.</summary>
    [Parameter]
    [Duration]
    public TimeSpan? Grace { get; set; }

    /// <summary>Do not ask.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Emit the tasks as they ended.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override string? Activity => "Stopping tasks";

    private protected override bool MayProcess(string target) =>
        MayChange(target, "Stop the task and all its processes", Force);

    // Of all that are like a pattern, only those that have not ended: to stop the others would ask each host that there ever was.
    private protected override bool IsMeant(RemoteTask task) => !task.State.IsFinal();

    private protected override async Task WorkAsync(RemoteTask task)
    {
        var stopped = await Dispatcher.StopAsync(task, Grace, StopToken).ConfigureAwait(false);
        if (PassThru)
            await SayAsync(() => WriteObject(stopped)).ConfigureAwait(false);
    }
}
