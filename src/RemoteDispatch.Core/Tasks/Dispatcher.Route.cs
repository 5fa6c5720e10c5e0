using System.Collections.Concurrent;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Tasks;

public sealed partial class Dispatcher
{
    private static readonly TimeSpan OnItsWay = TimeSpan.FromMinutes(10);

    // Tasks that were given a host here and are not in the ledger yet: many may be, before the first is sent.
    private readonly ConcurrentDictionary<string, (string Host, long Since)> _given = new(StringComparer.Ordinal);

    /// <summary>
    /// The one host for a task that names none: of those that have all the capabilities, the one with the fewest tasks of this ledger that run or wait,
    /// and among equals the first by name. Nobody is asked, so that hundreds of tasks spread at once.
    /// </summary>
    /// <param name="capabilities">What it must have.</param>
    /// <param name="id">The task's id: it counts until the ledger has it. Null for a plan.</param>
    /// <exception cref="DispatchException"><see cref="FailureReason.HostNotFound"/>: no host has all of them; the message says what there is.</exception>
    public DispatchHost ChooseHost(IReadOnlyList<string> capabilities, TaskId? id = null)
    {
        var since = Options.Time.GetTimestamp();
        var hosts = Options.Inventory.Having(capabilities);
        var known = Options.Ledger.List().ToArray();
        foreach (var past in _given.Where(g => Options.Time.GetElapsedTime(g.Value.Since) > OnItsWay || known.Any(t => t.Id == g.Key)).Select(g => g.Key))
            _given.TryRemove(past, out _);
        var busy = known.Where(t => !t.State.IsFinal()).Select(t => t.HostName).Concat(_given.Values.Select(g => g.Host))
            .GroupBy(h => h, StringComparer.OrdinalIgnoreCase).ToDictionary(g => g.Key, g => g.Count(), StringComparer.OrdinalIgnoreCase);
        // The same id is the same task: it goes where it went.
        var before = id is null ? null : known.LastOrDefault(t => t.Id == id.Value)?.HostName ?? (_given.TryGetValue(id.Value, out var given) ? given.Host : null);
        var order = hosts.OrderBy(h => before is not null && h.Name.Equals(before, StringComparison.OrdinalIgnoreCase) ? 0 : 1).ThenBy(Tasks).ThenBy(h => h.Name, StringComparer.OrdinalIgnoreCase).ToArray();
        if (id is not null)
            _given[id.Value] = (order[0].Name, since);
        Tell(order[0].Name, "routed", since, $"capabilities={string.Join(',', capabilities)} tasks={string.Join(' ', order.Select(h => $"{h.Name}:{Tasks(h)}"))}");
        return order[0];

        int Tasks(DispatchHost host) => busy.GetValueOrDefault(host.Name);
    }

    /// <summary>The host that a task's text names (<see cref="TaskTarget"/>): one of the inventory, or <c>local</c>.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.HostNotFound"/>: the inventory has no such host.</exception>
    public DispatchHost FindTarget(string name)
    {
        var since = Options.Time.GetTimestamp();
        var host = Options.Inventory.Find(name) ?? throw new DispatchException(
            FailureReason.HostNotFound, $"The task's text names the host {Text.Show(name)} (target:{name}), and the inventory has none of that name.",
            "Add it (Add-DispatchHost, 'rdispatch hosts add'), or name the host yourself: -HostName, --host.") { Host = name };
        Tell(host.Name, "routed", since, $"target:{name} in the task's text");
        return host;
    }
}
