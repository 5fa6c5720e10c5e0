using System.Globalization;
using System.Runtime.CompilerServices;
using RemoteDispatch.Hosts;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Logs;

/// <summary>
/// All that is followed on one host, in one connection: who follows a log or events, or waits for an end. The host tells what is new and
/// nobody asks. A lost connection is made again, and each follower goes on at its own offset.
/// </summary>
internal sealed class HostFeed(WorkspaceClient workspaces, DispatchHost host) : IDisposable
{
    // How long the others wait for a reader that does not keep up, before it is left out for a while.
    private static readonly TimeSpan Courtesy = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);

    private readonly Lock _guard = new();
    private readonly Patience _patience = new(workspaces.Options.Time, workspaces.Options.Observer);
    private readonly List<FeedSubscription> _followers = [];
    private Dictionary<int, FeedSubscription> _ordered = [];
    private CancellationTokenSource _change = new();
    private CancellationTokenSource _nobody = new();
    private bool _isRunning;

    private TimeProvider Time => workspaces.Options.Time;

    /// <summary>Follows one thing until its task has ended and its last byte has come; lost connections do not end it.</summary>
    /// <param name="id">The task.</param>
    /// <param name="what">What of it.</param>
    /// <param name="offset">The first byte wanted.</param>
    /// <param name="lost">Is called for each failure of the connection that it outlasts; null for nobody.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="DispatchException">A failure that does not pass by itself.</exception>
    public async IAsyncEnumerable<FeedNews> FollowAsync(
        string id, FeedWhat what, long offset, Action? lost, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var follower = new FeedSubscription(id, what, offset) { Lost = lost };
        lock (_guard)
        {
            _followers.Add(follower);
            if (!_isRunning)
            {
                _isRunning = true;
                _nobody = new CancellationTokenSource();
                _ = Task.Run(RunAsync, CancellationToken.None);
            }
        }

        // It may wait for a host that did not answer: whoever asks anew is not made to wait, and is told.
        _patience.Reset();
        Change();
        try
        {
            await foreach (var news in follower.ReadAsync(Change, cancellationToken).ConfigureAwait(false))
                yield return news;
        }
        finally
        {
            Leave(follower);
        }
    }

    /// <summary>Ends all following.</summary>
    public void Dispose()
    {
        EndAll(new ObjectDisposedException(nameof(HostFeed)));
        _nobody.Cancel();
        _change.Cancel();
        _nobody.Dispose();
        _change.Dispose();
    }

    private void Leave(FeedSubscription follower)
    {
        CancellationTokenSource? nobody = null;
        lock (_guard)
        {
            if (!_followers.Remove(follower))
                return;
            follower.IsDone = true;
            if (_followers.Count == 0)
                nobody = _nobody;
        }

        Change();
        _ = nobody?.CancelAsync();
    }

    private void Change()
    {
        // Not here: what hears of it runs on.
        lock (_guard)
            _ = _change.CancelAsync();
    }

    private async Task RunAsync()
    {
        while (true)
        {
            CancellationToken change, nobody;
            FeedOrder[] orders;
            lock (_guard)
            {
                _followers.RemoveAll(f => f.IsDone);
                if (_followers.Count == 0)
                {
                    _isRunning = false;
                    return;
                }

                if (_nobody.IsCancellationRequested)
                    _nobody = new CancellationTokenSource();
                _change = new CancellationTokenSource();
                (change, nobody) = (_change.Token, _nobody.Token);
                _ordered = _followers.Where(f => !f.IsParked).Select((f, i) => (f, i)).ToDictionary(p => p.i, p => p.f);
                orders = [.. _ordered.Select(p => new FeedOrder(p.Key, p.Value.Id, p.Value.What, p.Value.Next))];
            }

            try
            {
                if (orders.Length > 0)
                    await workspaces.FeedAsync(host, orders, TakeAsync, change, nobody).ConfigureAwait(false);
                // Nothing to order before somebody has caught up; or the host had no more to say, and somebody is not content.
                if (orders.Length == 0 || _ordered.Values.Any(f => !f.IsDone))
                    await Task.Delay(orders.Length == 0 ? Timeout.InfiniteTimeSpan : Again, Time, change).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // Somebody came, went, or caught up.
            }
            catch (DispatchException e) when (Patience.MayPass(e.Reason))
            {
                foreach (var follower in _ordered.Values)
                    follower.Lost?.Invoke();
                await _patience.PauseAsync(e, change).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (Exception e)
            {
                EndAll(e);
            }
        }
    }

    private void EndAll(Exception failure)
    {
        lock (_guard)
        {
            foreach (var follower in _followers)
                follower.End(failure);
        }
    }

    private async ValueTask TakeAsync(FeedNews news)
    {
        _patience.Reset();
        if (!_ordered.TryGetValue(news.Number, out var follower) || follower.IsDone || follower.IsParked || news.Offset != follower.Next)
            return;
        if (Unusable(follower, news) is { } failure)
        {
            follower.End(failure);
            return;
        }

        while (follower.RoomAsync() is { IsCompleted: false } room)
        {
            // Alone, it is the host that waits. Somebody may come meanwhile.
            await WaitAsync(room, _ordered.Values.Any(f => f != follower && !f.IsDone && !f.IsParked)).ConfigureAwait(false);
            if (follower.IsDone)
                return;
            if (room.IsCompleted || !follower.TryPark())
                continue;
            Change();
            return;
        }

        follower.Take(news);
        if (IsLast(news))
            follower.End();
    }

    private async Task WaitAsync(Task room, bool hasOthers)
    {
        CancellationToken change;
        lock (_guard)
            change = _change.Token;
        await room.WaitAsync(hasOthers ? Courtesy : Timeout.InfiniteTimeSpan, Time, change).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Has the task ended, and is this all there will ever be?</summary>
    public static bool IsLast(FeedNews news) =>
        news.State is Ended or Lost or Absent or Claimed { ThisBoot: false } && news.Offset + news.Bytes.Length >= news.Size;

    private DispatchException? Unusable(FeedSubscription follower, FeedNews news) => news.State switch
    {
        // Not where it began beyond the end: then nothing was there that is gone.
        not Absent when news.Offset > follower.First && news.Size < news.Offset => new DispatchException(
            FailureReason.WorkspaceRefused, string.Create(
                CultureInfo.InvariantCulture,
                $"The {WorkspaceClient.Word(follower.What)} of the task '{follower.Id}' on host '{host.Name}' is gone, or shorter than what was read of it: {news.Offset} bytes were read, {news.Size} are there."),
            "It was deleted or overwritten on the host; what was read of it is all there is. The task itself is as its state says.") { Host = host.Name, TaskId = follower.Id },
        null => new DispatchException(
            FailureReason.WorkspaceRefused, $"The log of the task '{follower.Id}' on host '{host.Name}' cannot be read.",
            "Look at the file in the workspace on the host: its owner, its permissions, the disk.") { Host = host.Name, TaskId = follower.Id },
        Unreadable u => new DispatchException(
            FailureReason.UnexpectedReply, $"Host '{host.Name}' answered {u.Said}.",
            "Are the records in the workspace damaged? Look into it on the host.") { Host = host.Name, TaskId = follower.Id },
        _ => null,
    };
}
