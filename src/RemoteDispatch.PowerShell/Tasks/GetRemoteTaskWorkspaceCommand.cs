using System.Management.Automation;
using RemoteDispatch.Hosts;
using RemoteDispatch.PowerShell.Binding;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.PowerShell.Tasks;

/// <summary>Lists what tasks have left on hosts, and what they take there: sent from here or not. One round trip per host.</summary>
[Cmdlet(VerbsCommon.Get, "RemoteTaskWorkspace")]
[OutputType(typeof(RemoteTaskWorkspace))]
public sealed class GetRemoteTaskWorkspaceCommand : DispatchCmdlet
{
    private readonly List<HostIdentity> _hosts = [];
    private readonly List<TaskIdentity> _ids = [];

    /// <summary>These hosts; without it those of the inventory, this machine, and those that tasks were sent to.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name", "ComputerName", "Cn")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(HostNameCompleter))]
    public HostIdentity[] HostName { get; set; } = [];

    /// <summary>Only those of these tasks: ids, with wildcards.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("TaskId")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(TaskIdCompleter))]
    public TaskIdentity[] Id { get; set; } = [];

    /// <summary>Only those whose tasks have ended longer ago than that.</summary>
    [Parameter]
    [Duration]
    public TimeSpan? OlderThan { get; set; }

    /// <summary>Only those that are in no ledger of this machine.</summary>
    [Parameter]
    public SwitchParameter Orphaned { get; set; }

    /// <summary>How many hosts are asked at once.</summary>
    [Parameter]
    [ValidateRange(1, 1000)]
    public int ThrottleLimit { get; set; } = 50;

    /// <inheritdoc/>
    protected override string? Activity => "Looking at workspaces";

    /// <inheritdoc/>
    protected override int Throttle => ThrottleLimit;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        _hosts.AddRange(HostName);
        _ids.AddRange(Id);
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        // Gathered first: of thousands of tasks from the pipeline, each host is asked once.
        if (_hosts.Count > 0)
            DoEach(_hosts, Begin);
        else
            DoEachWithWorkspaces(Begin);
        SayUntilDone();
    }

    private void Begin(DispatchHost host) => Start(host.Name, async () =>
    {
        var found = await Dispatcher.ListWorkspacesAsync(host, StopToken).ConfigureAwait(false);
        var wanted = found.Where(IsMeant).ToArray();
        await SayAsync(() => WriteObject(wanted, enumerateCollection: true)).ConfigureAwait(false);
    });

    private bool IsMeant(RemoteTaskWorkspace workspace) =>
        (_ids.Count == 0 || _ids.Any(id => id.IsMeant(workspace.Task)))
        && (OlderThan is not { } age || workspace.HasEndedBefore(age))
        && (!Orphaned || workspace.IsOrphaned);
}
