namespace RemoteDispatch.Fleet;

/// <summary>Waiting for something that can only be looked at.</summary>
internal static class Condition
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(5);

    /// <summary>Looks until <paramref name="holds"/> says yes.</summary>
    /// <exception cref="TimeoutException">It did not within <paramref name="limit"/>.</exception>
    public static async Task WaitAsync(
        Func<CancellationToken, Task<bool>> holds, string what, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bounded.CancelAfter(limit);
        try
        {
            while (!await holds(bounded.Token).ConfigureAwait(false))
                await Task.Delay(BetweenLooks, bounded.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"Not within {limit.TotalSeconds:0.#} s: {what}.");
        }
    }

    public static Task WaitAsync(Func<bool> holds, string what, TimeSpan limit, CancellationToken cancellationToken) =>
        WaitAsync(_ => Task.FromResult(holds()), what, limit, cancellationToken);
}
