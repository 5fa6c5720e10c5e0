using RemoteDispatch.Connections;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Core.Tests.Connections;

/// <summary>Only a connect is tried again, twice in all, and never after a last word.</summary>
public sealed class ConnectTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    // The limit is for both attempts: a host that swallows packets costs it once.
    [Fact]
    public async Task Connect_that_nobody_answers_has_timed_out_when_its_time_is_over()
    {
        var clock = new ClockDouble();
        await using var pool = Pool(["sleep", "1000"], clock);
        var start = clock.GetUtcNow();
        var asked = pool.AskAsync(":");
        await clock.AdvanceUntilAsync(() => asked.IsCompleted, Cancel);
        var failure = await Refusal.OfAsync(FailureReason.ConnectTimedOut, () => asked);
        Assert.Contains("20 seconds", failure.Message, StringComparison.Ordinal);
        Assert.Equal(["preflight_failed"], pool.Steps);
        // And a second in which the process may end by itself.
        Assert.InRange((clock.GetUtcNow() - start).TotalSeconds, 20, 22);
    }

    [Fact]
    public async Task Connect_that_is_silent_at_the_second_attempt_has_what_the_first_left_of_the_time()
    {
        var clock = new ClockDouble();
        await using var pool = Pool(["sh", "-c", $"mkdir {_folder.Path}/once 2>/dev/null && exit 255; exec sleep 1000"], clock);
        var start = clock.GetUtcNow();
        var asked = pool.AskAsync(":");
        // The first fails by itself, at once: time moves on when it has, with the pause before the second.
        while (!pool.Steps.Contains("connect_retry"))
            await Task.Delay(1, Cancel);
        await clock.AdvanceUntilAsync(() => asked.IsCompleted, Cancel);
        await Refusal.OfAsync(FailureReason.ConnectTimedOut, () => asked);
        Assert.Equal(["connect_retry", "preflight_failed"], pool.Steps);
        Assert.Contains(TimeSpan.FromSeconds(2), clock.Pauses);
        Assert.Contains(TimeSpan.FromSeconds(18), clock.Pauses);
        Assert.InRange((clock.GetUtcNow() - start).TotalSeconds, 20, 22);
    }

    // Bug in Core (ChannelPool.ConnectAsync): where the pause ends later than it should (a busy machine, a laptop that slept), less than
    // nothing is left of the time, and an ArgumentOutOfRangeException comes instead of the failure. At -1 ms it would wait for ever.
    [Theory, InlineData(0), InlineData(1), InlineData(500)]
    public async Task Connect_whose_time_is_over_after_the_pause_fails_as_unreachable(int lateMilliseconds)
    {
        var clock = new ClockDouble();
        await using var pool = Pool(["sh", "-c", "exit 255"], clock);
        var asked = pool.AskAsync(":");
        while (!pool.Steps.Contains("connect_retry") || !clock.Pauses.Contains(TimeSpan.FromSeconds(2)))
            await Task.Delay(1, Cancel);
        clock.Jump(TimeSpan.FromSeconds(20) + TimeSpan.FromMilliseconds(lateMilliseconds));
        await clock.AdvanceUntilAsync(() => asked.IsCompleted, Cancel);
        var failure = await Assert.ThrowsAsync<DispatchException>(() => asked);
        Assert.True(ConnectFailure.MayPass(failure.Reason), failure.ToString());
    }

    [Theory]
    [InlineData("echo 'ssh: connect to host x port 22: Connection refused' >&2; exit 255", FailureReason.ConnectionRefused, 2)]
    [InlineData("echo 'Connection reset by peer' >&2; exit 255", FailureReason.ConnectFailed, 2)]
    [InlineData("exit 1", FailureReason.ConnectFailed, 2)]
    [InlineData("echo 'x@y: Permission denied (publickey).' >&2; exit 255", FailureReason.AuthenticationFailed, 1)]
    [InlineData("echo 'Host key verification failed.' >&2; exit 255", FailureReason.HostKeyUnknown, 1)]
    [InlineData("echo 'Host key for x has changed and' >&2; echo 'Host key verification failed.' >&2; exit 255", FailureReason.HostKeyChanged, 1)]
    public async Task Connect_that_fails_is_tried_twice_unless_it_was_the_last_word(string ssh, FailureReason reason, int attempts)
    {
        await using var pool = Pool(["sh", "-c", $"echo x >>{_folder.Path}/runs; {ssh}"]);
        var asked = pool.AskAsync(":");
        await Refusal.OfAsync(reason, () => asked);
        Assert.Equal(attempts, (await File.ReadAllLinesAsync(_folder.Path + "/runs", Cancel)).Length);
        Assert.Equal(attempts - 1, pool.Steps.Count(s => s == "connect_retry"));
    }

    [Fact]
    public async Task Connect_that_fails_once_goes_on_with_the_second()
    {
        await using var pool = Pool(["sh", "-c", $"mkdir {_folder.Path}/once 2>/dev/null && exit 255; exec sh"]);
        var asked = pool.AskAsync("echo here");
        Assert.Equal("here\n", (await asked).Text);
        Assert.Equal(["connect_retry", "preflight_ok"], pool.Steps);
    }

    [Theory, InlineData("no-such-program-anywhere"), InlineData("/no/such/program")]
    public async Task Connect_with_a_program_that_is_missing_names_it_and_is_not_tried_again(string program)
    {
        await using var pool = Pool([program, "-x"]);
        var failure = await Refusal.OfAsync(FailureReason.ClientMissing, () => pool.AskAsync(":"));
        Assert.Contains($"'{program}'", failure.Message, StringComparison.Ordinal);
        Assert.Equal(DispatchHost.LocalName, failure.Host);
        Assert.Equal(["preflight_failed"], pool.Steps);
    }

    [Fact]
    public async Task Connect_that_the_caller_gives_up_ends_at_once_and_leaves_no_process()
    {
        await using var pool = Pool(["sh", "-c", $"echo $$ >{_folder.Path}/pid; exec sleep 1000"]);
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var asked = pool.AskAsync(":", cancellationToken: leaving.Token);
        while (!File.Exists(_folder.Path + "/pid") || (await File.ReadAllTextAsync(_folder.Path + "/pid", Cancel)).Length == 0)
            await Task.Delay(5, Cancel);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        Assert.Empty(pool.Steps);
        var pid = (await File.ReadAllTextAsync(_folder.Path + "/pid", Cancel)).Trim();
        while (IsAlive(pid))
            await Task.Delay(5, Cancel);
    }

    private static bool IsAlive(string pid)
    {
        try
        {
            return !File.ReadAllText($"/proc/{pid}/stat").Contains(") Z ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            // It went, perhaps between the open and the read.
            return false;
        }
    }

    private static ObservedPool Pool(string[] shell, TimeProvider? time = null)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no POSIX shell.");
        var options = new ConnectionOptions { Shell = shell, ConnectTimeout = TimeSpan.FromSeconds(20) };
        // On the real clock the pause would only be waited for; on a double it is looked at.
        return new ObservedPool(time is null ? options with { RetryDelay = TimeSpan.FromMilliseconds(1) } : options with { Time = time });
    }
}
