using System.Collections.Concurrent;
using System.Text.Json;
using RemoteDispatch.Credentials;

namespace RemoteDispatch.Tasks;

/// <summary>Tasks that wait for room on their hosts: whose turn it is, and how they are started.</summary>
public sealed partial class Dispatcher
{
    // What an attempt that was in vain asks for, where the host does not say when to come again.
    private static readonly TimeSpan ShortestTurn = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestTurn = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<string, SharedTurn> _turns = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Starts what waits for a host, in the order of its dispatch, as far as there is room. Those who ask at once share one attempt.</summary>
    /// <returns>When it is worth trying again: zero for when a worker has ended; null where nothing is left that can be started from here.</returns>
    internal Task<TimeSpan?> StartWaitingAsync(string host, CancellationToken cancellationToken) =>
        _turns.GetOrAdd(host, _ => new SharedTurn()).TakeAsync(() => StartAllAsync(host), cancellationToken);

    private async Task<TimeSpan?> StartAllAsync(string host)
    {
        var tried = new HashSet<string>(StringComparer.Ordinal);
        // Whoever starts a task that clones with the forwarded SSH agent stays connected until that is done.
        var clones = new List<Task>();
        try
        {
            return await StartEachAsync(host, tried, clones).ConfigureAwait(false);
        }
        finally
        {
            await Task.WhenAll(clones).ConfigureAwait(false);
        }
    }

    private async Task<TimeSpan?> StartEachAsync(string host, HashSet<string> tried, List<Task> clones)
    {
        while (true)
        {
            // For one task at a time, so that nobody who takes one out waits for all of them.
            if (_line.TryLock(host) is not { } turn)
                return TimeSpan.FromSeconds(1);
            await using (turn.ConfigureAwait(false))
            {
                var next = _line.List(host, e => Tell(host, "line_damaged", Options.Time.GetTimestamp(), e.Message)).FirstOrDefault(t => !tried.Contains(t.Id));
                if (next is null)
                    return null;
                tried.Add(next.Id);
                if (await StartOneAsync(next, clones).ConfigureAwait(false) is { } again)
                    return again;
            }
        }
    }

    /// <summary>Starts one, or notes why not.</summary>
    /// <returns>Null to go on with the next; else when to try again.</returns>
    private async Task<TimeSpan?> StartOneAsync(WaitingTask waiting, List<Task> clones)
    {
        var task = Options.Ledger.Find(waiting.Id, waiting.Host.Name) ?? new RemoteTask { Id = waiting.Id, Host = waiting.Host, State = TaskState.Pending, Dispatched = waiting.Dispatched };
        if (HasLeft(task, waiting))
        {
            // Whoever started it, or heard that it was gone, was killed before the line knew. It is not begun a second time.
            Leave(waiting);
            return null;
        }

        task = task with { Host = waiting.Host, IsWaiting = true };
        try
        {
            if (FindRequest(waiting) is not { } request)
                return null;
            var (sent, busy) = await SendAsync(HostOf(task), request, TaskId.Parse(waiting.Id), waiting.Dispatched, CancellationToken.None).ConfigureAwait(false);
            if (busy is not null)
            {
                NoteWaiting(task, Reason(busy.Why, waiting.IsHeld));
                return busy.Again;
            }

            Leave(waiting);
            clones.Add(UntilClonedAsync(sent, request, CancellationToken.None));
            return null;
        }
        catch (DispatchException e) when (e.Reason is FailureReason.LaunchFailed or FailureReason.DiskFull or FailureReason.WorkspaceLimitReached or FailureReason.TaskConflict
            or FailureReason.InvalidInput)
        {
            // It never will: what is in the way is not a lack of room. What the host said is on record already.
            if (Options.Ledger.Find(task.Id, task.HostName) is not { State: TaskState.LaunchFailed })
            {
                var failed = task with { State = TaskState.LaunchFailed, IsWaiting = false, Reason = e.Message };
                if (e.Reason == FailureReason.TaskConflict)
                    Record(failed);
                else if (!await TryRecordAsync(failed).ConfigureAwait(false))
                    return TimeSpan.FromSeconds(10);
            }

            Leave(waiting);
            return null;
        }
        catch (DispatchException e)
        {
            NoteWaiting(task, $"waits: {e.Message}");
            // Without a secret the next one may start; without the host none does.
            return e.Reason == FailureReason.CredentialUnavailable ? null : Patience.MayPass(e.Reason) ? TimeSpan.FromSeconds(10) : TimeSpan.FromMinutes(1);
        }
    }

    /// <summary>Does the ledger say of this very task that it waits no longer?</summary>
    private static bool HasLeft(RemoteTask task, WaitingTask waiting) =>
        task is { IsWaiting: false, State: not TaskState.Pending } && task.Dispatched == waiting.Dispatched;

    /// <summary>Writes down that a task was not started, unless it was: whoever was about to start it may have been killed behind the launch.</summary>
    /// <returns>False where the host, which knows, could not be asked.</returns>
    private async Task<bool> TryRecordAsync(RemoteTask failed)
    {
        try
        {
            var state = (await _workspaces.StatusAsync(HostOf(failed), [failed.Id], CancellationToken.None).ConfigureAwait(false))[0];
            Record(state is Workspaces.Absent ? failed : (failed with { State = TaskState.Pending, Reason = null }).After(state));
            return true;
        }
        catch (DispatchException e)
        {
            NoteWaiting(failed with { State = TaskState.Pending, IsWaiting = true }, $"waits: {e.Message}");
            return false;
        }
    }

    /// <summary>The request of a task that waits; null where another session holds its secrets.</summary>
    /// <exception cref="DispatchException">A secret cannot be had, or the session that had it is gone.</exception>
    private TaskRequest? FindRequest(WaitingTask waiting)
    {
        if (_held.TryGetValue((waiting.Id, waiting.Host.Name), out var held))
            return held.Request;
        if (waiting.IsHeld)
        {
            using var sign = _line.TryHold(waiting.Id, waiting.Host.Name);
            return sign is null ? null : throw new DispatchException(
                FailureReason.LaunchFailed, $"it waited for room, and the session that was to start it has ended; nobody else had {string.Join(", ", waiting.CredentialNames)}",
                "Dispatch it again.");
        }

        try
        {
            return TaskRequestDocument.Read(waiting.Request, CredentialSource.FromEnvironment, id => FindApp(id) ?? throw new DispatchException(
                FailureReason.CredentialUnavailable, $"The key of the GitHub App {id}, which makes its token, is not here.", $"Set {GitHubApp.IdVariable} and {GitHubApp.KeyFileVariable}."));
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or ArgumentException or NullReferenceException)
        {
            throw new DispatchException(FailureReason.LaunchFailed, $"what was kept of it cannot be read: {e.Message}", "Dispatch it again.", e);
        }
    }

    private void NoteWaiting(RemoteTask task, string reason)
    {
        if (Options.Ledger.Find(task.Id, task.HostName) is not { } known || known.Reason != reason || !known.IsWaiting)
            Record(task with { Reason = reason });
    }

    private void Leave(WaitingTask waiting)
    {
        _line.Take(waiting.Id, waiting.Host.Name);
        if (_held.TryRemove((waiting.Id, waiting.Host.Name), out var held))
            held.Sign.Dispose();
    }

    /// <summary>Starts what waits for a task's host until the task itself has begun, or waits no longer.</summary>
    private async Task<RemoteTask> UntilStartedAsync(RemoteTask task, bool isOnce, CancellationToken cancellationToken)
    {
        while (SeeWaiting(task) is { } waiting)
        {
            task = waiting;
            var again = await StartWaitingAsync(task.HostName, cancellationToken).ConfigureAwait(false);
            if (isOnce || SeeWaiting(task) is null)
                break;
            var pause = again is null || again > LongestTurn ? LongestTurn : again < ShortestTurn ? ShortestTurn : again.Value;
            await Task.Delay(pause, Options.Time, cancellationToken).ConfigureAwait(false);
        }

        return Renew(task);
    }

    /// <summary>One attempt for all who ask while it goes on, and for those who ask right behind it.</summary>
    private sealed class SharedTurn
    {
        private readonly Lock _guard = new();
        private Task<TimeSpan?> _now = Task.FromResult<TimeSpan?>(null);

        public Task<TimeSpan?> TakeAsync(Func<Task<TimeSpan?>> attempt, CancellationToken cancellationToken)
        {
            lock (_guard)
            {
                if (_now.IsCompleted)
                    _now = Task.Run(attempt, CancellationToken.None);
                return _now.WaitAsync(cancellationToken);
            }
        }
    }
}
