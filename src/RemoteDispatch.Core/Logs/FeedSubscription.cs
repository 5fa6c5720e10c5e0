using System.Runtime.CompilerServices;
using System.Threading.Channels;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Logs;

/// <summary>One follower's place in a host's feed: what has come for it and has not been taken yet, of which it holds no more than a little.</summary>
internal sealed class FeedSubscription(string id, FeedWhat what, long offset)
{
    private const int Most = 1 << 20;

    private readonly Lock _guard = new();
    private readonly Channel<FeedNews> _news = Channel.CreateUnbounded<FeedNews>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
    private TaskCompletionSource? _room;
    private int _held;

    public string Id => id;

    public FeedWhat What => what;

    /// <summary>The offset at which it began.</summary>
    public long First { get; } = offset;

    /// <summary>Hears of a connection that was lost, or cannot be made again yet.</summary>
    public Action? Lost { get; init; }

    /// <summary>The offset of the next byte that it wants.</summary>
    public long Next { get; private set; } = offset;

    /// <summary>Left out of the feed until its reader has caught up: the others shall not wait for it.</summary>
    public bool IsParked { get; private set; }

    /// <summary>Nothing more is wanted, or will come.</summary>
    public bool IsDone { get; set; }

    /// <summary>Can more be taken? Else this task ends when it can.</summary>
    public Task RoomAsync()
    {
        lock (_guard)
            return _held < Most ? Task.CompletedTask : (_room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
    }

    /// <summary>Leaves it out, unless there is room again by now.</summary>
    public bool TryPark()
    {
        lock (_guard)
            return IsParked = _held >= Most;
    }

    /// <summary>Takes a piece that begins where the last one ended.</summary>
    public void Take(FeedNews news)
    {
        lock (_guard)
            _held += news.Bytes.Length;
        Next = news.Offset + news.Bytes.Length;
        _news.Writer.TryWrite(news);
    }

    public void End(Exception? failure = null)
    {
        IsDone = true;
        _news.Writer.TryComplete(failure);
    }

    /// <summary>What comes, in order.</summary>
    /// <param name="resumed">Is called when a parked subscription has room again.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async IAsyncEnumerable<FeedNews> ReadAsync(Action resumed, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var news in _news.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            yield return news;
            var wasParked = false;
            lock (_guard)
            {
                _held -= news.Bytes.Length;
                if (_held > Most / 2)
                    continue;
                _room?.TrySetResult();
                _room = null;
                (wasParked, IsParked) = (IsParked, false);
            }

            if (wasParked)
                resumed();
        }
    }
}
