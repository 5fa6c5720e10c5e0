using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace RemoteDispatch.Hosts;

/// <summary>
/// The hosts that have names: one JSON file, in the form that dispatch scripts have long used. Members that this version
/// does not know survive every change. Any number of processes may change it at once.
/// </summary>
/// <param name="path">The file; it need not be there yet.</param>
/// <param name="time">The clock for <see cref="DispatchHost.Added"/>.</param>
public sealed partial class HostInventory(string path, TimeProvider? time = null)
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;

    /// <summary>The inventory of this user.</summary>
    public static HostInventory OfUser => new(UserFolders.HostsFile);

    /// <summary>The file.</summary>
    public string Path { get; } = path;

    /// <summary>All hosts, <c>local</c> first, then in the order of the file.</summary>
    /// <param name="problems">Takes one failure for each entry that cannot be used, which then hides no other; without it, the first is thrown.</param>
    /// <exception cref="DispatchException"><see cref="FailureReason.DamagedFile"/>: the file cannot be read as an inventory.</exception>
    public IReadOnlyList<DispatchHost> List(ICollection<DispatchException>? problems = null)
    {
        var sets = Sets();
        return sets.Get(sets.Names, problems);
    }

    /// <summary>The host of that name, in whatever case, or null. An entry named <c>local</c> adds to the built-in one: it is this machine all the same.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.DamagedFile"/>: the file cannot be read as an inventory.</exception>
    public DispatchHost? Find(string name)
    {
        var file = InventoryFile.Read(Path);
        if (file.NameOf(name) is { } known)
            return HostEntry.Read(known, file.Hosts[known], Path);
        return IsLocal(name) ? DispatchHost.Local : null;
    }

    /// <summary>The host of that name; where there is none, what was given is an address.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: it is neither.</exception>
    public DispatchHost Resolve(string nameOrAddress) => Find(nameOrAddress) ?? DispatchHost.FromAddress(nameOrAddress);

    /// <summary>Reads the file once, for any number of sets of hosts: <c>web[1-20]!web7</c>, <c>@gpu</c>.</summary>
    /// <param name="before">What was read before: the same again, where the file has not changed.</param>
    /// <exception cref="DispatchException"><see cref="FailureReason.DamagedFile"/>: the file cannot be read as an inventory.</exception>
    public HostSets Sets(HostSets? before = null)
    {
        var content = InventoryFile.ReadContent(Path);
        return before?.IsOf(Path, content) is true ? before : new HostSets(InventoryFile.Parse(content, Path).Hosts, Path, content);
    }

    /// <summary>The hosts that have all of these capabilities, in any case.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.HostNotFound"/>: none has; or the file cannot be read as an inventory.</exception>
    public IReadOnlyList<DispatchHost> Having(IReadOnlyList<string> capabilities)
    {
        var all = List([]);
        var hosts = all.Where(h => capabilities.All(c => h.Capabilities.Contains(c, StringComparer.OrdinalIgnoreCase))).ToArray();
        return hosts.Length > 0 ? hosts : throw new DispatchException(
            FailureReason.HostNotFound, $"No host of the inventory has {string.Join(" and ", capabilities.Select(Text.Show))}. {There(all)}",
            "Give a host the capability (Set-DispatchHost -Capability), or name a host.");
    }

    private static string There(IEnumerable<DispatchHost> hosts)
    {
        var able = hosts.Where(h => h.Capabilities.Count > 0).Select(h => $"{h.Name} ({string.Join(", ", h.Capabilities)})").ToArray();
        return able.Length == 0 ? "No host has a capability yet." : Text.OneLine($"There are: {string.Join("; ", able)}.", 500);
    }

    /// <summary>Adds a host.</summary>
    /// <param name="host">The host.</param>
    /// <param name="replace">Put it in the place of one that has its name already.</param>
    /// <param name="cancellationToken">Ends the wait for other processes.</param>
    /// <returns>The host as it was added, with the time.</returns>
    /// <exception cref="DispatchException"><see cref="FailureReason.HostExists"/>, or the file cannot be read or written.</exception>
    public Task<DispatchHost> AddAsync(DispatchHost host, bool replace = false, CancellationToken cancellationToken = default)
    {
        CheckName(host.Name);
        CheckPin(host);
        return InventoryFile.ChangeAsync(Path, _time, file =>
        {
            if (file.NameOf(host.Name) is { } taken && !replace)
            {
                throw new DispatchException(
                    FailureReason.HostExists, $"The inventory has a host '{taken}' already.",
                    "Change it (Set-DispatchHost), add it again by force (-Force, --force), or take another name.") { Host = host.Name };
            }

            var name = file.NameOf(host.Name) ?? host.Name;
            var added = host with { Name = name, Added = host.Added ?? WholeSeconds(_time.GetUtcNow()) };
            file.Hosts[name] = HostEntry.Write(added, file.Hosts[name] as JsonObject);
            return added;
        }, cancellationToken);
    }

    /// <summary>Changes a host that is there.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="change">Makes the new host of the one that is in the file at that moment.</param>
    /// <param name="cancellationToken">Ends the wait for other processes.</param>
    /// <exception cref="DispatchException"><see cref="FailureReason.HostNotFound"/>, or the file cannot be read or written.</exception>
    public Task<DispatchHost> ChangeAsync(string name, Func<DispatchHost, DispatchHost> change, CancellationToken cancellationToken = default) =>
        InventoryFile.ChangeAsync(Path, _time, file =>
        {
            var known = file.NameOf(name);
            var before = known is not null ? HostEntry.Read(known, file.Hosts[known], Path)
                : IsLocal(name) ? DispatchHost.Local : throw NotFound(name);
            var after = change(before) with { Name = before.Name };
            CheckPin(after);
            file.Hosts[before.Name] = HostEntry.Write(after, file.Hosts[before.Name] as JsonObject);
            return after;
        }, cancellationToken);

    /// <summary>Removes a host. Its tasks stay what and where they are.</summary>
    /// <returns>The host; null where the entry was none that could be used.</returns>
    /// <exception cref="DispatchException"><see cref="FailureReason.HostNotFound"/>, or the file cannot be read or written.</exception>
    public Task<DispatchHost?> RemoveAsync(string name, CancellationToken cancellationToken = default) =>
        InventoryFile.ChangeAsync(Path, _time, file =>
        {
            var known = file.NameOf(name) ?? throw NotFound(name);
            var host = HostEntry.TryRead(known, file.Hosts[known], Path);
            file.Hosts.Remove(known);
            return host;
        }, cancellationToken);

    /// <summary>Adds hosts that came from elsewhere, all in one change of the file.</summary>
    /// <param name="import">The hosts.</param>
    /// <param name="replace">Put them in the place of those that have their names already; else these stay as they are.</param>
    /// <param name="cancellationToken">Ends the wait for other processes.</param>
    /// <returns>What was done with each, in their order.</returns>
    /// <exception cref="DispatchException">The file cannot be read or written.</exception>
    public Task<IReadOnlyList<ImportedHost>> ImportAsync(HostImport import, bool replace = false, CancellationToken cancellationToken = default)
    {
        // Where nothing changes, the file stays as it was laid out.
        var known = InventoryFile.Read(Path);
        if (!replace && import.Offers.All(offer => known.NameOf(offer.Host.Name) is not null))
            return Task.FromResult<IReadOnlyList<ImportedHost>>([.. import.Offers.Select(offer => new ImportedHost(offer.Host, ImportOutcome.Kept))]);
        var now = WholeSeconds(_time.GetUtcNow());
        return InventoryFile.ChangeAsync<IReadOnlyList<ImportedHost>>(
            Path, _time, file => [.. import.Offers.Select(offer => Take(file, offer, replace, now))], cancellationToken);
    }

    private static ImportedHost Take(InventoryFile file, HostOffer offer, bool replace, DateTimeOffset now)
    {
        var taken = file.NameOf(offer.Host.Name);
        if (taken is not null && !replace)
            return new ImportedHost(offer.Host, ImportOutcome.Kept);
        var name = taken ?? offer.Host.Name;
        // What has the inventory's own form comes in as it stands.
        var host = offer.Host with { Name = name, Added = offer.Host.Added ?? (offer.Entry is null ? now : null) };
        file.Hosts[name] = offer.Entry?.DeepClone() ?? HostEntry.Write(host, file.Hosts[name] as JsonObject);
        return new ImportedHost(host, taken is null ? ImportOutcome.Added : ImportOutcome.Replaced);
    }

    /// <summary>The failure that says that there is no such host.</summary>
    public static DispatchException NotFound(string name) => new(
        FailureReason.HostNotFound, $"The inventory has no host {Text.Show(name)}.",
        "List the hosts with Get-DispatchHost or 'rdispatch hosts list'.") { Host = name };

    /// <summary>Only a host that ssh connects to shows a key.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: this one is no such host.</exception>
    internal static void CheckPin(DispatchHost host, bool wantsKey = false)
    {
        if (host.Transport is Transport.Local or Transport.Wsl && (wantsKey || host.HostKeyFingerprint is not null))
        {
            throw new DispatchException(
                FailureReason.InvalidInput, $"Host '{host.Name}' is not reached by ssh ({host.Transport}), and has no host key.", "Leave the key out.") { Host = host.Name };
        }
    }

    private static bool IsLocal(string name) => name.Equals(DispatchHost.LocalName, StringComparison.OrdinalIgnoreCase);

    // As the file has it.
    private static DateTimeOffset WholeSeconds(DateTimeOffset time) => DateTimeOffset.FromUnixTimeSeconds(time.ToUnixTimeSeconds());

    internal static bool IsName(string name) => EntryNamePattern().IsMatch(name);

    internal static void CheckName(string name)
    {
        if (!IsName(name))
        {
            throw new DispatchException(
                FailureReason.InvalidInput, $"{Text.Show(name)} is no name for a host of the inventory.",
                "Use letters, digits, '.', '-', '_', at most 64 characters, the first a letter or a digit.");
        }
    }

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,63}\z")]
    private static partial Regex EntryNamePattern();
}
