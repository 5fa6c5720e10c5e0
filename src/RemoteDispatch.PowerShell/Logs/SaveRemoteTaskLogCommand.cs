using System.Management.Automation;
using RemoteDispatch.PowerShell.Tasks;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.PowerShell.Logs;

/// <summary>
/// Copies the logs of tasks, as they are now, to this machine: whole and proven, or not at all. Of a log that was copied before only what is
/// new is fetched. Emits the files.
/// </summary>
[Cmdlet(VerbsData.Save, "RemoteTaskLog", SupportsShouldProcess = true, DefaultParameterSetName = FolderSet)]
[OutputType(typeof(FileInfo))]
public sealed class SaveRemoteTaskLogCommand : TaskCommand
{
    private const string FolderSet = "Folder";
    private const string FileSet = "File";

    /// <summary>The folder for the files (HOST/ID.STARTED.log, and .error.log for a stderr that is kept apart); without it, that of the collected logs (REMOTE_DISPATCH_LOG_DIR).</summary>
    [Parameter(ParameterSetName = FolderSet)]
    public string? Destination { get; set; }

    /// <summary>The file, for one task. One that is there must be an older copy of the same log.</summary>
    [Parameter(Mandatory = true, ParameterSetName = FileSet)]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>Replace whatever is in the file's place, and fetch all of the log.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Leave the values of the task's credentials in the copy; else each of their bytes is a star.</summary>
    [Parameter]
    public SwitchParameter NoRedaction { get; set; }

    /// <inheritdoc/>
    protected override string? Activity => "Saving logs";

    private protected override bool MayProcess(string target) => ShouldProcess(target, "Copy the task's log to this machine");

    private protected override async Task WorkAsync(RemoteTask task)
    {
        var options = new CollectOptions { Path = Path, Folder = Destination, NoRedaction = NoRedaction, Force = Force };
        var saved = await Dispatcher.CollectLogAsync(task, options, StopToken).ConfigureAwait(false);
        string[] files = [saved.LogPath!, .. saved.ErrorLogPath is { } errors ? [errors] : Array.Empty<string>()];
        await SayAsync(() => WriteObject(InvokeProvider.Item.Get(files, force: true, literalPath: true), enumerateCollection: true)).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        if (Destination is not null)
            Destination = GetUnresolvedProviderPathFromPSPath(Destination);
        if (Path is not null)
            Path = GetUnresolvedProviderPathFromPSPath(Path);
    }
}
