using System.Management.Automation;
using RemoteDispatch.PowerShell.Tasks;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.PowerShell.Logs;

/// <summary>Copies the logs of tasks, as they are now, to this machine: whole, or not at all. Emits the files.</summary>
[Cmdlet(VerbsData.Save, "RemoteTaskLog", SupportsShouldProcess = true)]
[OutputType(typeof(FileInfo))]
public sealed class SaveRemoteTaskLogCommand : TaskCommand
{
    /// <summary>The folder for the files (HOST/ID.STARTED.log, and .error.log for a stderr that is kept apart); without it, that of the collected logs (REMOTE_DISPATCH_LOG_DIR).</summary>
    [Parameter]
    public string? Destination { get; set; }

    /// <summary>Leave the values of the task's credentials in the copy; else each of their bytes is a star.</summary>
    [Parameter]
    public SwitchParameter NoRedaction { get; set; }

    /// <inheritdoc/>
    protected override string? Activity => "Saving logs";

    private protected override bool MayProcess(string target) => ShouldProcess(target, "Copy the task's log to this machine");

    private protected override async Task WorkAsync(RemoteTask task)
    {
        var path = Destination is null ? null : Path.Combine(Destination, Dispatcher.LogPlace(task));
        var saved = await Dispatcher.CollectLogAsync(task, path, NoRedaction, cancellationToken: StopToken).ConfigureAwait(false);
        string[] files = [saved.LogPath!, .. saved.ErrorLogPath is { } errors ? [errors] : Array.Empty<string>()];
        await SayAsync(() => WriteObject(InvokeProvider.Item.Get(files, force: true, literalPath: true), enumerateCollection: true)).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        if (Destination is not null)
            Destination = GetUnresolvedProviderPathFromPSPath(Destination);
    }
}
