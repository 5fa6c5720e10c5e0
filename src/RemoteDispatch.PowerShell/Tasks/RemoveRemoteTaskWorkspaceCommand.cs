using System.Management.Automation;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.PowerShell.Tasks;

/// <summary>Removes the workspaces of tasks from their hosts; their logs are collected to this machine first.</summary>
[Cmdlet(VerbsCommon.Remove, "RemoteTaskWorkspace", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(RemoteTask))]
public sealed class RemoveRemoteTaskWorkspaceCommand : TaskCommand
{
    /// <summary>Leave the log on the host, and remove the rest.</summary>
    [Parameter]
    public SwitchParameter KeepLog { get; set; }

    /// <summary>Do not ask; stop a running task first, and end what an ended one left running.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Emit the tasks, with the paths of their collected logs.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override string? Activity => "Removing workspaces";

    private protected override string WayWithoutAsking => "-Confirm:$false";

    private protected override string ForceDoesMore => " -Force does not ask either, but it also stops a task that still runs.";

    private protected override bool MayProcess(string target) =>
        MayChange(target, "Remove the task's workspace from its host", Force);

    private protected override async Task WorkAsync(RemoteTask task)
    {
        var removed = await Dispatcher.RemoveAsync(task, new RemoveOptions { KeepLog = KeepLog, Force = Force }, StopToken).ConfigureAwait(false);
        if (PassThru)
            await SayAsync(() => WriteObject(removed)).ConfigureAwait(false);
    }
}
