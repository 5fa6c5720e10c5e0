using System.Runtime.CompilerServices;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Logs;

/// <summary>Reads a file of a task as it is now, page by page: what is shown of a log and what is copied of it come the same way.</summary>
internal static class LogPages
{
    /// <summary>The size of the first page.</summary>
    public const int Smallest = 64 << 10;

    private const int Largest = 4 << 20;

    private static readonly TimeSpan Quick = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Reads from where the mask begins to the end of what is there. The last part may be empty: it carries the last state.
    /// </summary>
    /// <param name="file">The file.</param>
    /// <param name="mask">Masks what is read.</param>
    /// <param name="time">The clock.</param>
    /// <param name="ask">Asks for at most so many bytes from an offset on, and for the state before them. Fewer are the end.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="DispatchException"><see cref="FailureReason.TaskNotFound"/>; or as <paramref name="ask"/>.</exception>
    public static async IAsyncEnumerable<LogPart> ReadAsync(
        TaskFile file, LogMask mask, TimeProvider time, Func<long, int, CancellationToken, Task<(WorkspaceState State, ReadOnlyMemory<byte> Bytes)>> ask,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var offset = mask.ReadFrom;
        var size = Smallest;
        while (true)
        {
            var asked = time.GetTimestamp();
            var (state, bytes) = await ask(offset, size, cancellationToken).ConfigureAwait(false);
            if (state is Absent)
                throw LogReader.NotFound(file.Host.Name, file.Id);
            // Fewer bytes than were asked for: the end of the log, as it was after the state was looked at.
            var isLast = bytes.Length < size;
            var (at, shown) = mask.Show(bytes, isLast);
            if (shown.Length > 0 || isLast)
                yield return new LogPart(at, shown, state);
            if (isLast)
                yield break;
            offset += bytes.Length;
            // Larger parts cost fewer round trips, as long as one is there within a second: others wait behind it.
            size = time.GetElapsedTime(asked) < Quick ? Math.Min(size * 4, Largest) : Smallest;
        }
    }
}
