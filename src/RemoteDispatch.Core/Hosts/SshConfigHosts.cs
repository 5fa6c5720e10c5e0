using System.IO.Enumeration;
using System.Net;
using System.Text.RegularExpressions;

namespace RemoteDispatch.Hosts;

/// <summary>
/// The aliases of an ssh_config as hosts. An alias is its own address, so that HostName, User, Port, ProxyJump and all else stay ssh's
/// business. Source: ssh_config(5) of OpenSSH 9.
/// </summary>
internal sealed partial class SshConfigHosts
{
    // As OpenSSH has it.
    private const int DeepestInclude = 16;

    private readonly HostImport _import;
    private readonly string _folder;
    private readonly HashSet<string> _aliases = new(StringComparer.Ordinal);
    private readonly List<string> _open = [];

    private SshConfigHosts(HostImport import, string folder) => (_import, _folder) = (import, folder);

    /// <summary>Has it a line that tells of hosts? 'HOST=x' is how a shell script names one.</summary>
    public static bool IsLikely(string text) => HostLine().IsMatch(text);

    public static void Read(HostImport import, string text, string path)
    {
        var full = Path.GetFullPath(path);
        new SshConfigHosts(import, Path.GetDirectoryName(full) ?? full).ReadFile(text, full, _ => true);
    }

    /// <summary>Does ssh reach it?</summary>
    public static bool Has(DispatchHost host) => host.Transport is not (Transport.Wsl or Transport.Local);

    /// <summary>Writes hosts for an ssh_config. What ssh cannot reach is a comment.</summary>
    public static string Write(IEnumerable<DispatchHost> hosts) => string.Join('\n', hosts.Select(Block));

    /// <param name="text">The file's text.</param>
    /// <param name="path">Its path.</param>
    /// <param name="isReached">For which aliases does ssh read it at all? A file that is included below 'Host *.corp' counts for these alone.</param>
    private void ReadFile(string text, string path, Predicate<string> isReached)
    {
        _open.Add(path);
        Predicate<string>? block = isReached;
        var number = 0;
        foreach (var raw in text.Split('\n'))
        {
            var place = $"'{path}', line {++number}";
            try
            {
                if (SshConfigLine.Read(raw) is { } line)
                    block = ReadLine(line, place, isReached, block);
            }
            catch (FormatException e)
            {
                _import.Problem(place, $"The line cannot be read: {e.Message}.");
            }
        }

        _open.RemoveAt(_open.Count - 1);
    }

    /// <summary>Reads a line and gives the block that the next one belongs to; null where only a connection would tell when that holds.</summary>
    private Predicate<string>? ReadLine(SshConfigLine line, string place, Predicate<string> isReached, Predicate<string>? block)
    {
        switch (line.Keyword)
        {
            case "host":
                bool Matches(string alias) => isReached(alias) && IsMatch(alias, line.Arguments);
                TakeAliases([.. line.Arguments.Where(a => !a.AsSpan().ContainsAny("*?!") && Matches(a))], place);
                return Matches;
            case "match":
                return line.Arguments is ["all"] ? isReached : null;
            case "include" when block is null:
                _import.Remark($"{place}: What is included in a Match block was passed over.");
                return block;
            case "include":
                foreach (var file in line.Arguments.SelectMany(a => Included(a, place)))
                    ReadIncluded(file, place, block);
                return block;
            default:
                return block;
        }
    }

    /// <summary>Takes the aliases of one line. A name and an IP address of one machine, as hosts both, would get each task twice.</summary>
    private void TakeAliases(string[] aliases, string place)
    {
        var name = aliases.FirstOrDefault(a => !IsIp(a));
        foreach (var alias in aliases.Where(_aliases.Add))
        {
            if (name is not null && IsIp(alias))
                _import.Remark($"{place}: {alias} was left out: the line has the name {Text.Show(name)} for it.");
            else
                _import.Try(place, () => new HostOffer(ToHost(alias), null));
        }
    }

    private void ReadIncluded(string file, string place, Predicate<string> isReached)
    {
        if (_open.Contains(file))
            _import.Problem(place, $"'{file}' includes itself.");
        else if (_open.Count > DeepestInclude)
            _import.Problem(place, $"The includes go deeper than {DeepestInclude} files, and ssh refuses that.");
        else
            ReadFile(TextOf(file, place), file, isReached);
    }

    private string TextOf(string file, string place)
    {
        try
        {
            return HostImport.ReadText(file).Text;
        }
        catch (DispatchException e)
        {
            _import.Problem(place, e.Message);
            return "";
        }
    }

    private IEnumerable<string> Included(string pattern, string place)
    {
        if (pattern.StartsWith("~/", StringComparison.Ordinal))
            return PathPattern.Find(Path.Combine(UserFolders.Home, pattern[2..]));
        if (pattern.StartsWith('~') || pattern.Contains('%', StringComparison.Ordinal) || pattern.Contains("${", StringComparison.Ordinal))
        {
            _import.Remark($"{place}: Only ssh knows what {Text.Show(pattern)} includes; it was passed over.");
            return [];
        }

        return PathPattern.Find(Path.Combine(_folder, pattern));
    }

    private static bool IsMatch(string alias, IReadOnlyList<string> patterns) =>
        !patterns.Any(p => p.StartsWith('!') && FileSystemName.MatchesSimpleExpression(p.AsSpan(1), alias, ignoreCase: false))
        && patterns.Any(p => !p.StartsWith('!') && FileSystemName.MatchesSimpleExpression(p, alias, ignoreCase: false));

    // '7' and '0x7f' would pass for addresses, too.
    private static bool IsIp(string alias) => IPAddress.TryParse(alias, out _) && (alias.Contains(':', StringComparison.Ordinal) || alias.AsSpan().Count('.') == 3);

    private static DispatchHost ToHost(string alias) => new()
    {
        Name = alias,
        Address = HostAddress.Create(alias, null, null),
        Transport = Transport.Ssh,
    };

    [GeneratedRegex(@"^\uFEFF?[ \t]*(?:(?i:host|match|include)[ \t]|[Hh]ost=)", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex HostLine();

    private static string Block(DispatchHost host)
    {
        if (!Has(host))
            return $"# {host.Name} is left out: ssh does not go there.\n";
        var lines = new List<string> { $"Host {host.Name}" };
        // An alias of its own must not be told where it is: its own block says so. A percent sign begins a token.
        if (host.Address.Host != host.Name)
            lines.Add($"    HostName {host.Address.Host.Replace("%", "%%", StringComparison.Ordinal)}");
        if (host.Address.User is { } user)
            lines.Add($"    User {user}");
        if (host.Address.Port is { } port)
            lines.Add(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"    Port {port}"));
        return string.Join('\n', lines) + "\n";
    }
}
