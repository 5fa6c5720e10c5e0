using RemoteDispatch.Agents;
using RemoteDispatch.Hosts;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Health;

/// <summary>Where agents are on a host: on its PATH, on that of a login shell, or in a folder where their installers put them.</summary>
/// <param name="Paths">The programs that were found, by the agents' names.</param>
/// <param name="IsLoginSilent">Did the login shell give no answer in time? Then nothing should be run through it.</param>
internal sealed record AgentSearch(IReadOnlyDictionary<string, string> Paths, bool IsLoginSilent)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Looks for them, in one round trip; none is started.</summary>
    public static async Task<AgentSearch> OnAsync(WorkspaceClient workspaces, DispatchHost place, IReadOnlyList<AgentProfile> agents, CancellationToken cancellationToken)
    {
        var sent = workspaces.Options.Time.GetUtcNow();
        var lines = await workspaces.FactsAsync(place, root => FactsRequest.OfPlaces(root, agents, Patience), cancellationToken).ConfigureAwait(false);
        var facts = new HostFacts(lines, place, place, sent, workspaces.Options.Time.GetUtcNow()) { Patience = Patience };
        var found = agents.Select(a => (a.Name, Path: facts[$"{a.Name}.path"])).Where(f => f.Path is ['/', ..]);
        return new AgentSearch(found.ToDictionary(f => f.Name, f => f.Path!, StringComparer.Ordinal), facts["login.silent"] is not null);
    }
}
