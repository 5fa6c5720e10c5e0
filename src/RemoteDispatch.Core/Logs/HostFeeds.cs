using RemoteDispatch.Hosts;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Logs;

/// <summary>The feeds of this process: one per host, whoever follows.</summary>
internal sealed class HostFeeds(WorkspaceClient workspaces) : IDisposable
{
    private readonly Dictionary<object, HostFeed> _feeds = [];

    /// <inheritdoc cref="HostFeed.FollowAsync"/>
    public IAsyncEnumerable<FeedNews> FollowAsync(DispatchHost host, string id, FeedWhat what, long offset, CancellationToken cancellationToken) =>
        FollowAsync(host, id, what, offset, null, cancellationToken);

    /// <inheritdoc cref="HostFeed.FollowAsync"/>
    public IAsyncEnumerable<FeedNews> FollowAsync(DispatchHost host, string id, FeedWhat what, long offset, Action? lost, CancellationToken cancellationToken)
    {
        lock (_feeds)
        {
            var key = WorkspaceClient.FeedKeyOf(host);
            if (!_feeds.TryGetValue(key, out var feed))
                _feeds[key] = feed = new HostFeed(workspaces, host);
            return feed.FollowAsync(id, what, offset, lost, cancellationToken);
        }
    }

    /// <summary>Ends all following.</summary>
    public void Dispose()
    {
        lock (_feeds)
        {
            foreach (var feed in _feeds.Values)
                feed.Dispose();
            _feeds.Clear();
        }
    }
}
