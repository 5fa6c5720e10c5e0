using System.Runtime.CompilerServices;
using RemoteDispatch.Logs;

namespace RemoteDispatch.Tasks;

/// <summary>Which part of a log, and whether to go on with it.</summary>
public sealed record LogQuery
{
    /// <summary>The first byte wanted; 0 for the beginning.</summary>
    public long Offset { get; init; }

    /// <summary>Only so many lines before the end; null for all.</summary>
    public long? Tail { get; init; }

    /// <summary>Only what may have been printed since then: no byte of it is missing, and up to ten seconds of what came before may stand in front.</summary>
    public LogTime? Since { get; init; }

    /// <summary>Go on to the end of the task.</summary>
    public bool Follow { get; init; }

    /// <summary>Show the values of the task's credentials where it printed them; else each of their bytes is a star.</summary>
    public bool NoRedaction { get; init; }
}

/// <summary>A piece of a task's log.</summary>
/// <param name="Task">The task, as it was when the piece was read; after the last piece of a followed log, as it ended.</param>
/// <param name="Offset">The offset of its first byte in the log: a cursor for ever.</param>
/// <param name="Bytes">The bytes; the last piece may have none.</param>
public sealed record LogChunk(RemoteTask Task, long Offset, ReadOnlyMemory<byte> Bytes);

public sealed partial class Dispatcher
{
    /// <summary>
    /// Reads a task's log. Followed, it goes on until the task has ended and its last byte has come, across lost connections;
    /// the last chunk then carries the task as it ended.
    /// </summary>
    /// <exception cref="DispatchException">The task is not there, or the host cannot be reached.</exception>
    public async IAsyncEnumerable<LogChunk> ReadLogAsync(
        RemoteTask task, LogQuery? query = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        query ??= new LogQuery();
        if ((query.Offset != 0 ? 1 : 0) + (query.Tail is null ? 0 : 1) + (query.Since is null ? 0 : 1) > 1)
            throw new DispatchException(FailureReason.InvalidInput, "An offset, a number of last lines and a time each say where a log is to begin.", "Give one of them.");
        var start = new LogStart(query.Offset, query.Tail, query.Since);
        var since = Options.Time.GetTimestamp();
        var bytes = 0L;
        await foreach (var part in _logs.ReadAsync(HostOf(task), task.Id, start, query.Follow, query.NoRedaction ? [] : SecretsOf(task), cancellationToken).ConfigureAwait(false))
        {
            task = Note(task, task.After(part.State));
            bytes += part.Bytes.Length;
            yield return new LogChunk(task, part.Offset, part.Bytes);
        }

        Tell(task.HostName, query.Follow ? "log_followed" : "log_read", since, $"task={task.Id} state={task.State} bytes={bytes}");
    }

    /// <summary>Copies a task's log, as it is now, to this machine: whole, or not at all.</summary>
    /// <param name="task">The task.</param>
    /// <param name="path">The file; null for its place in <see cref="DispatcherOptions.LogFolder"/>.</param>
    /// <param name="noRedaction">Leave the values of its credentials in the copy.</param>
    /// <param name="cancellationToken">Ends it; nothing is left behind.</param>
    /// <returns>The task with the file's path.</returns>
    /// <exception cref="DispatchException">The task is not there, the host cannot be reached, or the file cannot be written.</exception>
    public async Task<RemoteTask> CollectLogAsync(RemoteTask task, string? path = null, bool noRedaction = false, CancellationToken cancellationToken = default)
    {
        var since = Options.Time.GetTimestamp();
        var file = await _collector.CollectAsync(HostOf(task), task.Id, task.Started, path, noRedaction ? [] : SecretsOf(task), cancellationToken).ConfigureAwait(false);
        Tell(task.HostName, "log_collected", since, $"task={task.Id}");
        return Note(task, task with { LogPath = file });
    }

    /// <summary>
    /// A task's place in a folder of collected logs: <c>HOST/ID.STARTED.log</c>. The start is in it, since a given id may be used
    /// again after a clean-up.
    /// </summary>
    public static string LogPlace(RemoteTask task) => LogCollector.PlaceOf(task.Host, task.Id, task.Started);
}
