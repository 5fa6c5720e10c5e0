using System.Management.Automation;
using RemoteDispatch.Hosts;
using RemoteDispatch.PowerShell.Binding;

namespace RemoteDispatch.PowerShell.Hosts;

/// <summary>Writes hosts of the inventory to a file, or emits them as text.</summary>
[Cmdlet(VerbsData.Export, "DispatchHost", SupportsShouldProcess = true)]
[OutputType(typeof(string))]
public sealed class ExportDispatchHostCommand : DispatchCmdlet
{
    private readonly List<string> _given = [];

    /// <summary>The file; without it, the text is emitted line by line.</summary>
    [Parameter(Position = 0)]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>Names, wildcards, groups ('@gpu') and sets of these; the whole inventory without it.</summary>
    [Parameter(ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("HostName", "ComputerName", "Cn")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(HostNameCompleter))]
    public string[] Name { get; set; } = [];

    /// <summary>Json, Csv or SshConfig; without it, the file's name says.</summary>
    [Parameter]
    public HostFormat Format { get; set; }

    /// <summary>Write over a file that is there.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        if (Path is not null)
            Path = GetUnresolvedProviderPathFromPSPath(Path);
        if (Format == HostFormat.Auto)
            Format = Path is null ? HostFormat.Json : HostExport.FormatOf(Path);
    }

    /// <inheritdoc/>
    protected override void ProcessRecord() => _given.AddRange(Name.Length > 0 ? Name : MyInvocation.ExpectingInput ? [] : ["@*"]);

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        var hosts = new HostExport();
        DoEach(_given, (name, sets) => hosts.Add(sets, name));
        Do(Path ?? Session.Inventory.Path, () =>
        {
            var text = hosts.ToText(Format);
            if (Path is null)
                WriteObject(text.TrimEnd('\n').Split('\n'), enumerateCollection: true);
            else if (ShouldProcess(Path, $"Write hosts as {Format}"))
                HostExport.Save(Path, text, Force);
        });
    }
}
