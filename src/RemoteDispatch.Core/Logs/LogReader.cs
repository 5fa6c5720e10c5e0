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
    private const int SmallestPart = 64 << 10;
    private const int LargestPart = 4 << 20;

    private static readonly TimeSpan QuickPart = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Reads from a place to the end of what is there; where <paramref name="follow"/>, to the end of the task, the last
    /// byte included. The last part may be empty: it carries the last state.
    /// </summary>
    /// <param name="host">The host.</param>
    /// <param name="id">The task.</param>
    /// <param name="start">Where to begin.</param>
    /// <param name="follow">Go on to the end of the task.</param>
    /// <param name="secrets">What is to be masked; offsets stay what they are.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="DispatchException">The task is not there; or, without <paramref name="follow"/>, the host cannot be reached.</exception>
    public async IAsyncEnumerable<LogPart> ReadAsync(
        DispatchHost host, string id, LogStart start, bool follow, IReadOnlyList<CredentialGrant> secrets, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var offset = await StartAsync(host, id, start, follow, cancellationToken).ConfigureAwait(false);
        var mask = new LogMask(secrets, offset);
        var parts = follow ? FollowAsync(host, id, mask, cancellationToken) : ReadAsync(host, id, mask, cancellationToken);
        await foreach (var part in parts.ConfigureAwait(false))
            yield return part;
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

    private async IAsyncEnumerable<LogPart> ReadAsync(
        DispatchHost host, string id, LogMask mask, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var time = workspaces.Options.Time;
        var offset = mask.ReadFrom;
        var size = SmallestPart;
        while (true)
        {
            var asked = time.GetTimestamp();
            var count = size;
            var (state, bytes) = await workspaces.ReadAsync(host, id, what, offset, count, cancellationToken).ConfigureAwait(false);
            if (state is Absent)
                throw NotFound(host.Name, id);
            // Fewer bytes than were asked for: the end of the log, as it was after the state was looked at.
            var isLast = bytes.Length < count;
            var (at, shown) = mask.Show(bytes, isLast);
            if (shown.Length > 0 || isLast)
                yield return new LogPart(at, shown, state);
            if (isLast)
                yield break;
            offset += bytes.Length;
            // Larger parts cost fewer round trips, as long as one is there within a second: others wait behind it.
            size = time.GetElapsedTime(asked) < QuickPart ? Math.Min(size * 4, LargestPart) : SmallestPart;
        }
    }

    /// <summary>The failure that says that a host has no such task.</summary>
    public static DispatchException NotFound(string host, string id) => new(
        FailureReason.TaskNotFound, $"Host '{host}' has no task '{id}'.",
        "Was its workspace removed? 'Get-RemoteTask -HostName' or 'rdispatch list --host' shows what is there.") { Host = host, TaskId = id };
}
