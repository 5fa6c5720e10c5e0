namespace RemoteDispatch.Fleet;

/// <summary>How a <see cref="FaultProxy"/>'s network is at the moment.</summary>
internal sealed class Weather
{
    private readonly Lock _guard = new();
    private TaskCompletionSource? _hole;
    private TaskCompletionSource? _cut;
    private long _untilCut;

    /// <summary>How long a piece takes.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>How much passes in a second; 0 for all there is.</summary>
    public int BytesPerSecond { get; set; }

    /// <summary>How many of the server's bytes have come.</summary>
    public long Carried { get; private set; }

    public Task CutAfterAsync(long bytes)
    {
        lock (_guard)
        {
            _untilCut = bytes;
            _cut = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _cut.Task;
        }
    }

    public void Hold()
    {
        lock (_guard)
            _hole ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    public void Clear()
    {
        (Delay, BytesPerSecond) = (TimeSpan.Zero, 0);
        lock (_guard)
        {
            _cut = null;
            _hole?.TrySetResult();
            _hole = null;
        }
    }

    /// <summary>Waits as long as a piece of this size has to.</summary>
    public async Task PassAsync(int bytes, CancellationToken cancellationToken)
    {
        while (Hole() is { } hole)
            await hole.WaitAsync(cancellationToken).ConfigureAwait(false);
        var wait = Delay + (BytesPerSecond is > 0 and var rate ? TimeSpan.FromSeconds((double)bytes / rate) : TimeSpan.Zero);
        if (wait > TimeSpan.Zero)
            await Task.Delay(wait, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>How many of the server's next bytes pass before the cut, where one of them is the last.</summary>
    public int? CutWithin(int bytes)
    {
        lock (_guard)
        {
            Carried += bytes;
            if (_cut is null)
                return null;
            _untilCut -= bytes;
            if (_untilCut > 0)
                return null;
            _cut.SetResult();
            _cut = null;
            return (int)(_untilCut + bytes);
        }
    }

    private Task? Hole()
    {
        lock (_guard)
            return _hole?.Task;
    }
}
