using System.Management.Automation;
using RemoteDispatch.PowerShell.Binding;
using RemoteDispatch.PowerShell.Tasks;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.PowerShell.Logs;

/// <summary>
/// Gets the logs of tasks, line by line or as bytes. Followed, it goes on until each task has ended and its last byte has come, across
/// lost connections. Ctrl-C ends the following, never the task.
/// </summary>
[Cmdlet(VerbsCommon.Get, "RemoteTaskLog")]
[OutputType(typeof(RemoteTaskLogEntry), typeof(string), typeof(byte), typeof(byte[]), typeof(RemoteTask))]
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

    /// <summary>Only from this byte on.</summary>
    [Parameter]
    [ValidateRange(0, long.MaxValue)]
    public long Offset { get; set; }

    /// <summary>Only what was printed since then, to within ten seconds: a time, or a duration before now by the host's own clock.</summary>
    [Parameter]
    [ValidateNotNull]
    public LogTime? Since { get; set; }

    /// <summary>Go on to the end of the task.</summary>
    [Parameter]
    public SwitchParameter Follow { get; set; }

    /// <summary>Plain strings instead of entries; with -AsByteStream, byte arrays as they come instead of single bytes.</summary>
    [Parameter]
    public SwitchParameter Raw { get; set; }

    /// <summary>The bytes as they are, and no text: for what is not text, and for Set-Content -AsByteStream.</summary>
    [Parameter]
    public SwitchParameter AsByteStream { get; set; }

    /// <summary>Emit the task behind its log: with -Follow as it ended, with its exit code.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <summary>Show the values of the task's credentials where it printed them; else each of their bytes is a star.</summary>
    [Parameter]
    public SwitchParameter NoRedaction { get; set; }

    /// <summary>Do not copy a followed log to this machine when its task has ended.</summary>
    [Parameter]
    public SwitchParameter NoCollect { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        if (new[] { nameof(Tail), nameof(Offset), nameof(Since) }.Count(MyInvocation.BoundParameters.ContainsKey) > 1)
        {
            ThrowTerminatingError(Failures.ToErrorRecord(
                new DispatchException(FailureReason.InvalidInput, "-Tail, -Offset and -Since each say where to begin.", "Give one of them."), MyInvocation.InvocationName));
        }
    }

    private protected override async Task WorkAsync(RemoteTask task)
    {
        Interlocked.Increment(ref _logs);
        var query = new LogQuery { Stream = Stream, Tail = Tail, Offset = Offset, Since = Since, Follow = Follow, NoRedaction = NoRedaction };
        task = await (AsByteStream ? BytesAsync(task, query) : LinesAsync(task, query)).ConfigureAwait(false);
        if (Follow && !NoCollect)
            task = await Dispatcher.CollectEndedLogAsync(task, StopToken).ConfigureAwait(false);
        if (Follow)
            await SayAsync(() => WriteInformation(task, ["RemoteTaskEnd"])).ConfigureAwait(false);
        if (PassThru)
            await SayAsync(() => WriteObject(task)).ConfigureAwait(false);
    }

    private async Task<RemoteTask> LinesAsync(RemoteTask task, LogQuery query)
    {
        await foreach (var batch in LogLines.ReadAsync(Dispatcher, task, query, StopToken).ConfigureAwait(false))
        {
            task = batch.Task;
            if (batch.Lines.Count > 0)
                await SayAsync(() => Emit(batch)).ConfigureAwait(false);
        }

        return task;
    }

    private async Task<RemoteTask> BytesAsync(RemoteTask task, LogQuery query)
    {
        await foreach (var chunk in Dispatcher.ReadLogAsync(task, query, StopToken).ConfigureAwait(false))
        {
            task = chunk.Task;
            // An array of its own: whoever gets it may keep it.
            if (chunk.Bytes.Length > 0 && chunk.Bytes.ToArray() is var bytes)
                await SayAsync(() => WriteObject(bytes, enumerateCollection: !Raw)).ConfigureAwait(false);
        }

        return task;
    }

    private void Emit(LogLines batch)
    {
        var prefix = Volatile.Read(ref _logs) > 1 ? batch.Task.HostName : null;
        foreach (var line in batch.Lines)
            WriteObject(Raw ? line : new RemoteTaskLogEntry(line, batch.Task.HostName, batch.Task.Id) { Stream = batch.Stream, Prefix = prefix });
    }
}
