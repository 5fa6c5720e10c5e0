using System.Text.Json;
using System.Text.Json.Nodes;
using RemoteDispatch.Hosts;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Tasks;

public sealed partial class Dispatcher
{
    /// <summary>
    /// Everything that tasks have left on a host, and what those take that run, whoever sent them, oldest change first. One round trip. What else
    /// lies in the folder of the workspaces is not among them.
    /// </summary>
    /// <exception cref="DispatchException">The host cannot be reached, or refuses the folder.</exception>
    public async Task<IReadOnlyList<RemoteTaskWorkspace>> ListWorkspacesAsync(DispatchHost host, CancellationToken cancellationToken = default)
    {
        var since = Options.Time.GetTimestamp();
        try
        {
            var place = await _workspaces.SettleAsync(host, cancellationToken).ConfigureAwait(false);
            var usage = await _workspaces.UsageAsync(place, cancellationToken).ConfigureAwait(false);
            Tell(host.Name, "measured", since, $"workspaces={usage.Workspaces.Count} bytes={usage.Bytes} foreign={usage.Foreign}");
            return [.. usage.Workspaces.Where(w => TaskId.TryParse(w.Id, out _)).Select(w => Describe(place, usage, w)).OrderBy(w => w.LastChanged)];
        }
        catch (DispatchException e)
        {
            throw e.About(host.Name, null);
        }
    }

    /// <summary>The hosts that workspaces may be on, as far as is known here: those of the inventory, this machine, and those that tasks were sent to.</summary>
    /// <param name="problems">Gets what is wrong with entries that cannot be used.</param>
    public IReadOnlyList<DispatchHost> HostsWithWorkspaces(ICollection<DispatchException> problems)
    {
        var damaged = new List<DispatchException>();
        var hosts = Options.Inventory.List(damaged);
        damaged.ForEach(problems.Add);
        // What is no entry any more, or never was one, is where its task was sent to.
        var sentTo = Options.Ledger.List().Where(t => t.State != TaskState.Removed).Select(t => t.Host with { IsAddressOnly = true });
        return [.. hosts.Concat(sentTo).DistinctBy(h => h.Name, StringComparer.OrdinalIgnoreCase).Where(h => !damaged.Any(d => h.Name.Equals(d.Host, StringComparison.OrdinalIgnoreCase)))];
    }

    private RemoteTaskWorkspace Describe(DispatchHost place, HostUsage usage, WorkspaceUsage found)
    {
        var mine = Options.Ledger.Find(found.Id, place.Name);
        var task = ((mine ?? FromTaskJson(place, found.Id, found.TaskJson)) with { Host = place }).After(found.State);
        var age = usage.Now - found.Changed;
        return new RemoteTaskWorkspace
        {
            Task = task,
            Path = $"{Text.OneLine(usage.Root, 4096)}/{found.Id}",
            SizeBytes = found.Bytes,
            LastChanged = found.Changed,
            // A clock that was set back since is no age below nothing.
            Age = age < TimeSpan.Zero ? TimeSpan.Zero : age,
            From = SenderOf(found.TaskJson),
            IsOrphaned = mine is null,
        };
    }

    /// <summary>Who dispatched it, by a task.json, which comes from a host: whatever is wrong with it is not worth a failure.</summary>
    private static string? SenderOf(string json)
    {
        try
        {
            return json.Length > 0 && (string?)JsonNode.Parse(json)?["from"] is { Length: > 0 } from ? Text.OneLine(from, 100) : null;
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or ArgumentException)
        {
            return null;
        }
    }
}
