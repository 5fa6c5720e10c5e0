using System.Text.Json.Nodes;

namespace RemoteDispatch.Hosts;

/// <summary>
/// Hosts that came from elsewhere, before they are in the inventory: what can be used, what cannot and why, and what else there is to
/// say. One that cannot be used keeps no other out.
/// </summary>
public sealed partial class HostImport
{
    private readonly List<HostOffer> _offers = [];
    private readonly List<DispatchException> _problems = [];
    private readonly List<string> _remarks = [];
    private readonly HashSet<string> _names = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The hosts that can be used, in the order in which they came.</summary>
    public IReadOnlyList<DispatchHost> Hosts => [.. _offers.Select(o => o.Host)];

    /// <summary>One failure for each that cannot; of a file, it names the place.</summary>
    public IReadOnlyList<DispatchException> Problems => _problems;

    /// <summary>What was passed over, in a sentence each: columns that mean nothing here, say.</summary>
    public IReadOnlyList<string> Remarks => _remarks;

    internal IReadOnlyList<HostOffer> Offers => _offers;

    /// <summary>Adds a host that is whole already.</summary>
    public void Add(DispatchHost host) => Try("", () => new HostOffer(host, null));

    /// <summary>Adds a host by its columns, as a row of a table has them: Name, Address and the others of <see cref="HostFormat.Csv"/>.</summary>
    /// <param name="row">Values by column, in any case. What is no column is told once.</param>
    public void Add(IEnumerable<KeyValuePair<string, string?>> row) => Try("", () => new HostOffer(HostColumns.Read(row, Remark), null));

    /// <summary>Gives all hosts that came so far these capabilities, beside their own.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: one is no capability.</exception>
    public void Tag(IReadOnlyCollection<string> capabilities)
    {
        if (capabilities.Count == 0)
            return;
        for (var at = 0; at < _offers.Count; at++)
        {
            var host = _offers[at].Host with { Capabilities = [.. _offers[at].Host.Capabilities, .. capabilities] };
            _offers[at] = new HostOffer(host, _offers[at].Entry is { } entry ? HostEntry.Write(host, entry) : null);
        }
    }

    /// <summary>Keeps only some of the hosts that came so far.</summary>
    public void Keep(Predicate<DispatchHost> isWanted) => _offers.RemoveAll(o => !isWanted(o.Host));

    /// <summary>Takes a host, or tells why it cannot be used.</summary>
    /// <param name="place">Where it stands: 'file', line 7; empty where it stands in no file.</param>
    /// <param name="read">Makes it.</param>
    internal void Try(string place, Func<HostOffer> read)
    {
        try
        {
            var offer = read();
            // It is always there, and no entry.
            if (offer.Entry is null && offer.Host == DispatchHost.Local)
                return;
            // An entry of the inventory's own form may have whatever name the form allows.
            if (offer.Entry is null)
                HostInventory.CheckName(offer.Host.Name);
            if (offer.Host is { Name: var name, Transport: not Transport.Local } && name.Equals(DispatchHost.LocalName, StringComparison.OrdinalIgnoreCase) && offer.Entry is null)
                throw new DispatchException(FailureReason.InvalidInput, $"The name '{name}' is this machine's.", "Give the host another name.");
            if (!_names.Add(offer.Host.Name))
                throw new DispatchException(FailureReason.InvalidInput, $"The name '{offer.Host.Name}' was there before.", "Give one of the two another name.");
            _offers.Add(offer);
        }
        catch (DispatchException e)
        {
            _problems.Add(place.Length == 0 ? e : new DispatchException(
                FailureReason.DamagedFile, $"{place}: {e.Message}", "Mend it there, and import again: what is in the inventory by then stays as it is.", e) { Host = e.Host });
        }
    }

    internal void Problem(string place, string why) =>
        Try(place, () => throw new DispatchException(FailureReason.InvalidInput, why, ""));

    internal void Remark(string remark)
    {
        if (!_remarks.Contains(remark))
            _remarks.Add(remark);
    }
}

/// <summary>A host that came from elsewhere.</summary>
/// <param name="Host">The host.</param>
/// <param name="Entry">Its entry, unknown members too, where it came from a file of the inventory's own form.</param>
internal sealed record HostOffer(DispatchHost Host, JsonObject? Entry);

/// <summary>What an import did with a host.</summary>
public enum ImportOutcome
{
    /// <summary>It is in the inventory now.</summary>
    Added,

    /// <summary>It took the place of one that had its name.</summary>
    Replaced,

    /// <summary>The inventory has one of that name already, which stayed as it was.</summary>
    Kept,
}

/// <summary>A host, and what an import did with it.</summary>
/// <param name="Host">The host as the inventory has it now; where it was kept out, the one that came.</param>
/// <param name="Outcome">What was done.</param>
public sealed record ImportedHost(DispatchHost Host, ImportOutcome Outcome);
