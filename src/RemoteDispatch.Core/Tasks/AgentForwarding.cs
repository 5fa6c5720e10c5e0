namespace RemoteDispatch.Tasks;

/// <summary>Is a task to have the caller's SSH agent? Root on the host can use it too, as long as it is forwarded.</summary>
public enum AgentForwarding
{
    /// <summary>Only where the host's entry forwards it (<see cref="Hosts.DispatchHost.ForwardAgent"/>).</summary>
    None,

    /// <summary>It is forwarded whenever this user connects for the task; whether anybody does is seen when the task uses it.</summary>
    Forward,

    /// <summary>The same, and the task is not started unless an agent with a key answers on the host at that moment.</summary>
    Required,
}
