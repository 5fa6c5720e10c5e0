using System.Runtime.CompilerServices;
using RemoteDispatch.Logs;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.PowerShell.Logs;

/// <summary>Lines of a log that came together, and the task as it was then.</summary>
internal sealed record LogLines(RemoteTask Task, IReadOnlyList<string> Lines)
{
    public static async IAsyncEnumerable<LogLines> ReadAsync(
        Dispatcher dispatcher, RemoteTask task, LogQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var text = new LogText();
        await foreach (var chunk in dispatcher.ReadLogAsync(task, query, cancellationToken).ConfigureAwait(false))
        {
            task = chunk.Task;
            yield return new LogLines(task, text.Add(chunk.Bytes.Span));
        }

        if (text.Finish() is { } last)
            yield return new LogLines(task, [last]);
    }
}
