using System.Management.Automation;
using RemoteDispatch.Hosts;
using RemoteDispatch.PowerShell.Binding;

namespace RemoteDispatch.PowerShell.Hosts;

/// <summary>Removes a host from the inventory. Its tasks stay what and where they are.</summary>
[Cmdlet(VerbsCommon.Remove, "DispatchHost", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(DispatchHost))]
public sealed class RemoveDispatchHostCommand : DispatchCmdlet
{
    /// <summary>The hosts: names, wildcards, groups ('@gpu') and sets of these.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("HostName", "ComputerName", "Cn")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(HostNameCompleter))]
    public required string[] Name { get; set; }

    /// <summary>Do not ask.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Emit the host that was removed.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => DoEach(Name, RemoveOne);

    private void RemoveOne(string name, HostSets sets)
    {
        if (!MayChange(name, "Remove the host from the inventory", Force))
            return;
        var removed = Await(stopping => Session.Inventory.RemoveAsync(name, stopping));
        if (PassThru && removed is not null)
            WriteObject(removed);
    }
}
