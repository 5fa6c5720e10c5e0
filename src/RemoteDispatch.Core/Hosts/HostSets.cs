using System.IO.Enumeration;
using System.Text.Json.Nodes;

namespace RemoteDispatch.Hosts;

/// <summary>
/// The one place where what a user types for hosts becomes hosts, over the inventory as it was at one moment:
/// <c>gpu1</c>, <c>deploy@gpu1</c>, <c>web[1-20]</c>, <c>web*</c>, <c>@gpu</c>, and sets of these with <c>,</c> (and), <c>!</c> (but not),
/// <c>&amp;</c> (that are also), <c>^</c> (in one of both), from left to right. Not for several threads at once.
/// </summary>
/// <remarks>Source of the grammar: the extended patterns of ClusterShell's node sets (nodeset(1)).</remarks>
public sealed class HostSets
{
    /// <summary>How many hosts a set may have.</summary>
    public const int Most = 10_000;

    private const char GroupSign = '@';

    private readonly JsonObject _entries;
    private readonly string _path;
    private readonly byte[] _content;
    private readonly Dictionary<string, string> _names = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, DispatchHost> _hosts = new(StringComparer.Ordinal);

    internal HostSets(JsonObject entries, string path, byte[] content)
    {
        (_entries, _path, _content) = (entries, path, content);
        foreach (var (name, _) in entries)
            _names.TryAdd(name, name);
    }

    /// <summary>
    /// The hosts of a set, in the order in which it names them, each once, by what <see cref="Get(string)"/> takes. A name that the inventory
    /// has not is an address.
    /// </summary>
    /// <exception cref="DispatchException">
    /// <see cref="FailureReason.InvalidInput"/>: it is no set, or has more than <see cref="Most"/> hosts;
    /// <see cref="FailureReason.HostNotFound"/>: a group, a wildcard or all of it stands for nobody.
    /// </exception>
    public IReadOnlyList<string> Expand(string set) => Evaluate(set, AddressOrName, mayBeNobody: false);

    /// <summary>The hosts of a set of entries of the inventory alone: to list, change, remove or export them.</summary>
    /// <param name="set">The set.</param>
    /// <param name="mayBeNobody">Is it no failure where a group, a wildcard or all of it stands for nobody?</param>
    /// <exception cref="DispatchException">As of <see cref="Expand"/>; <see cref="FailureReason.HostNotFound"/> also of a name that is not there.</exception>
    public IReadOnlyList<string> ExpandEntries(string set, bool mayBeNobody = false) =>
        Evaluate(set, word => Known(word) ?? throw HostInventory.NotFound(word), mayBeNobody);

    /// <summary>Has the inventory an entry of that name, in whatever case?</summary>
    public bool Has(string name) => _names.ContainsKey(name);

    /// <summary>The host of a name that <see cref="Expand"/> or <see cref="ExpandEntries"/> gave.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.DamagedFile"/>: its entry cannot be used.</exception>
    public DispatchHost Get(string name)
    {
        if (!_hosts.TryGetValue(name, out var host))
        {
            host = _entries.ContainsKey(name) ? HostEntry.Read(name, _entries[name], _path)
                : name == DispatchHost.LocalName ? DispatchHost.Local : throw HostInventory.NotFound(name);
            _hosts[name] = host;
        }

        return host;
    }

    /// <summary>The hosts of names that <see cref="Expand"/> or <see cref="ExpandEntries"/> gave.</summary>
    /// <param name="names">The names.</param>
    /// <param name="problems">Takes one failure for each whose entry cannot be used; without it, the first is thrown.</param>
    /// <exception cref="DispatchException"><see cref="FailureReason.DamagedFile"/>: an entry cannot be used.</exception>
    public IReadOnlyList<DispatchHost> Get(IEnumerable<string> names, ICollection<DispatchException>? problems)
    {
        var hosts = new List<DispatchHost>();
        foreach (var name in names)
        {
            try
            {
                hosts.Add(Get(name));
            }
            catch (DispatchException e) when (problems is not null)
            {
                problems.Add(e);
            }
        }

        return hosts;
    }

    /// <summary>The names of all entries as the file has them, <c>local</c> before them where it is none.</summary>
    internal IEnumerable<string> Names =>
        _entries.ContainsKey(DispatchHost.LocalName) ? _entries.Select(e => e.Key) : _entries.Select(e => e.Key).Prepend(DispatchHost.LocalName);

    /// <summary>The entry of a name as the file has it, members that this version does not know too.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.DamagedFile"/>: it cannot be used.</exception>
    internal JsonObject Entry(string name)
    {
        var host = Get(name);
        return _entries[name] is JsonObject entry ? entry.DeepClone().AsObject() : HostEntry.Write(host, null);
    }

    /// <summary>Was it read from that file, when it held what it holds now?</summary>
    internal bool IsOf(string path, ReadOnlySpan<byte> content) => path == _path && content.SequenceEqual(_content);

    /// <summary>Where the last operand begins in a set that is still being typed.</summary>
    public static int LastOperand(string typed) => HostSetTerm.LastOperand(typed);

    private List<string> Evaluate(string set, Func<string, string> plain, bool mayBeNobody)
    {
        var all = new List<string>();
        var members = new HashSet<string>(StringComparer.Ordinal);
        foreach (var term in HostSetTerm.Split(set))
        {
            var meant = HostSetWord.Expand(set, term.Text).SelectMany(word => NamesOf(set, word, plain, mayBeNobody)).Distinct(StringComparer.Ordinal).ToArray();
            var names = meant.ToHashSet(StringComparer.Ordinal);
            switch (term.Operator)
            {
                case HostSetTerm.And:
                    all.AddRange(meant.Where(members.Add));
                    break;
                case HostSetTerm.Except:
                    all.RemoveAll(names.Contains);
                    break;
                case HostSetTerm.Both:
                    all.RemoveAll(name => !names.Contains(name));
                    break;
                default:
                    all = [.. all.Where(name => !names.Contains(name)), .. meant.Where(name => !members.Contains(name))];
                    break;
            }

            if (term.Operator != HostSetTerm.And)
                members = [.. all];
            if (all.Count > Most)
                throw HostSetWord.TooMany(set);
        }

        return all.Count > 0 || mayBeNobody ? all : throw new DispatchException(
            FailureReason.HostNotFound, $"The set {Text.Show(set)} has no hosts.", "Look at its operators: '!' and '&' leave nobody.") { Host = set };
    }

    private string[] NamesOf(string set, string word, Func<string, string> plain, bool mayBeNobody)
    {
        if (word.Length == 1 && word[0] == GroupSign)
            throw HostSetTerm.Invalid(set, "an '@' in front is a group's, and no group stands behind it");
        if (word[0] == GroupSign)
            return SomeOf(word, Group(word[1..]), mayBeNobody);
        return IsPattern(word) ? SomeOf(word, _names.Values.Where(name => IsLike(name, word)), mayBeNobody) : [plain(word)];
    }

    private IEnumerable<string> Group(string capability) => capability is "*" || capability.Equals("all", StringComparison.OrdinalIgnoreCase)
        ? _names.Values
        : _names.Values.Where(name => Get(name).Capabilities.Any(c => IsLike(c, capability)));

    private static string[] SomeOf(string word, IEnumerable<string> names, bool mayBeNobody)
    {
        var found = names.ToArray();
        return found.Length > 0 || mayBeNobody ? found : throw new DispatchException(
            FailureReason.HostNotFound,
            word[0] == GroupSign ? $"No host of the inventory has the capability {Text.Show(word[1..])}." : $"No host of the inventory is like {Text.Show(word)}.",
            "List the hosts and their capabilities with Get-DispatchHost or 'rdispatch hosts list'.") { Host = word };
    }

    private string AddressOrName(string word)
    {
        if (Known(word) is { } known)
            return known;
        _hosts.TryAdd(word, DispatchHost.FromAddress(word));
        return word;
    }

    /// <summary>The name as the inventory has it. This machine is always known.</summary>
    private string? Known(string word)
    {
        if (_entries.ContainsKey(word))
            return word;
        return _names.TryGetValue(word, out var name) ? name
            : word.Equals(DispatchHost.LocalName, StringComparison.OrdinalIgnoreCase) ? DispatchHost.LocalName : null;
    }

    private static bool IsPattern(string word) => word.AsSpan().ContainsAny('*', '?');

    private static bool IsLike(string name, string word) =>
        IsPattern(word) ? FileSystemName.MatchesSimpleExpression(word, name) : name.Equals(word, StringComparison.OrdinalIgnoreCase);
}
