namespace RemoteDispatch.Core.Tests;

/// <summary>Who follows or waits outlasts a lost connection, more and more slowly, and says so once.</summary>
public sealed class PatienceTests
{
    private readonly ClockDouble _clock = new();
    private readonly List<WorkStep> _told = [];
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private Patience Patience => new(_clock, _told.Add);

    [Fact]
    public async Task Ask_that_is_answered_waits_for_nothing_and_tells_nothing()
    {
        Assert.Equal(7, await Patience.AskAsync(() => Task.FromResult(7), Cancel));
        Assert.Empty(_clock.Pauses);
        Assert.Empty(_told);
    }

    [Fact]
    public async Task Ask_that_fails_is_asked_again_after_1_2_4_and_at_most_30_seconds_and_tells_it_once()
    {
        var asked = 0;
        var answer = Patience.AskAsync(() => asked++ < 8 ? throw Failure(FailureReason.ConnectionLost) : Task.FromResult(asked), Cancel);
        await _clock.AdvanceUntilAsync(() => answer.IsCompleted, Cancel);
        Assert.Equal(9, await answer);
        Assert.Equal([1, 2, 4, 8, 16, 30, 30, 30], _clock.Pauses.Select(p => p.TotalSeconds));
        var step = Assert.Single(_told);
        Assert.Equal(("gpu1", "waiting", "it is gone"), (step.Host, step.Name, step.Detail));
    }

    [Fact]
    public async Task Ask_after_an_answer_begins_with_a_second_and_tells_again()
    {
        var patience = Patience;
        for (var round = 0; round < 2; round++)
        {
            var asked = 0;
            var answer = patience.AskAsync(() => asked++ < 2 ? throw Failure(FailureReason.RequestTimedOut) : Task.FromResult(asked), Cancel);
            await _clock.AdvanceUntilAsync(() => answer.IsCompleted, Cancel);
            await answer;
        }

        Assert.Equal([1, 2, 1, 2], _clock.Pauses.Select(p => p.TotalSeconds));
        Assert.Equal(2, _told.Count);
    }

    [Fact]
    public async Task Ask_that_fails_for_good_is_not_asked_again()
    {
        var asked = 0;
        await Refusal.OfAsync(FailureReason.AuthenticationFailed, () => Patience.AskAsync<int>(() => ++asked > 0 ? throw Failure(FailureReason.AuthenticationFailed) : null!, Cancel));
        Assert.Equal(1, asked);
        Assert.Empty(_clock.Pauses);
    }

    [Fact]
    public async Task Ask_that_the_caller_gives_up_ends_in_its_pause()
    {
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var answer = Patience.AskAsync<int>(() => throw Failure(FailureReason.HostUnreachable), leaving.Token);
        Assert.False(answer.IsCompleted);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
    }

    [Fact]
    public void MayPass_holds_for_exactly_what_a_network_does() =>
        Assert.Equal(
            [FailureReason.HostNotFound, FailureReason.NameNotResolved, FailureReason.ConnectionRefused, FailureReason.HostUnreachable, FailureReason.ConnectTimedOut, FailureReason.ConnectFailed, FailureReason.ConnectionLost, FailureReason.RequestTimedOut],
            Enum.GetValues<FailureReason>().Where(Passes));

    private static bool Passes(FailureReason reason) => RemoteDispatch.Patience.MayPass(reason);

    private static DispatchException Failure(FailureReason reason) => new(reason, "it is gone", "wait") { Host = "gpu1" };
}
