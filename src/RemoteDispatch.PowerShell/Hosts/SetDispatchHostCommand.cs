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

    /// <summary>How many bytes the workspaces there may take together, as 20GB; 0 for no limit.</summary>
    [Parameter]
    [ByteSize]
    public long? WorkspaceLimit { get; set; }

    /// <summary>How many tasks may run there at once; what is sent beyond that waits. 0 for no limit.</summary>
    [Parameter]
    public int? MaxWorkers { get; set; }

    /// <summary>How much memory each of them needs, as 2GB: another starts only where so much is free, and where all fit into the memory. 0 for no limit.</summary>
    [Parameter]
    [ByteSize]
    public long? MemoryPerWorker { get; set; }

    /// <summary>How much memory is to stay free beside them, as 1GB. 0 for no limit.</summary>
    [Parameter]
    [ByteSize]
    public long? MemoryReserve { get; set; }

    /// <summary>How long after one start the next may be, as 10s. 0 for no limit.</summary>
    [Parameter]
    [Duration]
    public TimeSpan? StartInterval { get; set; }

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

    /// <summary>All secrets for every task that is sent to it from here, as variables of this environment or 'default'; the list takes the place of the old one.</summary>
    [Parameter]
    [AllowEmptyCollection]
    [ArgumentCompleter(typeof(CredentialNameCompleter))]
    public string[]? ForwardCredential { get; set; }

    /// <summary>Emit the host as it is now.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => DoEach(Name, ChangeOne);

    private void ChangeOne(string name, HostSets sets)
    {
        var wanted = Change(sets.Get(name));
        if (!ShouldProcess(name, Describe(sets.Get(name), wanted)))
            return;
        var trusted = TrustHostKey ? TrustKeyOf(wanted).HostKeyFingerprint : null;
        var changed = Await(stopping => Session.Inventory.ChangeAsync(name, host => Change(host) is var after && trusted is null ? after : after with { HostKeyFingerprint = trusted }, stopping));
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
            WorkspaceLimit = WorkspaceLimit ?? host.WorkspaceLimit,
            WorkerLimit = new WorkerLimit
            {
                MaxWorkers = MaxWorkers ?? host.MaxWorkers,
                MemoryPerWorker = MemoryPerWorker ?? host.MemoryPerWorker,
                MemoryReserve = MemoryReserve ?? host.MemoryReserve,
                StartInterval = StartInterval ?? host.StartInterval,
            },
            HostKeyFingerprint = HostKeyFingerprint ?? host.HostKeyFingerprint,
            ForwardAgent = MyInvocation.BoundParameters.ContainsKey(nameof(ForwardAgent)) ? ForwardAgent : host.ForwardAgent,
            ForwardCredentials = ForwardCredential ?? host.ForwardCredentials,
        };
    }

    /// <summary>What is asked about, and what -WhatIf shows.</summary>
    private string Describe(DispatchHost before, DispatchHost after)
    {
        var changes = Members(before).Zip(Members(after)).Where(m => m.First != m.Second).Select(m => $"{m.Second.Name} -> {(m.Second.Value is { Length: > 0 } value ? value : "none")}");
        var all = string.Join("; ", TrustHostKey ? changes.Append("ask for its host key and pin that") : changes);
        return $"Change the host in the inventory: {(all.Length > 0 ? all : "nothing, it is like that")}";
    }

    private static (string Name, string? Value)[] Members(DispatchHost host) =>
    [
        ("address", host.Address.ToString()), ("transport", host.Transport.ToString()), ("container", host.Container.Value),
        ("capabilities", string.Join(", ", host.Capabilities)), ("workspace root", host.WorkspaceRoot),
        ("workspace limit", host.WorkspaceLimit is { } limit ? ByteSize.Show(limit) : null), ("worker limit", host.WorkerLimit.ToString()),
        ("host key", host.HostKeyFingerprint),
        ("agent forwarding", host.ForwardAgent ? "on" : "off"), ("credentials", string.Join(", ", host.ForwardCredentials)),
    ];
}
