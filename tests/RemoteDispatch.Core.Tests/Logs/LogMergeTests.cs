using RemoteDispatch.Logs;

namespace RemoteDispatch.Core.Tests.Logs;

/// <summary>Several sequences as one: each in its order, none before its turn, and nothing left behind.</summary>
public sealed class LogMergeTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_source_stays_in_order_and_all_items_come()
    {
        var items = await LogMerge.AsTheyCome([Count("a", 1000), Count("b", 1000), Count("c", 0)], Cancel).ToListAsync(Cancel);
        foreach (var name in (string[])["a", "b"])
            Assert.Equal(Enumerable.Range(0, 1000), items.Where(i => i.Name == name).Select(i => i.Number));
        Assert.Equal(2000, items.Count);
    }

    [Fact]
    public async Task Source_without_an_end_lets_the_others_between()
    {
        var seen = 0;
        await foreach (var (name, _) in LogMerge.AsTheyCome([Count("flood", int.MaxValue), Count("b", 5)], Cancel))
        {
            if (name == "b" && ++seen == 5)
                break;
        }

        Assert.Equal(5, seen);
    }

    [Fact]
    public async Task Failure_of_one_source_ends_all_behind_what_had_come()
    {
        var ended = new TaskCompletionSource();
        var failure = await Assert.ThrowsAsync<DispatchException>(async () =>
        {
            await foreach (var _ in LogMerge.AsTheyCome([Wait(ended, Cancel), Fail()], Cancel))
            {
            }
        });
        Assert.Equal(FailureReason.TaskNotFound, failure.Reason);
        await ended.Task.WaitAsync(Cancel);
    }

    [Fact]
    public async Task Listener_that_leaves_leaves_no_source_behind()
    {
        var ended = new TaskCompletionSource();
        await foreach (var _ in LogMerge.AsTheyCome([Wait(ended, Cancel), Count("a", 1)], Cancel))
            break;
        Assert.True(ended.Task.IsCompleted);
    }

    [Fact]
    public async Task Cancelling_ends_it()
    {
        using var stop = new CancellationTokenSource();
        var ended = new TaskCompletionSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in LogMerge.AsTheyCome([Wait(ended, Cancel), Count("a", 1)], stop.Token))
                await stop.CancelAsync();
        });
        Assert.True(ended.Task.IsCompleted);
    }

    private static async IAsyncEnumerable<(string Name, int Number)> Count(string name, int count)
    {
        for (var i = 0; i < count; i++)
        {
            await Task.Yield();
            yield return (name, i);
        }
    }

    private static async IAsyncEnumerable<(string Name, int Number)> Fail()
    {
        await Task.Yield();
        yield return ("fail", 1);
        throw new DispatchException(FailureReason.TaskNotFound, "gone", "look");
    }

    private static async IAsyncEnumerable<(string Name, int Number)> Wait(
        TaskCompletionSource ended, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            yield break;
        }
        finally
        {
            ended.SetResult();
        }
    }
}
