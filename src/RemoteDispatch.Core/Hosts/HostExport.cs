using System.Text.Json.Nodes;

namespace RemoteDispatch.Hosts;

/// <summary>Hosts of the inventory as a text, for a file of another machine or another program.</summary>
public sealed class HostExport
{
    private readonly List<(DispatchHost Host, JsonObject Entry)> _hosts = [];
    private readonly HashSet<string> _names = [];

    /// <summary>Adds a host; a second time is no matter.</summary>
    /// <param name="sets">The inventory.</param>
    /// <param name="name">The host's name, as <see cref="HostSets.ExpandEntries"/> gives it.</param>
    /// <exception cref="DispatchException"><see cref="FailureReason.DamagedFile"/>: its entry cannot be used.</exception>
    public void Add(HostSets sets, string name)
    {
        var one = (sets.Get(name), sets.Entry(name));
        if (_names.Add(name))
            _hosts.Add(one);
    }

    /// <summary>How many hosts there are in that form: ssh has nothing of those that it does not reach.</summary>
    public int Count(HostFormat format) => format == HostFormat.SshConfig ? _hosts.Count(h => SshConfigHosts.Has(h.Host)) : _hosts.Count;

    /// <summary>Writes the hosts.</summary>
    /// <param name="format">
    /// <see cref="HostFormat.Json"/> has all that the inventory has, <see cref="HostFormat.Csv"/> what its columns can say,
    /// <see cref="HostFormat.SshConfig"/> where a host is, and nothing of a host that ssh does not reach.
    /// </param>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: nothing can be written in that form.</exception>
    public string ToText(HostFormat format) => format switch
    {
        HostFormat.Json => JsonHosts.Write(_hosts.Select(h => KeyValuePair.Create(h.Host.Name, h.Entry))),
        HostFormat.Csv => CsvHosts.Write(_hosts.Select(h => h.Host)),
        HostFormat.SshConfig => SshConfigHosts.Write(_hosts.Select(h => h.Host)),
        _ => throw new DispatchException(FailureReason.InvalidInput, $"Hosts cannot be written as {format}.", "Write them as Json, Csv or SshConfig."),
    };

    /// <summary>The form that a file's name asks for: Csv for <c>*.csv</c>, SshConfig for <c>config</c>, <c>*_config</c> and <c>*.conf</c>, else Json.</summary>
    public static HostFormat FormatOf(string path)
    {
        var name = Path.GetFileName(path).ToLowerInvariant();
        if (name.EndsWith(".csv", StringComparison.Ordinal))
            return HostFormat.Csv;
        return name == "config" || name.EndsWith("_config", StringComparison.Ordinal) || name.EndsWith(".conf", StringComparison.Ordinal) ? HostFormat.SshConfig : HostFormat.Json;
    }

    /// <summary>Writes a text to a file, whole or not at all; a new file is its owner's alone.</summary>
    /// <param name="path">The file.</param>
    /// <param name="text">The text.</param>
    /// <param name="replace">May it take the place of a file that is there?</param>
    /// <exception cref="DispatchException"><see cref="FailureReason.LocalFile"/>: it is there already, its folder is not, or it cannot be written.</exception>
    public static void Save(string path, string text, bool replace)
    {
        if (!replace && Path.Exists(path))
            throw new DispatchException(FailureReason.LocalFile, $"'{path}' is there already.", "Name another file, or write over it: -Force, --force.");
        var folder = Path.GetDirectoryName(Path.GetFullPath(path));
        if (!Directory.Exists(folder))
            throw new DispatchException(FailureReason.LocalFile, $"'{path}' cannot be written: the folder '{folder}' is not there.", "Create the folder, or name another file.");
        SafeFile.Write(path, System.Text.Encoding.UTF8.GetBytes(text), replace);
    }
}
