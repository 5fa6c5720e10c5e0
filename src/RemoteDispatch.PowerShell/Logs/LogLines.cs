using System.Runtime.CompilerServices;
using RemoteDispatch.Logs;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.PowerShell.Logs;

/// <summary>Lines of one of a task's streams that came together, and the task as it was then.</summary>
internal sealed record LogLines(RemoteTask Task, IReadOnlyList<string> Lines, LogStreams Stream)
{
    public static async IAsyncEnumerable<LogLines> ReadAsync(
        Dispatcher dispatcher, RemoteTask task, LogQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (output, error) = (new LogText(), new LogText());
        await foreach (var chunk in dispatcher.ReadLogAsync(task, query, cancellationToken).ConfigureAwait(false))
        {
            task = chunk.Task;
            yield return new LogLines(task, (chunk.Stream == LogStreams.Error ? error : output).Add(chunk.Bytes.Span), chunk.Stream);
        }

        if (output.Finish() is { } last)
            yield return new LogLines(task, [last], LogStreams.Output);
        if (error.Finish() is { } lastError)
            yield return new LogLines(task, [lastError], LogStreams.Error);
    }
}
