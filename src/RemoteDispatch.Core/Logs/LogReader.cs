using System.Runtime.CompilerServices;
using RemoteDispatch.Credentials;
using RemoteDispatch.Hosts;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Logs;

/// <summary>Where reading begins.</summary>
/// <param name="Offset">The first byte wanted, where nothing else tells.</param>
/// <param name="Tail">So many lines before the end.</param>
/// <param name="Since">From a time on.</param>
internal readonly record struct LogStart(long Offset, long? Tail = null, LogTime? Since = null);

/// <summary>A piece of a log.</summary>
/// <param name="Offset">The offset of its first byte in the log.</param>
/// <param name="Bytes">The bytes.</param>
/// <param name="State">What the workspace said just before they were read.</param>
internal sealed record LogPart(long Offset, ReadOnlyMemory<byte> Bytes, WorkspaceState State);

/// <summary>
/// Reads a log, or another file like it, by its offsets. It is append only, so that an offset is a cursor for ever: a connection that is lost costs
/// no byte and doubles none.
/// </summary>
internal sealed class LogReader(WorkspaceClient workspaces, HostFeeds feeds, FeedWhat what = FeedWhat.Log)
{
    /// <summary>
    /// Reads from an offset to the end of what is there; where <paramref name="follow"/>, to the end of the task, the last
    /// byte included. The last part may be empty: it carries the last state.
    /// </summary>
    /// <param name="host">The host.</param>
    /// <param name="id">The task.</param>
    /// <param name="offset">The first byte wanted.</param>
    /// <param name="follow">Go on to the end of the task.</param>
    /// <param name="secrets">What is to be masked; offsets stay what they are.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="DispatchException">The task is not there; or, without <paramref name="follow"/>, the host cannot be reached.</exception>
    public IAsyncEnumerable<LogPart> ReadAsync(
        DispatchHost host, string id, long offset, bool follow, IReadOnlyList<CredentialGrant> secrets, CancellationToken cancellationToken)
    {
        var mask = new LogMask(secrets, offset);
        return follow ? FollowAsync(host, id, mask, cancellationToken) : LogPages.ReadAsync(
            new TaskFile(host, id, what), mask, workspaces.Options.Time,
            (from, count, stop) => workspaces.ReadAsync(host, id, what, from, count, stop), cancellationToken);
    }

    /// <summary>The offset that a place to begin at means now.</summary>
    public Task<long> StartAsync(DispatchHost host, string id, LogStart start, bool follow, CancellationToken cancellationToken) => start switch
    {
        { Tail: { } lines } => TailAsync(host, id, lines, follow, cancellationToken),
        // The host notes when the log grew, and not when a stderr of its own did: of that all is shown.
        { Since: not null } when what != FeedWhat.Log => Task.FromResult(0L),
        { Since: { } time } => SinceAsync(host, id, time, follow, cancellationToken),
        _ => Task.FromResult(start.Offset),
    };

    /// <summary>The offset at which the last lines begin.</summary>
    public Task<long> TailAsync(DispatchHost host, string id, long lines, bool follow, CancellationToken cancellationToken) =>
        AskAsync(() => workspaces.TailOffsetAsync(host, id, what, lines, follow, cancellationToken), follow, cancellationToken);

    private Task<long> SinceAsync(DispatchHost host, string id, LogTime time, bool follow, CancellationToken cancellationToken) =>
        AskAsync(() => workspaces.SinceOffsetAsync(host, id, time, follow, cancellationToken), follow, cancellationToken);

    private Task<long> AskAsync(Func<Task<long>> ask, bool follow, CancellationToken cancellationToken) =>
        follow ? new Patience(workspaces.Options.Time, workspaces.Options.Observer).AskAsync(ask, cancellationToken) : ask();

    private async IAsyncEnumerable<LogPart> FollowAsync(DispatchHost host, string id, LogMask mask, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var news in feeds.FollowAsync(host, id, what, mask.ReadFrom, cancellationToken).ConfigureAwait(false))
        {
            if (news.State is Absent)
                throw NotFound(host.Name, id);
            var isLast = HostFeed.IsLast(news);
            var (at, shown) = mask.Show(news.Bytes, isLast);
            // A byte that may begin a secret is held back, and a state that changed is news without bytes.
            if (shown.Length > 0 || news.Bytes.Length == 0 || isLast)
                yield return new LogPart(at, shown, news.State!);
        }
    }

    /// <summary>The failure that says that a host has no such task.</summary>
    public static DispatchException NotFound(string host, string id) => new(
        FailureReason.TaskNotFound, $"Host '{host}' has no task '{id}'.",
        "Was its workspace removed? 'Get-RemoteTask -HostName' or 'rdispatch list --host' shows what is there.") { Host = host, TaskId = id };
}
