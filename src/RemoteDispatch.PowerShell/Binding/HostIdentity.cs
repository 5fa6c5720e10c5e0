using RemoteDispatch.Health;
using RemoteDispatch.Hosts;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.PowerShell.Binding;

/// <summary>What stands for hosts on a command line or in a pipeline: a name, an address, a set of them, or an object that has one.</summary>
public sealed class HostIdentity
{
    private readonly DispatchHost? _host;

    /// <summary>A name of the inventory, an address, or a set: <c>web[1-20]</c>, <c>@gpu</c>.</summary>
    public HostIdentity(string set) => Name = set;

    /// <summary>A host.</summary>
    public HostIdentity(DispatchHost host) => (_host, Name) = (host, host.Name);

    /// <summary>The host that was tested.</summary>
    public HostIdentity(HostHealth health)
        : this(health.Host)
    {
    }

    /// <summary>The host of a workspace.</summary>
    public HostIdentity(RemoteTaskWorkspace workspace)
        : this(workspace.Host)
    {
    }

    /// <summary>The name, address or set, as it was given.</summary>
    public string Name { get; }

    /// <summary>The names of the hosts that are meant.</summary>
    /// <param name="sets">Reads the inventory, once for all names that came together.</param>
    /// <exception cref="DispatchException">It is no name, no address and no set.</exception>
    internal IReadOnlyList<string> Expand(Lazy<HostSets> sets) => _host is not null ? [Name] : sets.Value.Expand(Name);

    /// <summary>One of them. A host that came as an object keeps what it is, whatever the inventory says by now.</summary>
    /// <exception cref="DispatchException">Its entry in the inventory cannot be used.</exception>
    internal DispatchHost Get(string name, Lazy<HostSets> sets) => _host ?? sets.Value.Get(name);

    /// <inheritdoc/>
    public override string ToString() => Name;
}
