using System.Runtime.CompilerServices;
using RemoteDispatch.Credentials;
using RemoteDispatch.Hosts;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Logs;

/// <summary>Where reading begins.</summary>
/// <param name="Offset">The first byte wanted; negative where <paramref name="Tail"/> tells.</param>
/// <param name="Tail">So many lines before the end.</param>
internal readonly record struct LogStart(long Offset, long? Tail = null);

/// <summary>A piece of a log.</summary>
/// <param name="Offset">The offset of its first byte in the log.</param>
/// <param name="Bytes">The bytes.</param>
/// <param name="State">What the workspace said just before they were read.</param>
internal sealed record LogPart(long Offset, ReadOnlyMemory<byte> Bytes, WorkspaceState State);

/// <summary>
/// Reads a log, or another file like it, by its offsets. It is append only, so that an offset is a cursor for ever: a connection that is lost costs
/// no byte and doubles none.
/// </summary>
internal sealed class LogReader(WorkspaceClient workspaces, WorkspaceFile file = WorkspaceFile.Log)
{
    private const int SmallestPart = 64 << 10;
    private const int LargestPart = 4 << 20;

    private static readonly TimeSpan QuickPart = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(400);

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
        var time = workspaces.Options.Time;
        var patience = new Patience(time, workspaces.Options.Observer);
        var offset = start.Tail is { } lines
            ? await AskAsync(() => workspaces.TailOffsetAsync(host, id, file, lines, cancellationToken)).ConfigureAwait(false)
            : start.Offset;
        var mask = new LogMask(secrets, offset);
        offset = mask.ReadFrom;
        var size = SmallestPart;
        var pause = ShortestPause;
        while (true)
        {
            var at = offset;
            var count = size;
            var asked = time.GetTimestamp();
            var (state, bytes) = await AskAsync(async () =>
            {
                try
                {
                    count = size;
                    return await workspaces.ReadAsync(host, id, file, at, count, cancellationToken).ConfigureAwait(false);
                }
                catch (DispatchException e) when (e.Reason == FailureReason.RequestTimedOut)
                {
                    // The line is slower than the last parts promised.
                    size = Math.Max(SmallestPart, size / 8);
                    throw;
                }
            }).ConfigureAwait(false);
            if (state is Absent)
                throw NotFound(host.Name, id);
            // Fewer bytes than were asked for: the end of the log, as it was after the state was looked at.
            var drained = bytes.Length < count;
            var isLast = drained && (!follow || state is Ended or Lost or Claimed { ThisBoot: false });
            var (shownAt, shown) = mask.Show(bytes, isLast);
            if (shown.Length > 0 || isLast)
                yield return new LogPart(shownAt, shown, state);
            if (isLast)
                yield break;
            offset += bytes.Length;
            // Larger parts cost fewer round trips, as long as one is there within a second: others wait behind it.
            size = drained ? SmallestPart : time.GetElapsedTime(asked) < QuickPart ? Math.Min(size * 4, LargestPart) : size;
            if (drained)
            {
                pause = bytes.Length > 0 ? ShortestPause : TimeSpan.FromTicks(Math.Min(pause.Ticks * 3 / 2, LongestPause.Ticks));
                await Task.Delay(pause, time, cancellationToken).ConfigureAwait(false);
            }
        }

        Task<T> AskAsync<T>(Func<Task<T>> ask) => follow ? patience.AskAsync(ask, cancellationToken) : ask();
    }

    /// <summary>The failure that says that a host has no such task.</summary>
    public static DispatchException NotFound(string host, string id) => new(
        FailureReason.TaskNotFound, $"Host '{host}' has no task '{id}'.",
        "Was its workspace removed? 'Get-RemoteTask -HostName' or 'rdispatch list --host' shows what is there.") { Host = host, TaskId = id };
}
