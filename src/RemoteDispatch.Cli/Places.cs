using RemoteDispatch.Hosts;

namespace RemoteDispatch.Cli;

/// <summary>A host that was named, or why a name stands for none.</summary>
/// <param name="Name">The host's name; of what could not be understood, the text as it was given.</param>
/// <param name="Host">The host.</param>
/// <param name="Failure">What is wrong where there is no host.</param>
internal sealed record Place(string Name, DispatchHost? Host, DispatchException? Failure)
{
    /// <summary>The host, or the failure.</summary>
    /// <exception cref="DispatchException">There is none.</exception>
    public DispatchHost Find() => Host ?? throw Failure!.About(Name, null);
}

/// <summary>From what was typed to hosts.</summary>
internal static class Places
{
    /// <summary>All hosts of the names, addresses and sets, in their order and each once. One that fails stops no other.</summary>
    public static IReadOnlyList<Place> Expand(this Invocation run, IEnumerable<string> typed)
    {
        var sets = new Lazy<HostSets>(() => run.Inventory.Sets());
        return [.. typed.SelectMany(set => Names(sets, set)).DistinctBy(p => p.Name)];
    }

    private static IEnumerable<Place> Names(Lazy<HostSets> sets, string set)
    {
        try
        {
            return sets.Value.Expand(set).Select(name => One(sets.Value, name));
        }
        catch (DispatchException e)
        {
            return [new Place(set, null, e)];
        }
    }

    private static Place One(HostSets sets, string name)
    {
        try
        {
            return new Place(name, sets.Get(name), null);
        }
        catch (DispatchException e)
        {
            return new Place(name, null, e);
        }
    }
}
