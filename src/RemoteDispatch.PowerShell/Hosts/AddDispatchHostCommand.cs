using System.Management.Automation;
using RemoteDispatch.Hosts;
using RemoteDispatch.PowerShell.Binding;

namespace RemoteDispatch.PowerShell.Hosts;

/// <summary>Adds a host to the inventory.</summary>
[Cmdlet(VerbsCommon.Add, "DispatchHost", SupportsShouldProcess = true, DefaultParameterSetName = FingerprintSet)]
[OutputType(typeof(DispatchHost))]
public sealed class AddDispatchHostCommand : PinningCommand
{
    private const string FingerprintSet = "Fingerprint";
    private const string TrustSet = "Trust";

    /// <summary>What the host is to be called here.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    public required string Name { get; set; }

    /// <summary>Where it is: a name, an IP address, user@host, ssh://user@host:port, an alias from ssh_config, or a WSL distribution.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    public required string Address { get; set; }

    /// <summary>How the first hop is made. Without it: Tailscale for *.ts.net and 100.64.0.0/10, else Ssh.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public Transport? Transport { get; set; }

    /// <summary>auto, none, or the name of the container in which tasks run there.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string? Container { get; set; }

    /// <summary>What the host can do, in your own words: gpu, macos, os=linux.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("Capabilities")]
    [ArgumentCompleter(typeof(CapabilityCompleter))]
    public string[] Capability { get; set; } = [];

    /// <summary>The folder of the workspaces on the host, absolute or below ~/.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string? WorkspaceRoot { get; set; }

    /// <summary>How many bytes the workspaces there may take together, as 20GB; where that is reached no task is started.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ByteSize]
    public long? WorkspaceLimit { get; set; }

    /// <summary>How many tasks may run there at once; what is sent beyond that waits.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public int? MaxWorkers { get; set; }

    /// <summary>How much memory each of them needs, as 2GB: another starts only where so much is free, and where all fit into the memory.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ByteSize]
    public long? MemoryPerWorker { get; set; }

    /// <summary>How much memory is to stay free beside them, as 1GB.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ByteSize]
    public long? MemoryReserve { get; set; }

    /// <summary>How long after one start the next may be, as 10s.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Duration]
    public TimeSpan? StartInterval { get; set; }

    /// <summary>Pins the host to the key with this fingerprint, SHA256:…; it may show no other.</summary>
    [Parameter(ParameterSetName = FingerprintSet, ValueFromPipelineByPropertyName = true)]
    public string? HostKeyFingerprint { get; set; }

    /// <summary>Asks the host for its key now, pins it, and shows the fingerprint.</summary>
    [Parameter(Mandatory = true, ParameterSetName = TrustSet)]
    public SwitchParameter TrustHostKey { get; set; }

    /// <summary>Forward the SSH agent of this machine to the host; root there can use it while a connection is open.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public SwitchParameter ForwardAgent { get; set; }

    /// <summary>Secrets for every task that is sent to it from here: variables of this environment, or 'default' for the usual ones that are set.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("ForwardCredentials")]
    [ArgumentCompleter(typeof(CredentialNameCompleter))]
    public string[] ForwardCredential { get; set; } = [];

    /// <summary>Put it in the place of a host that has the name already.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Emit the host that was added.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => Do(Name, () =>
    {
        var address = HostAddress.Parse(Address);
        var host = new DispatchHost
        {
            Name = Name,
            Address = address,
            Transport = Transport ?? DispatchHost.Detect(address),
            Container = ContainerChoice.Parse(Container),
            Capabilities = Capability,
            WorkspaceRoot = WorkspaceRoot,
            WorkspaceLimit = WorkspaceLimit,
            WorkerLimit = new WorkerLimit { MaxWorkers = MaxWorkers, MemoryPerWorker = MemoryPerWorker, MemoryReserve = MemoryReserve, StartInterval = StartInterval },
            HostKeyFingerprint = HostKeyFingerprint,
            ForwardAgent = ForwardAgent,
            ForwardCredentials = ForwardCredential,
        };
        if (!ShouldProcess(Name, $"Add the host at {address} ({host.Transport}) to the inventory"))
            return;
        if (TrustHostKey)
            host = TrustKeyOf(host);
        var added = Await(stopping => Session.Inventory.AddAsync(host, Force, stopping));
        if (PassThru)
            WriteObject(added);
    });
}
