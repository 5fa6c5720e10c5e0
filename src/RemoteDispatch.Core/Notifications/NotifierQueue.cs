using System.Threading.Channels;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Notifications;

/// <summary>
/// One notifier with a queue of its own: in order, each change tried until it is delivered or given up, and never in the way of the watch or
/// of another notifier. What is given up is told, once for each.
/// </summary>
internal sealed class NotifierQueue : IAsyncDisposable
{
    /// <summary>So many changes may wait; what comes beyond is not told.</summary>
    public const int Most = 1000;

    private const int Attempts = 8;

    private static readonly TimeSpan AttemptLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestInAll = TimeSpan.FromMinutes(10);

    private readonly Channel<(TaskChange Change, TaskCompletionSource<bool> Done)> _waiting = Channel.CreateBounded<(TaskChange, TaskCompletionSource<bool>)>(Most);
    private readonly CancellationTokenSource _ending = new();
    private readonly INotifier _notifier;
    private readonly TimeProvider _time;
    private readonly Action<string> _warn;
    private readonly Task _work;

    public NotifierQueue(INotifier notifier, TimeProvider time, Action<string> warn)
    {
        (_notifier, _time, _warn) = (notifier, time, warn);
        _work = Task.Run(WorkAsync, CancellationToken.None);
    }

    /// <summary>Puts a change behind the others, at once.</summary>
    /// <returns>True when it was delivered or given up; false when the end came first, so that somebody else may tell it.</returns>
    public Task<bool> Add(TaskChange change)
    {
        var done = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!_waiting.Writer.TryWrite((change, done)))
        {
            if (_ending.IsCancellationRequested)
                return Task.FromResult(false);
            Warn(change, $"{Most} others wait for it already");
            done.SetResult(true);
        }

        return done.Task;
    }

    /// <summary>Takes no more, and waits until all is told or given up.</summary>
    public Task DrainAsync()
    {
        _waiting.Writer.TryComplete();
        return _work;
    }

    /// <summary>Gives up what has not been delivered by now.</summary>
    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await _ending.CancelAsync().ConfigureAwait(false);
        await _work.ConfigureAwait(false);
        _ending.Dispose();
    }

    private async Task WorkAsync()
    {
        await foreach (var (change, done) in _waiting.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
        {
            try
            {
                await DeliverAsync(change).ConfigureAwait(false);
                done.SetResult(true);
            }
            catch (OperationCanceledException)
            {
                done.SetResult(false);
            }
        }
    }

    private async Task DeliverAsync(TaskChange change)
    {
        var since = _time.GetTimestamp();
        var pause = TimeSpan.FromSeconds(1);
        for (var attempt = 1; ; attempt++)
        {
            var delivery = await TryAsync(change).ConfigureAwait(false);
            if (delivery.Failure is null)
                return;
            var wait = delivery.RetryAfter is { } asked && asked > pause ? asked : pause;
            if (!delivery.MayPass || attempt == Attempts || _time.GetElapsedTime(since) + wait > LongestInAll)
            {
                Warn(change, attempt == 1 ? delivery.Failure : $"{delivery.Failure} ({attempt} attempts)");
                return;
            }

            await Task.Delay(wait, _time, _ending.Token).ConfigureAwait(false);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    private async Task<Delivery> TryAsync(TaskChange change)
    {
        using var limit = new CancellationTokenSource(AttemptLimit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _ending.Token);
        try
        {
            return await _notifier.NotifyAsync(change, either.Token).WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!_ending.IsCancellationRequested)
        {
            return new Delivery($"it took longer than {Duration.Show(AttemptLimit)}") { MayPass = true };
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // A notifier of somebody else's: what its message holds is not known, so that it is not repeated.
            return new Delivery($"a fault of the notifier ({e.GetType().Name})");
        }
    }

    private void Warn(TaskChange change, string why) =>
        _warn($"{_notifier.Name} was not told of {change.Kind}{(change.Id is { } id ? $" of the task '{id}'" : "")} on host '{change.HostName}': {why}.");
}
