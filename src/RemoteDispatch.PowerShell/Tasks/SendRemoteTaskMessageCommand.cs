using System.Management.Automation;
using RemoteDispatch.PowerShell.Binding;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.PowerShell.Tasks;

/// <summary>Puts a message into the inbox of running tasks, where 'rd inbox' reads it: each task once, whatever happens to the connection.</summary>
[Cmdlet(VerbsCommunications.Send, "RemoteTaskMessage", SupportsShouldProcess = true)]
[OutputType(typeof(RemoteTask))]
public sealed class SendRemoteTaskMessageCommand : TaskCommand
{
    /// <summary>The message: at most 64 KiB; several are sent one after another.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [Alias("Text")]
    [ValidateNotNullOrEmpty]
    public string[] Message { get; set; } = [];

    /// <summary>Names the message, so that it can be sent again when nobody knows whether it arrived: it is delivered once under a name.</summary>
    [Parameter]
    [ValidatePattern("^[A-Za-z0-9]{1,60}$")]
    public string? MessageId { get; set; }

    /// <summary>Emit the tasks.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override string? Activity => "Sending messages";

    private protected override bool MayProcess(string target) => ShouldProcess(target, "Send a message to the task");

    // Of all that are like a pattern, only those that could read it.
    private protected override bool IsMeant(RemoteTask task) => !task.State.IsFinal();

    private protected override async Task WorkAsync(RemoteTask task)
    {
        for (var at = 0; at < Message.Length; at++)
        {
            var name = MessageId is null || at == 0 ? MessageId : $"{MessageId}n{at}";
            await Dispatcher.SendMessageAsync(task, Message[at], name, StopToken).ConfigureAwait(false);
        }

        if (PassThru)
            await SayAsync(() => WriteObject(task)).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        try
        {
            foreach (var text in Message)
                Dispatcher.CheckMessage(text);
        }
        catch (DispatchException e)
        {
            ThrowTerminatingError(Failures.ToErrorRecord(e, Message[0]));
        }
    }
}
