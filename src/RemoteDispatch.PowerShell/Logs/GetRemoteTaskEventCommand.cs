using System.Management.Automation;
using RemoteDispatch.PowerShell.Tasks;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.PowerShell.Logs;

/// <summary>
/// Gets what tasks reported of themselves through rd, each event once. Followed, it goes on until each task has ended and its last event
/// has come, across lost connections. Ctrl-C ends the following, never the task.
/// </summary>
[Cmdlet(VerbsCommon.Get, "RemoteTaskEvent")]
[OutputType(typeof(TaskEvent))]
public sealed class GetRemoteTaskEventCommand : TaskCommand
{
    /// <summary>Only events of these kinds.</summary>
    [Parameter]
    public TaskEventKind[] Kind { get; set; } = [];

    /// <summary>Only so many events before the end; with -Kind, those of them that are of a kind.</summary>
    [Parameter]
    [ValidateRange(0, long.MaxValue)]
    public long? Tail { get; set; }

    /// <summary>Only events from here on: the NextOffset of the last event that is known.</summary>
    [Parameter]
    [ValidateRange(0, long.MaxValue)]
    public long Offset { get; set; }

    /// <summary>Go on to the end of the task.</summary>
    [Parameter]
    public SwitchParameter Follow { get; set; }

    /// <summary>Show the values of the task's credentials where it reported them; else each of their bytes is a star.</summary>
    [Parameter]
    public SwitchParameter NoRedaction { get; set; }

    private protected override async Task WorkAsync(RemoteTask task)
    {
        var query = new EventQuery { Kinds = Kind, Tail = Tail, Offset = Offset, Follow = Follow, NoRedaction = NoRedaction };
        await foreach (var chunk in Dispatcher.ReadEventsAsync(task, query, StopToken).ConfigureAwait(false))
        {
            task = chunk.Task;
            if (chunk.Events.Count > 0)
                await SayAsync(() => WriteObject(chunk.Events, enumerateCollection: true)).ConfigureAwait(false);
        }

        if (Follow)
            await SayAsync(() => WriteInformation(task, ["RemoteTaskEnd"])).ConfigureAwait(false);
    }
}
