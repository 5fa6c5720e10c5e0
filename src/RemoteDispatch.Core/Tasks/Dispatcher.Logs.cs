using System.Runtime.CompilerServices;
using RemoteDispatch.Logs;

namespace RemoteDispatch.Tasks;

/// <summary>Which part of a log, and whether to go on with it.</summary>
public sealed record LogQuery
{
    /// <summary>
    /// Which of a task's streams, where its stderr is kept apart (<see cref="RemoteTask.SeparateError"/>); else all is in the one log,
    /// which is its <see cref="LogStreams.Output"/>.
    /// </summary>
    public LogStreams Stream { get; init; } = LogStreams.Both;

    /// <summary>The first byte wanted, of each of the streams; 0 for the beginning.</summary>
    public long Offset { get; init; }

    /// <summary>Only so many lines before the end, of each of the streams; null for all.</summary>
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
public sealed record LogChunk(RemoteTask Task, long Offset, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>Whose bytes they are; <see cref="LogStreams.Output"/> where the task has one log for all. The offset is one of its own.</summary>
    public LogStreams Stream { get; init; } = LogStreams.Output;
}

public sealed partial class Dispatcher
{
    /// <summary>
    /// Reads a task's log. Followed, it goes on until the task has ended and its last byte has come, across lost connections;
    /// the last chunk then carries the task as it ended. Of two streams each is in order, and what comes first is shown first; without
    /// following, stdout stands before stderr.
    /// </summary>
    /// <exception cref="DispatchException">
    /// The task is not there, or the host cannot be reached; or the stderr alone is wanted of a task that does not keep it apart
    /// (<see cref="FailureReason.InvalidInput"/>).
    /// </exception>
    public async IAsyncEnumerable<LogChunk> ReadLogAsync(
        RemoteTask task, LogQuery? query = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        query ??= new LogQuery();
        if ((query.Offset != 0 ? 1 : 0) + (query.Tail is null ? 0 : 1) + (query.Since is null ? 0 : 1) > 1)
            throw new DispatchException(FailureReason.InvalidInput, "An offset, a number of last lines and a time each say where a log is to begin.", "Give one of them.");
        if (query.Follow)
            task = await UntilStartedAsync(task, isOnce: false, cancellationToken).ConfigureAwait(false);
        if (SeeWaiting(task) is { } waiting)
        {
            // It has printed nothing yet.
            yield return new LogChunk(waiting, 0, default);
            yield break;
        }

        var since = Options.Time.GetTimestamp();
        var bytes = 0L;
        var hasEnded = false;
        await foreach (var (stream, part) in ReadStreamsAsync(task, query, cancellationToken).ConfigureAwait(false))
        {
            // One stream may have come to the end where the other still tells of earlier.
            var now = task.After(part.State);
            if (now.State.IsFinal() || !hasEnded)
                task = Note(task, hasEnded ? now with { Repository = task.Repository } : await WithRepositoryAsync(now, cancellationToken).ConfigureAwait(false));
            hasEnded |= now.State.IsFinal();
            bytes += part.Bytes.Length;
            yield return new LogChunk(task, part.Offset, part.Bytes) { Stream = stream };
        }

        Tell(task.HostName, query.Follow ? "log_followed" : "log_read", since, $"task={task.Id} state={task.State} bytes={bytes}");
    }

    private async IAsyncEnumerable<(LogStreams Stream, LogPart Part)> ReadStreamsAsync(
        RemoteTask task, LogQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var readers = ReadersOf(task, query.Stream);
        var (host, secrets) = (HostOf(task), query.NoRedaction ? [] : SecretsOf(task));
        var sources = new List<IAsyncEnumerable<(LogStreams, LogPart)>>();
        foreach (var (stream, reader) in readers)
        {
            // All are asked before any is followed: what follows takes the channel.
            var offset = await reader.StartAsync(host, task.Id, new LogStart(query.Offset, query.Tail, query.Since), query.Follow, cancellationToken).ConfigureAwait(false);
            sources.Add(OfAsync(stream, reader, offset, cancellationToken));
        }

        var merged = query.Follow && sources.Count > 1 ? LogMerge.AsTheyCome(sources, cancellationToken) : LogMerge.InTurn(sources, cancellationToken);
        await foreach (var part in merged.ConfigureAwait(false))
            yield return part;

        async IAsyncEnumerable<(LogStreams, LogPart)> OfAsync(LogStreams stream, LogReader reader, long offset, [EnumeratorCancellation] CancellationToken stop)
        {
            await foreach (var part in reader.ReadAsync(host, task.Id, offset, query.Follow, secrets, stop).ConfigureAwait(false))
                yield return (stream, part);
        }
    }

    private List<(LogStreams Stream, LogReader Reader)> ReadersOf(RemoteTask task, LogStreams wanted)
    {
        if ((wanted & LogStreams.Both) == 0)
            throw new DispatchException(FailureReason.InvalidInput, $"{wanted} is no stream of a task.", "Take Output, Error or Both.") { Host = task.HostName, TaskId = task.Id };
        var readers = new List<(LogStreams, LogReader)>();
        if (wanted.HasFlag(LogStreams.Output))
            readers.Add((LogStreams.Output, _logs));
        if (wanted.HasFlag(LogStreams.Error) && task.SeparateError)
            readers.Add((LogStreams.Error, _errors));
        return readers.Count > 0 ? readers : throw new DispatchException(
            FailureReason.InvalidInput, $"The task '{task.Id}' on host '{task.HostName}' has no stderr of its own: it is in the log, in true order with the rest.",
            "Read the log without -Stream (--stream), or dispatch a task with -SeparateError (--separate-error).") { Host = task.HostName, TaskId = task.Id };
    }
}
