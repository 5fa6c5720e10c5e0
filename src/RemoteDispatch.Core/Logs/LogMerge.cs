using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace RemoteDispatch.Logs;

/// <summary>Makes one sequence of several, each of which stays in its order.</summary>
internal static class LogMerge
{
    /// <summary>One after the other.</summary>
    public static async IAsyncEnumerable<T> InTurn<T>(IEnumerable<IAsyncEnumerable<T>> sources, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var source in sources)
        {
            await foreach (var item in source.WithCancellation(cancellationToken).ConfigureAwait(false))
                yield return item;
        }
    }

    /// <summary>
    /// As they come, none before its turn: a source that has much waits until its last item was taken, so that the others get between.
    /// It ends behind the last item of all, and the first failure ends all.
    /// </summary>
    public static async IAsyncEnumerable<T> AsTheyCome<T>(IReadOnlyList<IAsyncEnumerable<T>> sources, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        // Who waits for room is let in in the order in which it came.
        var merged = Channel.CreateBounded<T>(1);
        var work = WorkAsync();
        try
        {
            await foreach (var item in merged.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
                yield return item;
        }
        finally
        {
            // Nobody listens any more: no source is left behind.
            await stop.CancelAsync().ConfigureAwait(false);
            await work.ConfigureAwait(false);
        }

        async Task WorkAsync()
        {
            await Task.WhenAll(sources.Select(PumpAsync)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            merged.Writer.TryComplete();
        }

        async Task PumpAsync(IAsyncEnumerable<T> source)
        {
            try
            {
                await foreach (var item in source.WithCancellation(stop.Token).ConfigureAwait(false))
                    await merged.Writer.WriteAsync(item, stop.Token).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                merged.Writer.TryComplete(e);
            }
        }
    }
}
