using RemoteDispatch.Health;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.PowerShell.Binding;

/// <summary>What stands for a host on a command line or in a pipeline: its name, its address, or an object that has it.</summary>
public sealed class HostIdentity
{
    private readonly DispatchHost? _host;

    /// <summary>A name of the inventory, or an address.</summary>
    public HostIdentity(string nameOrAddress) => Name = nameOrAddress;

    /// <summary>A host.</summary>
    public HostIdentity(DispatchHost host) => (_host, Name) = (host, host.Name);

    /// <summary>The host that was tested.</summary>
    public HostIdentity(HostHealth health)
        : this(health.Host)
    {
    }

    /// <summary>The name or address, as it was given.</summary>
    public string Name { get; }

    /// <summary>The host itself. A host that came as an object keeps what it is, whatever the inventory says by now.</summary>
    /// <exception cref="DispatchException">It is neither a name nor an address.</exception>
    internal DispatchHost Resolve() => _host ?? Session.Inventory.Resolve(Name);

    /// <inheritdoc/>
    public override string ToString() => Name;
}
