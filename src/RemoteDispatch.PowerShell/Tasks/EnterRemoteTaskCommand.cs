using System.Management.Automation;
using RemoteDispatch.Hosts;
using RemoteDispatch.PowerShell.Binding;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.PowerShell.Tasks;

/// <summary>Attaches this terminal to a task that runs under tmux; Ctrl-b d leaves it, and the task goes on.</summary>
[Cmdlet(VerbsCommon.Enter, "RemoteTask")]
[OutputType(typeof(RemoteTask))]
public sealed class EnterRemoteTaskCommand : DispatchCmdlet
{
    // What a runspace has that nobody sits in front of: a job's, or one that a script has made.
    private const string NobodysHost = "Default Host";

    /// <summary>The task, or its id.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("TaskId", "Task")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(TaskIdCompleter))]
    public required TaskIdentity Id { get; set; }

    /// <summary>The host, where the id was not sent from here, or was sent to several hosts.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("ComputerName", "Cn")]
    [ArgumentCompleter(typeof(HostNameCompleter))]
    public HostIdentity? HostName { get; set; }

    /// <summary>There is one terminal.</summary>
    protected override int Throttle => 1;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var id = Id;
        StartOn(id, HostName, host => EnterAsync(id, host));
    }

    private async Task EnterAsync(TaskIdentity id, DispatchHost? host)
    {
        var tasks = await id.ResolveAsync(Dispatcher, host, StopToken).ConfigureAwait(false);
        if (tasks is not [var task])
        {
            throw new DispatchException(
                FailureReason.InvalidInput, $"The task '{id}' is on several hosts: {string.Join(", ", tasks.Select(t => t.HostName))}.",
                "Name one of them with -HostName.") { TaskId = id.Id };
        }

        if (Host.Name == NobodysHost)
        {
            throw new DispatchException(
                FailureReason.NoTerminal, $"The task '{id}' cannot be attached to: nobody sits in front of this runspace.",
                "Enter it from a prompt; follow its log with Get-RemoteTaskLog -Follow in a job.") { TaskId = id.Id };
        }

        var left = await Dispatcher.AttachAsync(task, StopToken).ConfigureAwait(false);
        await SayAsync(() => WriteObject(left)).ConfigureAwait(false);
    }
}
