namespace RemoteDispatch.Connections;

/// <summary>The place of one channel in the pool. It closes the channel when nobody has used it for a while.</summary>
internal sealed class ChannelSlot : IAsyncDisposable
{
    private readonly Lock _guard = new();
    private ITimer? _idle;
    private int _inUse;
    private bool _disposed;

    /// <summary>Held by whoever opens or closes the channel.</summary>
    public SemaphoreSlim Opening { get; } = new(1, 1);

    public HostChannel? Channel { get; set; }

    /// <summary>A request begins: as long as one is under way the channel is not idle.</summary>
    public void Begin()
    {
        lock (_guard)
        {
            _inUse++;
            _idle?.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>A request has ended; the last one starts the clock.</summary>
    public void End(ChannelPool pool)
    {
        lock (_guard)
        {
            if (--_inUse > 0 || _disposed)
                return;
            _idle ??= pool.Options.Time.CreateTimer(_ => _ = CloseIdleAsync(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _idle.Change(pool.Options.IdleTimeout, Timeout.InfiniteTimeSpan);
        }
    }

    public async ValueTask DisposeAsync()
    {
        lock (_guard)
        {
            _disposed = true;
            _idle?.Dispose();
        }

        if (Channel is { } channel)
            await channel.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Closes the channel, unless a request is under way.</summary>
    public async Task CloseIdleAsync()
    {
        await Opening.WaitAsync().ConfigureAwait(false);
        try
        {
            HostChannel? idle;
            lock (_guard)
            {
                // Somebody may have begun between the timer and here.
                idle = _inUse == 0 ? Channel : null;
                if (idle is not null)
                    Channel = null;
            }

            if (idle is not null)
                await idle.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            Opening.Release();
        }
    }
}
