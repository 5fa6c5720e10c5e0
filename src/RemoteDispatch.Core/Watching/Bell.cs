using System.Threading.Channels;

namespace RemoteDispatch.Watching;

/// <summary>Wakes one waiter, now or when it next waits; however often it rings in between, that is once.</summary>
internal sealed class Bell(TimeProvider time)
{
    private readonly Channel<bool> _rung = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Ring() => _rung.Writer.TryWrite(true);

    /// <summary>Waits until it rings, or for at most so long.</summary>
    public async Task WaitAsync(TimeSpan? limit, CancellationToken cancellationToken)
    {
        if (limit <= TimeSpan.Zero)
            return;
        // A longer wait than a timer can count is as good as an endless one.
        using var over = new CancellationTokenSource(limit is { } span && span < TimeSpan.FromDays(40) ? span : Timeout.InfiniteTimeSpan, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, over.Token);
        try
        {
            await _rung.Reader.ReadAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The time is over.
        }
    }
}
