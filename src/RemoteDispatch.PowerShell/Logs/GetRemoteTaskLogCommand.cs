using System.Management.Automation;
using RemoteDispatch.PowerShell.Tasks;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.PowerShell.Logs;

/// <summary>
/// Gets the logs of tasks, line by line. Followed, it goes on until each task has ended and its last byte has come, across lost
/// connections. Ctrl-C ends the following, never the task.
/// </summary>
[Cmdlet(VerbsCommon.Get, "RemoteTaskLog")]
[OutputType(typeof(RemoteTaskLogEntry), typeof(string))]
public sealed class GetRemoteTaskLogCommand : TaskCommand
{
    private int _logs;

    /// <summary>Output, Error or Both, of tasks whose stderr is kept apart (-SeparateError). The log of any other is its Output.</summary>
    [Parameter]
    public LogStreams Stream { get; set; } = LogStreams.Both;

    /// <summary>Only so many lines before the end.</summary>
    [Parameter]
    [ValidateRange(0, long.MaxValue)]
    public long? Tail { get; set; }

    /// <summary>Go on to the end of the task.</summary>
    [Parameter]
    public SwitchParameter Follow { get; set; }

    /// <summary>Plain strings instead of entries.</summary>
    [Parameter]
    public SwitchParameter Raw { get; set; }

    /// <summary>Show the values of the task's credentials where it printed them; else each of their bytes is a star.</summary>
    [Parameter]
    public SwitchParameter NoRedaction { get; set; }

    /// <summary>Do not copy a followed log to this machine when its task has ended.</summary>
    [Parameter]
    public SwitchParameter NoCollect { get; set; }

    private protected override async Task WorkAsync(RemoteTask task)
    {
        Interlocked.Increment(ref _logs);
        var query = new LogQuery { Stream = Stream, Tail = Tail, Follow = Follow, NoRedaction = NoRedaction };
        await foreach (var batch in LogLines.ReadAsync(Dispatcher, task, query, StopToken).ConfigureAwait(false))
        {
            task = batch.Task;
            if (batch.Lines.Count > 0)
                await SayAsync(() => Emit(batch)).ConfigureAwait(false);
        }

        if (!Follow)
            return;
        if (!NoCollect)
            task = await Dispatcher.CollectEndedLogAsync(task, StopToken).ConfigureAwait(false);
        await SayAsync(() => WriteInformation(task, ["RemoteTaskEnd"])).ConfigureAwait(false);
    }

    private void Emit(LogLines batch)
    {
        var prefix = Volatile.Read(ref _logs) > 1 ? batch.Task.HostName : null;
        foreach (var line in batch.Lines)
            WriteObject(Raw ? line : new RemoteTaskLogEntry(line, batch.Task.HostName, batch.Task.Id) { Stream = batch.Stream, Prefix = prefix });
    }
}
