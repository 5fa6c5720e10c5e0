using System.Management.Automation;
using RemoteDispatch.Hosts;
using RemoteDispatch.PowerShell.Binding;

namespace RemoteDispatch.PowerShell.Hosts;

/// <summary>Gets hosts from the inventory; the built-in host local is always there.</summary>
[Cmdlet(VerbsCommon.Get, "DispatchHost")]
[OutputType(typeof(DispatchHost))]
public sealed class GetDispatchHostCommand : DispatchCmdlet
{
    /// <summary>Names, with wildcards; all without it.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("HostName", "ComputerName", "Cn")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(HostNameCompleter))]
    public string[] Name { get; set; } = ["*"];

    /// <summary>Only hosts that have all of these.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(CapabilityCompleter))]
    public string[] Capability { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord() => Do(Session.Inventory.Path, () =>
    {
        var hosts = Session.Inventory.List();
        foreach (var name in Name)
        {
            var pattern = WildcardPattern.Get(name, WildcardOptions.IgnoreCase);
            var found = hosts.Where(h => pattern.IsMatch(h.Name)).ToArray();
            if (found.Length == 0 && !WildcardPattern.ContainsWildcardCharacters(name))
                WriteError(Failures.ToErrorRecord(HostInventory.NotFound(name), name));
            WriteObject(found.Where(h => Capability.All(c => h.Capabilities.Contains(c, StringComparer.OrdinalIgnoreCase))), enumerateCollection: true);
        }
    });
}
