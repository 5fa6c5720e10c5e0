using RemoteDispatch.Tasks;

namespace RemoteDispatch.Cli;

/// <summary>What one host has, or why it could not be asked.</summary>
internal sealed record HostWorkspaces(IReadOnlyList<RemoteTaskWorkspace> Found, Failure? Failure);

/// <summary>From hosts to what tasks have left there.</summary>
internal static class Workspaces
{
    /// <summary>All workspaces of the hosts that are named; where none is, of those that may have some, as far as is known here.</summary>
    public static async Task<IReadOnlyList<HostWorkspaces>> ListWorkspacesAsync(this Invocation run, string[]? hosts)
    {
        IReadOnlyList<Place> places = hosts is { Length: > 0 } ? run.Expand(hosts) : KnownPlaces(run);
        return await Task.WhenAll(places.Select(place => AskAsync(run, place))).ConfigureAwait(false);
    }

    private static IReadOnlyList<Place> KnownPlaces(Invocation run)
    {
        var problems = new List<DispatchException>();
        var known = run.Dispatcher.HostsWithWorkspaces(problems);
        return [.. known.Select(h => new Place(h.Name, h, null)), .. problems.Select(p => new Place(p.Host ?? "", null, p))];
    }

    private static async Task<HostWorkspaces> AskAsync(Invocation run, Place place)
    {
        try
        {
            return new HostWorkspaces(await run.Dispatcher.ListWorkspacesAsync(place.Find(), run.Token).ConfigureAwait(false), null);
        }
        catch (DispatchException e)
        {
            return new HostWorkspaces([], Failure.Of(e.About(place.Name, null)));
        }
    }
}
