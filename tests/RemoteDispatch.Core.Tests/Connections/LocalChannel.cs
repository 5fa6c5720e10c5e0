using System.Collections.Concurrent;
using RemoteDispatch.Connections;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Core.Tests.Connections;

/// <summary>Channels and pools that end in this machine's own shell.</summary>
internal static class LocalChannel
{
    public static async Task<HostChannel> OpenAsync(ConnectionOptions options, string resident = "")
    {
        var cancel = TestContext.Current.CancellationToken;
        return await HostChannel.OpenAsync(await Route.FindAsync(DispatchHost.Local, options, cancel), resident, options, cancel);
    }

    public static Task<HostChannel> OpenAsync(string shell) => OpenAsync(Shells.Options(shell));
}

/// <summary>A pool of channels to this machine, and what it tells of its steps.</summary>
internal sealed class ObservedPool : IAsyncDisposable
{
    private readonly ConcurrentQueue<WorkStep> _steps = [];

    public ObservedPool(ConnectionOptions options) => Pool = new ChannelPool((_, _) => "", options with { Observer = _steps.Enqueue });

    public ObservedPool(TimeProvider? time = null)
        : this(Shells.Options("dash") with { Time = time ?? TimeProvider.System, RequestTimeout = TimeSpan.FromSeconds(60) })
    {
    }

    public ChannelPool Pool { get; }

    public IReadOnlyList<string> Steps => [.. _steps.Select(s => s.Name)];

    public int Connects => Steps.Count(s => s == "preflight_ok");

    public Task<ChannelReply> AskAsync(string script, ChannelUse use = ChannelUse.Control, CancellationToken? cancellationToken = null) =>
        Pool.RequestAsync(DispatchHost.Local, use, script, cancellationToken ?? TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => Pool.DisposeAsync();
}
