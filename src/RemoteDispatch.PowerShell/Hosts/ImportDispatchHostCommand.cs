using System.Collections;
using System.Management.Automation;
using RemoteDispatch.Hosts;
using RemoteDispatch.PowerShell.Binding;

namespace RemoteDispatch.PowerShell.Hosts;

/// <summary>
/// Adds hosts from files, from this machine's ssh_config or tailnet, or from objects, all in one change of the inventory. What is there
/// already is left alone, unless -Force is given.
/// </summary>
[Cmdlet(VerbsData.Import, "DispatchHost", SupportsShouldProcess = true, DefaultParameterSetName = PathSet)]
[OutputType(typeof(DispatchHost))]
public sealed class ImportDispatchHostCommand : DispatchCmdlet
{
    private const string PathSet = "Path";
    private const string SshConfigSet = "SshConfig";
    private const string TailscaleSet = "Tailscale";
    private const string ObjectSet = "Object";

    private readonly List<(HostImport Import, string? Source)> _imports = [];
    private HostImport? _objects;

    /// <summary>The files.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet)]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>The form of the files; without it, their content says.</summary>
    [Parameter(ParameterSetName = PathSet)]
    public HostFormat Format { get; set; }

    /// <summary>The aliases of ~/.ssh/config.</summary>
    [Parameter(Mandatory = true, ParameterSetName = SshConfigSet)]
    public SwitchParameter FromSshConfig { get; set; }

    /// <summary>The peers that 'tailscale status --json' shows.</summary>
    [Parameter(Mandatory = true, ParameterSetName = TailscaleSet)]
    public SwitchParameter FromTailscale { get; set; }

    /// <summary>Hosts, or objects with the properties Name and Address, and perhaps User, Port, Transport, Container, Capabilities, WorkspaceRoot, WorkspaceLimit, HostKeyFingerprint, ForwardAgent, ForwardCredentials.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = ObjectSet)]
    public PSObject? InputObject { get; set; }

    /// <summary>More capabilities for all that comes in.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(CapabilityCompleter))]
    public string[] Capability { get; set; } = [];

    /// <summary>Put hosts in the place of those that have their names already.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Emit the hosts that came in.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (InputObject is not null)
            AddObject(InputObject);
        else if (FromSshConfig)
            Do("~/.ssh/config", () => Add(HostImport.FromSshConfig(), "~/.ssh/config"));
        else if (FromTailscale)
            Do("tailscale", () => Add(Await(HostImport.FromTailnetAsync), "tailscale"));
        foreach (var path in Path.Select(GetUnresolvedProviderPathFromPSPath))
            Do(path, () => Add(HostImport.FromFile(path, Format), path));
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        foreach (var (import, _) in _imports)
            Do(Session.Inventory.Path, () => Take(import));
    }

    /// <summary>All objects of a pipeline are one import; a host is taken as it is, anything else by its properties.</summary>
    private void AddObject(PSObject input)
    {
        if (_objects is null)
            Add(_objects = new HostImport(), null);
        var before = _objects.Problems.Count;
        if (input.BaseObject is DispatchHost host)
            _objects.Add(host);
        else
            _objects.Add(Members(input));
        foreach (var problem in _objects.Problems.Skip(before))
            WriteError(Failures.ToErrorRecord(problem, input));
    }

    private static IEnumerable<KeyValuePair<string, string?>> Members(PSObject input) => input.BaseObject is IDictionary table
        ? table.Cast<DictionaryEntry>().Select(e => KeyValuePair.Create(e.Key.ToString()!, ToText(e.Value)))
        : input.Properties.Select(p => KeyValuePair.Create(p.Name, ToText(p.Value)));

    private static string? ToText(object? value) =>
        LanguagePrimitives.GetEnumerable(value) is { } list ? string.Join(';', list.Cast<object?>().Select(ToText)) : LanguagePrimitives.ConvertTo<string?>(value);

    private void Add(HostImport import, string? source) => _imports.Add((import, source));

    private void Take(HostImport import)
    {
        var source = _imports.First(i => i.Import == import).Source;
        foreach (var problem in source is null ? [] : import.Problems)
            WriteError(Failures.ToErrorRecord(problem, problem.Host ?? source));
        foreach (var remark in import.Remarks)
            WriteWarning(remark);
        import.Tag(Capability);
        var known = Session.Inventory.Sets();
        import.Keep(host => !known.Has(host.Name) || Force ? MayTake(host) : Leave(host.Name));
        if (import.Hosts.Count == 0)
            return;
        foreach (var (host, outcome) in Await(stopping => Session.Inventory.ImportAsync(import, Force, stopping)))
        {
            if (outcome == ImportOutcome.Kept)
                Leave(host.Name);
            else if (PassThru)
                WriteObject(host);
        }
    }

    private bool MayTake(DispatchHost host) => ShouldProcess(host.Name, $"Import the host at {host.Address} ({host.Transport}) into the inventory");

    private bool Leave(string name)
    {
        WriteVerbose($"The inventory has a host '{name}' already, which stays as it is.");
        return false;
    }
}
