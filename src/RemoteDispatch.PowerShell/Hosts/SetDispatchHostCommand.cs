using System.Management.Automation;
using RemoteDispatch.Hosts;
using RemoteDispatch.PowerShell.Binding;

namespace RemoteDispatch.PowerShell.Hosts;

/// <summary>Changes a host of the inventory: what is named changes, all else stays.</summary>
[Cmdlet(VerbsCommon.Set, "DispatchHost", SupportsShouldProcess = true, DefaultParameterSetName = FingerprintSet)]
[OutputType(typeof(DispatchHost))]
public sealed class SetDispatchHostCommand : PinningCommand
{
    private const string FingerprintSet = "Fingerprint";
    private const string TrustSet = "Trust";

    /// <summary>The hosts: names, wildcards, groups ('@gpu') and sets of these.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("HostName", "ComputerName", "Cn")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(HostNameCompleter))]
    public required string[] Name { get; set; }

    /// <summary>Where it is now.</summary>
    [Parameter]
    public string? Address { get; set; }

    /// <summary>How the first hop is made.</summary>
    [Parameter]
    public Transport? Transport { get; set; }

    /// <summary>auto, none, or the name of the container in which tasks run there.</summary>
    [Parameter]
    public string? Container { get; set; }

    /// <summary>All that the host can do; the list takes the place of the old one.</summary>
    [Parameter]
    [AllowEmptyCollection]
    [ArgumentCompleter(typeof(CapabilityCompleter))]
    public string[]? Capability { get; set; }

    /// <summary>The folder of the workspaces on the host; empty for the default.</summary>
    [Parameter]
    [AllowEmptyString]
    public string? WorkspaceRoot { get; set; }

    /// <summary>Pins the host to the key with this fingerprint, SHA256:…; empty leaves it to your known_hosts again.</summary>
    [Parameter(ParameterSetName = FingerprintSet)]
    [AllowEmptyString]
    public string? HostKeyFingerprint { get; set; }

    /// <summary>Asks each host for its key now, pins it, and shows the fingerprint.</summary>
    [Parameter(Mandatory = true, ParameterSetName = TrustSet)]
    public SwitchParameter TrustHostKey { get; set; }

    /// <summary>Forward the SSH agent of this machine to the host, or with -ForwardAgent:$false no longer.</summary>
    [Parameter]
    public SwitchParameter ForwardAgent { get; set; }

    /// <summary>Emit the host as it is now.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => DoEach(Name, ChangeOne);

    private void ChangeOne(string name, HostSets sets)
    {
        if (!ShouldProcess(name, "Change the host in the inventory"))
            return;
        var trusted = TrustHostKey ? TrustKeyOf(Change(Session.Inventory.Find(name) ?? throw HostInventory.NotFound(name))).HostKeyFingerprint : null;
        var changed = Await(stopping => Session.Inventory.ChangeAsync(name, host => Change(host) with { HostKeyFingerprint = trusted ?? HostKeyFingerprint ?? host.HostKeyFingerprint }, stopping));
        if (PassThru)
            WriteObject(changed);
    }

    private DispatchHost Change(DispatchHost host)
    {
        var address = Address is null ? host.Address : HostAddress.Parse(Address);
        return host with
        {
            Address = address,
            Transport = Transport ?? (Address is null ? host.Transport : DispatchHost.Detect(address)),
            Container = Container is null ? host.Container : ContainerChoice.Parse(Container),
            Capabilities = Capability is null ? host.Capabilities : Capability,
            WorkspaceRoot = WorkspaceRoot ?? host.WorkspaceRoot,
            ForwardAgent = MyInvocation.BoundParameters.ContainsKey(nameof(ForwardAgent)) ? ForwardAgent : host.ForwardAgent,
        };
    }
}
