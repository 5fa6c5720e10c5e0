namespace RemoteDispatch.Core.Tests;

/// <summary>A double of the clock: its time stands still until a test moves it, and it remembers every timer that was asked of it.</summary>
internal sealed class ClockDouble(DateTimeOffset? start = null) : TimeProvider
{
    private readonly Lock _guard = new();
    private readonly List<TimerDouble> _timers = [];
    private readonly List<TimeSpan> _pauses = [];
    private DateTimeOffset _now = start ?? new DateTimeOffset(2026, 2, 21, 10, 0, 0, TimeSpan.Zero);

    /// <summary>The due times of all timers that were ever set, in their order.</summary>
    public IReadOnlyList<TimeSpan> Pauses
    {
        get
        {
            lock (_guard)
                return [.. _pauses];
        }
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_guard)
            return _now;
    }

    public override long GetTimestamp() => GetUtcNow().UtcTicks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new TimerDouble(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves the time on, and calls each timer at its own moment on this thread.</summary>
    public void Advance(TimeSpan span)
    {
        var target = GetUtcNow() + span;
        while (NextUntil(target) is { } timer)
            timer.Fire();
        lock (_guard)
            _now = target;
    }

    /// <summary>Moves the time on as it is when the machine slept: every timer that was due meanwhile is late.</summary>
    public void Jump(TimeSpan span)
    {
        lock (_guard)
            _now += span;
    }

    /// <summary>Moves the time from timer to timer, until something has happened that does not depend on time alone.</summary>
    public async Task AdvanceUntilAsync(Func<bool> condition, CancellationToken cancellationToken)
    {
        while (!condition())
        {
            if (NextUntil(DateTimeOffset.MaxValue) is { } timer)
                timer.Fire();
            await Task.Delay(1, cancellationToken);
        }
    }

    private TimerDouble? NextUntil(DateTimeOffset target)
    {
        lock (_guard)
        {
            var next = _timers.Where(t => t.Due <= target).MinBy(t => t.Due);
            if (next is null)
                return null;
            _now = next.Due > _now ? next.Due : _now;
            _timers.Remove(next);
            return next;
        }
    }

    private sealed class TimerDouble(ClockDouble clock, TimerCallback callback, object? state) : ITimer
    {
        public DateTimeOffset Due { get; private set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Assert.Equal(Timeout.InfiniteTimeSpan, period);
            lock (clock._guard)
            {
                clock._timers.Remove(this);
                if (dueTime == Timeout.InfiniteTimeSpan)
                    return true;
                Due = clock._now + dueTime;
                clock._timers.Add(this);
                clock._pauses.Add(dueTime);
            }

            return true;
        }

        public void Dispose()
        {
            lock (clock._guard)
                clock._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
