using System.Management.Automation;
using RemoteDispatch.PowerShell.Binding;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.PowerShell.Tasks;

/// <summary>Waits until tasks have ended, and emits each as it ends. Ctrl-C ends the wait, never the task.</summary>
[Cmdlet(VerbsLifecycle.Wait, "RemoteTask")]
[OutputType(typeof(RemoteTask))]
public sealed class WaitRemoteTaskCommand : TaskCommand
{
    /// <summary>How long to wait (90s, 10m, 2h); then it is an error, and the task goes on.</summary>
    [Parameter]
    [Duration]
    public TimeSpan? Timeout { get; set; }

    /// <summary>Forward the SSH agent of this session to the tasks meanwhile; they must have been dispatched with one.</summary>
    [Parameter]
    public SwitchParameter KeepAgent { get; set; }

    /// <summary>Do not copy the logs to this machine when the tasks have ended.</summary>
    [Parameter]
    public SwitchParameter NoCollect { get; set; }

    /// <inheritdoc/>
    protected override string? Activity => "Waiting for tasks";

    private protected override async Task WorkAsync(RemoteTask task)
    {
        var ended = await (KeepAgent ? Dispatcher.KeepAgentAsync(task, Timeout, StopToken) : Dispatcher.WaitAsync(task, Timeout, StopToken)).ConfigureAwait(false);
        if (!NoCollect)
            ended = await Dispatcher.CollectEndedLogAsync(ended, StopToken).ConfigureAwait(false);
        await SayAsync(() => WriteObject(ended)).ConfigureAwait(false);
    }
}
