using RemoteDispatch.Connections;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Tasks;

/// <summary>What a <see cref="Dispatcher"/> works with. The defaults are this user's own files.</summary>
public sealed record DispatcherOptions
{
    /// <summary>How connections are made and kept.</summary>
    public ConnectionOptions Connections { get; init; } = new();

    /// <summary>The hosts that have names.</summary>
    public HostInventory Inventory { get; init; } = HostInventory.OfUser;

    /// <summary>The record of what was sent from here.</summary>
    public Ledger Ledger { get; init; } = Ledger.OfUser;

    /// <summary>Where collected logs go.</summary>
    public string LogFolder { get; init; } = UserFolders.Logs;

    /// <summary>Where the user's files about AI agents are.</summary>
    public string AgentFolder { get; init; } = UserFolders.Agents;

    /// <summary>The clock.</summary>
    public TimeProvider Time => Connections.Time;
}
