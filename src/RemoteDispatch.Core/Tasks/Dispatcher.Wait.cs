using System.Globalization;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Tasks;

public sealed partial class Dispatcher
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(20);

    // A task that ends within this is looked for; for a longer one it is worth a connection that tells.
    private static readonly TimeSpan Brief = TimeSpan.FromSeconds(1);

    // What a timer can count; a longer wait is as good as an endless one.
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(48);

    /// <summary>
    /// Waits until a task has ended. A connection that is lost meanwhile is made again, for as long as the caller lets it. With a time of 0
    /// it is looked at once, for as long as a connect and a request may take.
    /// </summary>
    /// <param name="task">The task.</param>
    /// <param name="timeout">How long to wait; null for as long as it takes. It is the wait's limit, not the task's.</param>
    /// <param name="cancellationToken">Ends the wait, never the task.</param>
    /// <returns>The task as it ended.</returns>
    /// <exception cref="DispatchException"><see cref="FailureReason.WaitTimedOut"/>, or the task cannot be looked at.</exception>
    public async Task<RemoteTask> WaitAsync(RemoteTask task, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        if (timeout < TimeSpan.Zero)
            throw new DispatchException(FailureReason.InvalidInput, "A time to wait is not negative.", "Write it as 90s, 10m or 2h.");
        var isOneLook = timeout == TimeSpan.Zero;
        using var limit = new CancellationTokenSource(timeout is { } span && span < LongestWait && !isOneLook ? span : Timeout.InfiniteTimeSpan, Options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        var patience = new Patience(Options.Time, Options.Connections.Observer);
        var pause = ShortestPause;
        var since = Options.Time.GetTimestamp();
        var isAnswered = false;
        try
        {
            task = await UntilStartedAsync(task, isOneLook, either.Token).ConfigureAwait(false);
            while (true)
            {
                task = isOneLook ? await SeeAsync(task, either.Token).ConfigureAwait(false)
                    : await patience.AskAsync(() => SeeAsync(task, either.Token), either.Token).ConfigureAwait(false);
                isAnswered = true;
                if (!task.State.IsFinal() && !isOneLook && Options.Time.GetElapsedTime(since) > Brief)
                    task = await HearAsync(task, either.Token).ConfigureAwait(false);
                if (task.State.IsFinal())
                {
                    task = Note(task, await WithRepositoryAsync(task, either.Token).ConfigureAwait(false));
                    Tell(task.HostName, "ended", since, $"task={task.Id} state={task.State}{(task.ExitCode is { } code ? $" exit_code={code}" : "")}");
                    return await ExplainAsync(task, cancellationToken).ConfigureAwait(false);
                }

                if (isOneLook)
                    throw NotEnded(task, timeout!.Value);
                await Task.Delay(pause, Options.Time, either.Token).ConfigureAwait(false);
                pause *= 1.5;
            }
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw isAnswered || task.IsWaiting ? NotEnded(task, timeout!.Value) : NotAnswered(task, $"has not answered within {Seconds(timeout!.Value)}", null);
        }
        catch (DispatchException e) when (isOneLook && Patience.MayPass(e.Reason))
        {
            throw NotAnswered(task, $"does not answer: {e.Message}", e);
        }
    }

    /// <summary>Has the host tell when a task has ended. Nothing is sent until then.</summary>
    private async Task<RemoteTask> HearAsync(RemoteTask task, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var news in _feeds.FollowAsync(HostOf(task), task.Id, FeedWhat.State, 0, cancellationToken).ConfigureAwait(false))
                task = Note(task, task.After(news.State!));
            return task;
        }
        catch (DispatchException e)
        {
            throw e.About(task.HostName, task.Id);
        }
    }

    private static DispatchException NotEnded(RemoteTask task, TimeSpan waited) => task.IsWaiting ? NotStarted(task, waited) : new(
        FailureReason.WaitTimedOut, $"The task '{task.Id}' on host '{task.HostName}' has not ended within {Seconds(waited)}; it goes on.",
        "Wait again, follow its log, or stop it.") { Host = task.HostName, TaskId = task.Id };

    private static DispatchException NotStarted(RemoteTask task, TimeSpan waited) => new(
        FailureReason.WaitTimedOut, $"The task '{task.Id}' on host '{task.HostName}' has not started within {Seconds(waited)}: it {task.Reason}.",
        "It goes on to wait. Watch-RemoteTask and 'rdispatch watch' start it when there is room; stop it to take it out of the line.") { Host = task.HostName, TaskId = task.Id };

    private static DispatchException NotAnswered(RemoteTask task, string what, DispatchException? inner) => new(
        FailureReason.WaitTimedOut, $"The host '{task.HostName}' {what}; whether the task '{task.Id}' has ended is not known.",
        "Check the host (Test-DispatchHost, rdispatch check); wait longer, or again when it answers.", inner) { Host = task.HostName, TaskId = task.Id };

    private static string Seconds(TimeSpan span) => string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:0.#} seconds");
}
