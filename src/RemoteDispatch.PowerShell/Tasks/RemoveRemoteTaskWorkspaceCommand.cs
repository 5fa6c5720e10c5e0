using System.Management.Automation;
using RemoteDispatch.Hosts;
using RemoteDispatch.PowerShell.Binding;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.PowerShell.Tasks;

/// <summary>Removes the workspaces of tasks from their hosts; their logs are collected to this machine first.</summary>
[Cmdlet(VerbsCommon.Remove, "RemoteTaskWorkspace", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High, DefaultParameterSetName = IdSet)]
[OutputType(typeof(RemoteTask))]
public sealed class RemoveRemoteTaskWorkspaceCommand : TaskCommand
{
    private const string IdSet = "Id";
    private const string AgeSet = "OlderThan";

    /// <summary>Ids, with wildcards, or tasks, or workspaces.</summary>
    [Parameter(ParameterSetName = IdSet, Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("TaskId", "Task")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(TaskIdCompleter))]
    public override required TaskIdentity[] Id { get; set; } = [];

    /// <summary>All whose tasks have ended longer ago than that, or whose launch died then, whoever sent them; by each host's own clock.</summary>
    [Parameter(ParameterSetName = AgeSet, Mandatory = true)]
    [Duration]
    public TimeSpan? OlderThan { get; set; }

    /// <summary>The host, or a set of hosts. With -OlderThan and without it: those of the inventory, this machine, and those that tasks were sent to.</summary>
    [Parameter(ParameterSetName = IdSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = AgeSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("ComputerName", "Cn")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(HostNameCompleter))]
    public override HostIdentity? HostName { get; set; }

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

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (OlderThan is not { } age)
            base.ProcessRecord();
        else if (HostName is { } named)
            DoEach([named], host => Clean(host, age));
        else
            DoEachWithWorkspaces(host => Clean(host, age));
    }

    private protected override async Task WorkAsync(RemoteTask task)
    {
        var options = new RemoveOptions { KeepLog = KeepLog, Force = Force, Abandoned = OlderThan is not null };
        var removed = await Dispatcher.RemoveAsync(task, options, StopToken).ConfigureAwait(false);
        if (PassThru)
            await SayAsync(() => WriteObject(removed)).ConfigureAwait(false);
    }

    /// <summary>With -WhatIf no host is asked what it has: what would be looked for is said. Else each that is found is asked for by its own id.</summary>
    private void Clean(DispatchHost host, TimeSpan age)
    {
        if (IsWhatIf)
            ShouldProcess($"all on host {host.Name} that have ended more than {Duration.Show(age)} ago", "Remove the task's workspace from its host");
        else
            Start(host.Name, () => CleanAsync(host, age));
    }

    private async Task CleanAsync(DispatchHost host, TimeSpan age)
    {
        var found = await Dispatcher.ListWorkspacesAsync(host, StopToken).ConfigureAwait(false);
        await ProcessEachAsync(found.Where(w => w.HasEndedBefore(age)).Select(w => w.Task)).ConfigureAwait(false);
    }
}
