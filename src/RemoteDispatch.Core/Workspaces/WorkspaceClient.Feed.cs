using System.Globalization;
using RemoteDispatch.Connections;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Workspaces;

/// <summary>What of a task is followed.</summary>
internal enum FeedWhat
{
    /// <summary>Its state alone: until it has ended.</summary>
    State,

    /// <summary>What it printed.</summary>
    Log,

    /// <summary>Its stderr, where that is kept apart.</summary>
    Error,

    /// <summary>What was told of it, as JSON lines.</summary>
    Events,
}

/// <summary>One thing to be followed, from an offset on.</summary>
internal sealed record FeedOrder(int Number, string Id, FeedWhat What, long Offset);

/// <summary>A piece of news.</summary>
/// <param name="Number">Of which order.</param>
/// <param name="Offset">The offset of the first byte in its file.</param>
/// <param name="Bytes">The bytes; none where only the state is news.</param>
/// <param name="Size">How long the file was.</param>
/// <param name="State">The state, looked at before the size; null where the file cannot be read.</param>
internal sealed record FeedNews(int Number, long Offset, ReadOnlyMemory<byte> Bytes, long Size, WorkspaceState? State);

internal sealed partial class WorkspaceClient
{
    // A piece of a record: small enough to be no large object, of which a flood would make the memory swell.
    private const int LargestPiece = 64 << 10;
    private const int MostPerTurn = 1 << 20;

    /// <summary>What a channel that follows is taught: it starts no task.</summary>
    internal static string FeedResident { get; } = ShellText.Load("process.sh") + ShellText.Load("host.sh") + ShellText.Load("feed.sh");

    /// <inheritdoc cref="ChannelPool.FeedKeyOf"/>
    public static object FeedKeyOf(DispatchHost host) => ChannelPool.FeedKeyOf(host);

    /// <summary>
    /// Has the host tell what is new, from now on, until all that was ordered has ended or the caller leaves. Nobody asks again meanwhile:
    /// while nothing happens nothing is sent.
    /// </summary>
    /// <param name="host">The host.</param>
    /// <param name="orders">What to follow.</param>
    /// <param name="take">Takes the news, in order. The host waits while it does.</param>
    /// <param name="leave">Leave off; what is under way still comes.</param>
    /// <param name="cancellationToken">Ends a connect, or the wait for the channel.</param>
    /// <exception cref="DispatchException">The connection is lost or cannot be made; what is left can be ordered again at its offset.</exception>
    public Task FeedAsync(
        DispatchHost host, IReadOnlyList<FeedOrder> orders, Func<FeedNews, ValueTask> take, CancellationToken leave, CancellationToken cancellationToken)
    {
        // In turns, so that a flood of one leaves room for the others.
        var call = ShellCall.To("rd_feed").With(Root(host)).With(Math.Max(LargestPiece, MostPerTurn / Math.Max(1, orders.Count)));
        foreach (var order in orders)
            call.With(order.Number).With(order.Id).With(Word(order.What)).With(order.Offset);
        return _pool.StreamAsync(host, WithAgent(host, call.ToString()), stream => ReadFeedAsync(host, stream, take), leave, cancellationToken);
    }

    private static async Task ReadFeedAsync(DispatchHost host, ChannelStream stream, Func<FeedNews, ValueTask> take)
    {
        while (await stream.ReadLineAsync().ConfigureAwait(false) is { } line)
        {
            if (line.StartsWith("refused ", StringComparison.Ordinal))
                throw Refused(host, line);
            var words = line.Split(' ', 5);
            if (words.Length < 5)
                throw new FormatException($"The host's feed holds the line {Text.Show(line)}.");
            var (number, offset, left, size) = ((int)Number(words[0]), Number(words[1]), Number(words[2]), Number(words[3]));
            var state = words[4] == "unreadable" ? null : WorkspaceState.ParseOrUnreadable(words[4]);
            do
            {
                ReadOnlyMemory<byte> bytes = left == 0 ? default : await stream.ReadSomeAsync((int)Math.Min(left, LargestPiece)).ConfigureAwait(false);
                await take(new FeedNews(number, offset, bytes, size, state)).ConfigureAwait(false);
                offset += bytes.Length;
                left -= bytes.Length;
            }
            while (left > 0);
        }
    }

    private static long Number(string word) => long.Parse(word, NumberStyles.None, CultureInfo.InvariantCulture);

    internal static string Word(FeedWhat what) => what switch
    {
        FeedWhat.Log => "log",
        FeedWhat.Error => "error",
        FeedWhat.Events => "events",
        _ => "state",
    };
}
