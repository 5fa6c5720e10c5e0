using System.Management.Automation;
using RemoteDispatch.Hosts;
using RemoteDispatch.PowerShell.Binding;

namespace RemoteDispatch.PowerShell.Hosts;

/// <summary>Gets hosts from the inventory; the built-in host local is always there.</summary>
[Cmdlet(VerbsCommon.Get, "DispatchHost")]
[OutputType(typeof(DispatchHost))]
public sealed class GetDispatchHostCommand : DispatchCmdlet
{
    /// <summary>Names, wildcards, groups ('@gpu') and sets of these; all without it.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("HostName", "ComputerName", "Cn")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(HostNameCompleter))]
    public string[] Name { get; set; } = [];

    /// <summary>Only hosts that have all of these.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(CapabilityCompleter))]
    public string[] Capability { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (Name.Length > 0)
            DoEach(Name, (name, sets) => Emit(sets.Get(name)));
        else
            Do(Session.Inventory.Path, EmitAll);
    }

    private void EmitAll()
    {
        var problems = new List<DispatchException>();
        foreach (var host in Session.Inventory.List(problems))
            Emit(host);
        foreach (var problem in problems)
            WriteError(Failures.ToErrorRecord(problem, problem.Host));
    }

    private void Emit(DispatchHost host)
    {
        if (Capability.All(c => host.Capabilities.Contains(c, StringComparer.OrdinalIgnoreCase)))
            WriteObject(host);
    }
}
