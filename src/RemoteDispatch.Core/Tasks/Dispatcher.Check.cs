using RemoteDispatch.Agents;
using RemoteDispatch.Health;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Tasks;

public sealed partial class Dispatcher
{
    /// <summary>The names of all checks, those for the user's own agents too.</summary>
    /// <exception cref="DispatchException">A file of the user's agents cannot be used.</exception>
    public IReadOnlyList<string> CheckNames => CheckCatalog.With(AgentProfiles.Read(Options.AgentFolder)).Select(c => c.Name).ToArray();

    /// <summary>
    /// Asks a host what it is and whether it is fit for tasks: everything that there is to ask. One connection, one round trip; never throws
    /// for what the host lacks, nor for a host that does not answer.
    /// </summary>
    /// <exception cref="DispatchException">A file of the user's agents cannot be used.</exception>
    public Task<HostHealth> CheckAsync(DispatchHost host, CancellationToken cancellationToken = default) =>
        CheckAsync(host, new HostCheckOptions(), cancellationToken);

    /// <inheritdoc cref="CheckAsync(DispatchHost, CancellationToken)" path="/summary"/>
    /// <param name="host">The host.</param>
    /// <param name="options">What to ask, and what must pass.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="DispatchException">There is no check of a name (<see cref="FailureReason.InvalidInput"/>), or a file of the user's agents cannot be used.</exception>
    public async Task<HostHealth> CheckAsync(DispatchHost host, HostCheckOptions options, CancellationToken cancellationToken = default)
    {
        var since = Options.Time.GetTimestamp();
        var health = await new HostProbe(_workspaces, AgentProfiles.Read(Options.AgentFolder)).CheckAsync(host, options, cancellationToken).ConfigureAwait(false);
        Tell(host.Name, "tested", since, $"healthy={(health.Healthy ? "true" : "false")}");
        return health;
    }
}
