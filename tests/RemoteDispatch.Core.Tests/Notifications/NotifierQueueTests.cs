using RemoteDispatch.Notifications;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Core.Tests.Notifications;

/// <summary>Each change is tried until it is told or given up, in order, and in nobody's way.</summary>
public sealed class NotifierQueueTests
{
    private readonly ClockDouble _clock = new();
    private readonly List<string> _warnings = [];
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Change_is_tried_again_with_growing_pauses_until_it_is_told()
    {
        var notifier = new NotifierDouble(n => n < 5 ? new Delivery("it is busy") { MayPass = true } : Delivery.Done);
        await using var queue = new NotifierQueue(notifier, _clock, _warnings.Add);
        var done = queue.Add(Changes.Ended());
        await _clock.AdvanceUntilAsync(() => done.IsCompleted, Cancel);
        Assert.True(await done);
        Assert.Equal([1, 2, 4, 8], Pauses);
        Assert.Empty(_warnings);
    }

    [Fact]
    public async Task Target_that_asks_to_be_left_alone_is()
    {
        var notifier = new NotifierDouble(n => n == 1 ? new Delivery("too many") { MayPass = true, RetryAfter = TimeSpan.FromSeconds(40) } : Delivery.Done);
        await using var queue = new NotifierQueue(notifier, _clock, _warnings.Add);
        var done = queue.Add(Changes.Ended());
        await _clock.AdvanceUntilAsync(() => done.IsCompleted, Cancel);
        Assert.Equal([40], Pauses);
    }

    [Theory, InlineData(false, 1), InlineData(true, 8)]
    public async Task Change_that_cannot_be_told_is_given_up_with_one_warning_and_the_next_one_is_told(bool mayPass, int attempts)
    {
        var notifier = new NotifierDouble(n => n <= attempts ? new Delivery("'hooks.example' answered 500") { MayPass = mayPass } : Delivery.Done);
        await using var queue = new NotifierQueue(notifier, _clock, _warnings.Add);
        var (first, second) = (queue.Add(Changes.Ended("a")), queue.Add(Changes.Ended("b")));
        await _clock.AdvanceUntilAsync(() => second.IsCompleted, Cancel);
        Assert.True(await first && await second);
        Assert.Equal([.. Enumerable.Repeat("a", attempts), "b"], notifier.Told);
        Assert.Contains("'hooks.example' answered 500", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Change_that_was_not_told_when_the_end_came_is_left_to_somebody_else()
    {
        var notifier = new NotifierDouble(_ => new Delivery("it is busy") { MayPass = true });
        var queue = new NotifierQueue(notifier, _clock, _warnings.Add);
        var (first, second) = (queue.Add(Changes.Ended("a")), queue.Add(Changes.Ended("b")));
        while (notifier.Told.Count == 0)
            await Task.Delay(1, Cancel);
        await queue.DisposeAsync();
        Assert.False(await first);
        Assert.False(await second);
        Assert.False(await queue.Add(Changes.Ended("c")));
        Assert.Empty(_warnings);
    }

    [Fact]
    public async Task Notifier_that_throws_is_a_warning_without_its_words()
    {
        var notifier = new NotifierDouble(_ => throw new InvalidOperationException("https://hooks.example/topsecret"));
        await using var queue = new NotifierQueue(notifier, _clock, _warnings.Add);
        Assert.True(await queue.Add(Changes.Ended()));
        Assert.DoesNotContain("topsecret", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Attempt_that_hangs_is_given_up_after_its_time()
    {
        var notifier = new NotifierDouble(n => n == 1 ? null : Delivery.Done);
        await using var queue = new NotifierQueue(notifier, _clock, _warnings.Add);
        var done = queue.Add(Changes.Ended());
        await _clock.AdvanceUntilAsync(() => done.IsCompleted, Cancel);
        Assert.Equal(["build-17", "build-17"], notifier.Told);
    }

    // But for the limits of the attempts.
    private IEnumerable<double> Pauses => _clock.Pauses.Select(p => p.TotalSeconds).Where(s => s is not 30);

    /// <summary>A double: it answers what the test says, by the number of the attempt; null is never.</summary>
    private sealed class NotifierDouble(Func<int, Delivery?> answer) : INotifier
    {
        private readonly List<string> _told = [];

        public string Name => "The double";

        public IReadOnlyList<string> Told
        {
            get
            {
                lock (_told)
                    return [.. _told];
            }
        }

        public Task<Delivery> NotifyAsync(TaskChange change, CancellationToken cancellationToken)
        {
            int count;
            lock (_told)
            {
                _told.Add(change.Id!);
                count = _told.Count;
            }

            return answer(count) is { } now ? Task.FromResult(now) : new TaskCompletionSource<Delivery>().Task;
        }
    }
}
