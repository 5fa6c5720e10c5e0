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
        var start = new LogStart(query.Offset, query.Tail);
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
}
