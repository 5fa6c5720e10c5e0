using System.Runtime.CompilerServices;

namespace RemoteDispatch.Tasks;

/// <summary>Which of a task's events, and whether to go on with them.</summary>
public sealed record EventQuery
{
    /// <summary>Only events from this byte on: the <see cref="TaskEvent.NextOffset"/> of the last one that is known; 0 for the beginning.</summary>
    public long Offset { get; init; }

    /// <summary>Only so many events before the end, whatever they are about; null for all.</summary>
    public long? Tail { get; init; }

    /// <summary>Only those of these kinds; empty for all.</summary>
    public IReadOnlyCollection<TaskEventKind> Kinds { get; init; } = [];

    /// <summary>Go on to the end of the task.</summary>
    public bool Follow { get; init; }

    /// <summary>Show the values of the task's credentials where it reported them; else each of their bytes is a star.</summary>
    public bool NoRedaction { get; init; }
}

/// <summary>Events of a task that came together.</summary>
/// <param name="Task">The task, as it was when they were read; behind the last events of a followed task, as it ended.</param>
/// <param name="Events">The events, in the order in which they were reported; the last chunk may have none.</param>
public sealed record EventChunk(RemoteTask Task, IReadOnlyList<TaskEvent> Events);

public sealed partial class Dispatcher
{
    /// <summary>
    /// Reads what a task reported of itself, each event once. Followed, it goes on until the task has ended and its last event has come,
    /// across lost connections; the last chunk then carries the task as it ended.
    /// </summary>
    /// <exception cref="DispatchException">The task is not there, or the host cannot be reached.</exception>
    public async IAsyncEnumerable<EventChunk> ReadEventsAsync(
        RemoteTask task, EventQuery? query = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        query ??= new EventQuery();
        if (query.Follow)
            task = await UntilStartedAsync(task, isOnce: false, cancellationToken).ConfigureAwait(false);
        if (SeeWaiting(task) is { } waiting)
        {
            yield return new EventChunk(waiting, []);
            yield break;
        }

        var since = Options.Time.GetTimestamp();
        var mask = new EventMask(query.NoRedaction ? [] : SecretsOf(task));
        var host = HostOf(task);
        var tail = query.Tail is { } lines ? await _events.TailAsync(host, task.Id, lines, query.Follow, cancellationToken).ConfigureAwait(false) : 0;
        var reader = new TaskEventReader(Math.Max(query.Offset, tail));
        var count = 0L;
        await foreach (var part in _events.ReadAsync(host, task.Id, reader.ReadFrom, query.Follow, [], cancellationToken).ConfigureAwait(false))
        {
            task = Note(task, task.After(part.State));
            var events = Choose(reader.Add(part.Bytes.Span));
            count += events.Length;
            yield return new EventChunk(task, events);
        }

        // While it runs, a line without an end is one that is being written.
        if (task.State.IsFinal() && Choose(reader.Finish()) is { Length: > 0 } last)
            yield return new EventChunk(task, last);
        Tell(task.HostName, query.Follow ? "events_followed" : "events_read", since, $"task={task.Id} state={task.State} events={count}");

        TaskEvent[] Choose(IEnumerable<PlacedLine> lines) =>
            [.. lines.Where(l => query.Kinds.Count == 0 || query.Kinds.Contains(l.Line.Kind)).Select(l => mask.Show(task, l))];
    }
}
