using RemoteDispatch.Logs;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Tasks;

/// <summary>How a log is copied to this machine.</summary>
public sealed record CollectOptions
{
    /// <summary>The file; null for the task's place in <see cref="Folder"/>. A file that is another task's, or nobody's that is known here, is an error.</summary>
    public string? Path { get; init; }

    /// <summary>The folder; null for <see cref="DispatcherOptions.LogFolder"/>. Where the place in it is another task's, the next free one is taken.</summary>
    public string? Folder { get; init; }

    /// <summary>Leave the values of the task's credentials in the copy; else each of their bytes is a star.</summary>
    public bool NoRedaction { get; init; }

    /// <summary>Replace whatever is there, and fetch all of the log.</summary>
    public bool Force { get; init; }
}

public sealed partial class Dispatcher
{
    /// <summary>
    /// Copies a task's log, as it is now, to this machine: whole and proven, or not at all. Of a log that was copied before only what is new is
    /// fetched, and nothing where the task had ended. A stderr that is kept apart is a second file beside it, <c>….error.log</c>.
    /// </summary>
    /// <param name="task">The task.</param>
    /// <param name="options">Where to, and how.</param>
    /// <param name="cancellationToken">Ends it; an older copy stays as it was.</param>
    /// <returns>The task with the file's path.</returns>
    /// <exception cref="DispatchException">The task is not there, the host cannot be reached, or the file cannot be written.</exception>
    public Task<RemoteTask> CollectLogAsync(RemoteTask task, CollectOptions? options = null, CancellationToken cancellationToken = default) =>
        CollectAsync(task, options ?? new CollectOptions(), trustsComplete: true, cancellationToken);

    /// <summary>
    /// Copies the log of a task that was followed or awaited to its end. That it cannot be copied is told (<c>log_not_collected</c>) and changes
    /// nothing about how the task ended.
    /// </summary>
    /// <returns>The task, with the path of the copy where there is one.</returns>
    public async Task<RemoteTask> CollectEndedLogAsync(RemoteTask task, CancellationToken cancellationToken = default)
    {
        if (!task.State.IsFinal() || task.State == TaskState.Removed)
            return task;
        var since = Options.Time.GetTimestamp();
        try
        {
            return await CollectOnceAsync(task, cancellationToken).ConfigureAwait(false);
        }
        catch (DispatchException e)
        {
            // It may have been removed since, by somebody who has collected it first.
            if (e.Reason != FailureReason.TaskNotFound)
                Tell(task.HostName, "log_not_collected", since, $"task={task.Id} The log of the task '{task.Id}' was not collected: {e.Message}");
            return task;
        }
    }

    /// <summary>
    /// A task's place in a folder of collected logs: <c>HOST/ID.STARTED.log</c>. The start is in it, since a given id may be used
    /// again after a clean-up.
    /// </summary>
    public static string LogPlace(RemoteTask task) => LogCollector.PlaceOf(task.Host, task.Id, task.Started);

    /// <summary>Copies a log, unless there is a copy, wherever the user has put it, of all that it will ever be.</summary>
    internal async Task<RemoteTask> CollectOnceAsync(RemoteTask task, CancellationToken cancellationToken) =>
        await IsAllAsync(task, FeedWhat.Log, task.LogPath, cancellationToken).ConfigureAwait(false)
        && (!task.SeparateError || await IsAllAsync(task, FeedWhat.Error, task.ErrorLogPath, cancellationToken).ConfigureAwait(false))
            ? task : await CollectLogAsync(task, null, cancellationToken).ConfigureAwait(false);

    private async Task<bool> IsAllAsync(RemoteTask task, FeedWhat what, string? path, CancellationToken cancellationToken) =>
        path is not null && await LogCollector.IsAllAsync(OrderOf(task, what, new CollectOptions()), path, cancellationToken).ConfigureAwait(false);

    private async Task<RemoteTask> CollectAsync(RemoteTask task, CollectOptions options, bool trustsComplete, CancellationToken cancellationToken)
    {
        var since = Options.Time.GetTimestamp();
        var errors = task.SeparateError ? await OneAsync(FeedWhat.Error, options with { Path = ErrorPlace(options.Path) }).ConfigureAwait(false) : null;
        var done = await OneAsync(FeedWhat.Log, options).ConfigureAwait(false);
        Tell(task.HostName, "log_collected", since, $"task={task.Id} bytes={done.Length} fetched={done.Fetched} carried={done.Carried}");
        task = Note(task, task with { LogPath = done.Path, ErrorLogPath = errors?.Path });
        return await ExplainAsync(task, cancellationToken).ConfigureAwait(false);

        Task<CollectedLog> OneAsync(FeedWhat what, CollectOptions where) =>
            _collector.CollectAsync(OrderOf(task, what, where) with { TrustsComplete = trustsComplete }, cancellationToken);
    }

    private static string? ErrorPlace(string? log) => string.IsNullOrEmpty(log) ? null : Path.ChangeExtension(log, ".error" + Path.GetExtension(log));

    private CopyOrder OrderOf(RemoteTask task, FeedWhat what, CollectOptions options) =>
        new(new CopyOwner { File = new TaskFile(HostOf(task), task.Id, what), Dispatched = task.Dispatched, Started = task.Started, Finished = task.Finished })
        {
            Path = Full(options.Path),
            Folder = Full(options.Folder),
            Secrets = options.NoRedaction ? [] : SecretsOf(task),
            IsExact = options.NoRedaction,
            Force = options.Force,
        };

    private static string? Full(string? path) => string.IsNullOrEmpty(path) ? null : Path.GetFullPath(path);
}
