using RemoteDispatch.Hosts;

namespace RemoteDispatch.Connections;

/// <summary>Which of a host's channels: a flood of log must never delay a status.</summary>
internal enum ChannelUse
{
    /// <summary>Short requests.</summary>
    Control,

    /// <summary>Reading and collecting logs.</summary>
    Bulk,

    /// <summary>The one stream in which a host tells all that is followed; while nothing is, it serves as <see cref="Bulk"/> too.</summary>
    Feed,
}

/// <summary>
/// The open channels of this process: at most one per host and use, whoever asks, from whatever thread. They are opened
/// when they are needed, closed when nobody has used them for a while, and opened again after a loss.
/// </summary>
/// <param name="resident">The shell functions that a channel to this host, for this use, is taught.</param>
/// <param name="options">How to connect.</param>
internal sealed class ChannelPool(Func<DispatchHost, ChannelUse, string> resident, ConnectionOptions options) : IAsyncDisposable
{
    private readonly Dictionary<Place, ChannelSlot> _slots = [];
    private readonly Dictionary<Place, ContainerChoice> _settled = [];
    private readonly Lock _guard = new();
    private volatile bool _disposed;

    public ConnectionOptions Options { get; } = options;

    /// <summary>Makes the channels.</summary>
    public Connector Connector { get; } = new(options);

    /// <summary>
    /// Connects, where no channel is open yet, and says in which container, if any, work for this host happens: <c>auto</c>
    /// becomes a name or none. Whoever has come this far has sent nothing yet.
    /// </summary>
    /// <exception cref="DispatchException">The host cannot be reached, or it has more than one such container.</exception>
    public async Task<DispatchHost> SettleAsync(DispatchHost host, CancellationToken cancellationToken)
    {
        if (host.Container != ContainerChoice.Auto)
        {
            await OpenAsync(host, ChannelUse.Control, cancellationToken).ConfigureAwait(false);
            return host;
        }

        var auto = PlaceOf(host, ChannelUse.Control);
        var slot = SlotOf(auto);
        await slot.Opening.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            lock (_guard)
            {
                if (_settled.TryGetValue(auto, out var known)
                    && _slots.TryGetValue(auto with { Container = known }, out var used) && used.Channel is { IsOpen: true })
                {
                    return host with { Container = known };
                }
            }

            var channel = await ConnectAsync(host, ChannelUse.Control, cancellationToken).ConfigureAwait(false);
            var settled = host with { Container = channel.Container };
            await AdoptAsync(SlotOf(PlaceOf(settled, ChannelUse.Control)), channel).ConfigureAwait(false);
            lock (_guard)
                _settled[auto] = channel.Container;
            return settled;
        }
        finally
        {
            slot.Opening.Release();
        }
    }

    /// <summary>
    /// Sends a request and brings back its reply. Where a channel that was open before turns out to be dead, a new one
    /// is made and the request is sent again: every request of this library may be, since what it claims, it claims once.
    /// </summary>
    /// <param name="host">A settled host.</param>
    /// <param name="use">Which channel.</param>
    /// <param name="script">The shell text.</param>
    /// <param name="cancellationToken">Ends the wait; the request itself may still be carried out.</param>
    /// <exception cref="DispatchException">The host cannot be reached, or did not answer.</exception>
    public async Task<ChannelReply> RequestAsync(DispatchHost host, ChannelUse use, string script, CancellationToken cancellationToken)
    {
        if (use != ChannelUse.Control)
            use = FreeUse(host, use);
        // A stream may take it in the same moment.
        if (use == ChannelUse.Feed && await TryRequestAsync(host, use, script, cancellationToken).ConfigureAwait(false) is { } reply)
            return reply;
        return (await TryRequestAsync(host, use == ChannelUse.Feed ? ChannelUse.Bulk : use, script, cancellationToken).ConfigureAwait(false))!;
    }

    /// <summary>Null where the feed's channel has a stream to tell.</summary>
    private async Task<ChannelReply?> TryRequestAsync(DispatchHost host, ChannelUse use, string script, CancellationToken cancellationToken)
    {
        var slot = SlotOf(PlaceOf(host, use));
        slot.Begin();
        var start = Options.Time.GetTimestamp();
        try
        {
            var (channel, isNew) = await OpenAsync(host, use, cancellationToken).ConfigureAwait(false);
            try
            {
                return await AskAsync(channel).ConfigureAwait(false);
            }
            catch (DispatchException e) when (e.Reason == FailureReason.ConnectionLost && !isNew)
            {
                Tell(host, "reconnect", start, e.Message);
                (channel, _) = await OpenAsync(host, use, cancellationToken).ConfigureAwait(false);
                return await AskAsync(channel).ConfigureAwait(false);
            }
        }
        finally
        {
            slot.End(this);
        }

        async Task<ChannelReply?> AskAsync(HostChannel open) => use == ChannelUse.Feed
            ? await open.TryRequestAsync(script, Options.RequestTimeout, cancellationToken).ConfigureAwait(false)
            : await open.RequestAsync(script, Options.RequestTimeout, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc cref="HostChannel.StreamAsync"/>
    public async Task StreamAsync(
        DispatchHost host, string script, Func<ChannelStream, Task> read, CancellationToken leave, CancellationToken cancellationToken)
    {
        var slot = SlotOf(PlaceOf(host, ChannelUse.Feed));
        slot.Begin();
        try
        {
            var (channel, _) = await OpenAsync(host, ChannelUse.Feed, cancellationToken).ConfigureAwait(false);
            await channel.StreamAsync(script, read, leave, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            slot.End(this);
        }
    }

    /// <summary>Two hosts with the same key share one feed.</summary>
    public static object FeedKeyOf(DispatchHost host) => PlaceOf(host, ChannelUse.Feed);

    /// <summary>The steps of the connect behind the open channel of a host; empty where none is open.</summary>
    public IReadOnlyList<PreflightStep> PreflightOf(DispatchHost host) => SlotOf(PlaceOf(host, ChannelUse.Control)).Channel?.Preflight ?? [];

    /// <summary>Closes the channels of a host that nobody uses at this moment, and does not wait until they are idle for long.</summary>
    public async Task CloseUnusedAsync(DispatchHost host)
    {
        foreach (var use in Enum.GetValues<ChannelUse>())
        {
            ChannelSlot? slot;
            lock (_guard)
                _slots.TryGetValue(PlaceOf(host, use), out slot);
            if (slot is not null)
                await slot.CloseIdleAsync().ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        List<ChannelSlot> slots;
        lock (_guard)
        {
            _disposed = true;
            slots = [.. _slots.Values];
            _slots.Clear();
        }

        await Task.WhenAll(slots.Select(s => s.DisposeAsync().AsTask())).ConfigureAwait(false);
    }

    private async Task<(HostChannel Channel, bool IsNew)> OpenAsync(DispatchHost host, ChannelUse use, CancellationToken cancellationToken)
    {
        var slot = SlotOf(PlaceOf(host, use));
        if (slot.Channel is { IsOpen: true } open)
            return (open, false);
        await slot.Opening.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (slot.Channel is { IsOpen: true } meanwhile)
                return (meanwhile, false);
            if (slot.Channel is { } dead)
                await dead.DisposeAsync().ConfigureAwait(false);
            slot.Channel = await ConnectAsync(host, use, cancellationToken).ConfigureAwait(false);
            return (slot.Channel, true);
        }
        finally
        {
            slot.Opening.Release();
        }
    }

    /// <summary>Puts a channel that was opened for 'auto' into the place where it turned out to end; one that is there already stays.</summary>
    private async Task AdoptAsync(ChannelSlot home, HostChannel channel)
    {
        await home.Opening.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            var spare = home.Channel is { IsOpen: true } ? channel : home.Channel;
            if (spare != channel)
                home.Channel = channel;
            home.Begin();
            home.End(this);
            if (spare is not null)
                await spare.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            home.Opening.Release();
        }
    }

    /// <summary>What reads a log need not open a channel where the feed's has nothing to tell, and does not wait for it where it has.</summary>
    private ChannelUse FreeUse(DispatchHost host, ChannelUse use)
    {
        lock (_guard)
        {
            var feed = _slots.GetValueOrDefault(PlaceOf(host, ChannelUse.Feed))?.Channel;
            var bulk = _slots.GetValueOrDefault(PlaceOf(host, ChannelUse.Bulk))?.Channel;
            return feed is not { IsOpen: true } ? use : feed.IsStreaming || bulk is { IsOpen: true } ? ChannelUse.Bulk : ChannelUse.Feed;
        }
    }

    private async Task<HostChannel> ConnectAsync(DispatchHost host, ChannelUse use, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var channel = await Connector.ConnectAsync(host, resident(host, use), cancellationToken).ConfigureAwait(false);
        if (!_disposed)
            return channel;
        await channel.DisposeAsync().ConfigureAwait(false);
        throw new ObjectDisposedException(nameof(ChannelPool));
    }

    private void Tell(DispatchHost host, string step, long start, string detail) =>
        Options.Observer?.Invoke(new WorkStep(host.Name, step, Options.Time.GetElapsedTime(start), detail));

    private ChannelSlot SlotOf(Place place)
    {
        lock (_guard)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_slots.TryGetValue(place, out var slot))
                _slots[place] = slot = new ChannelSlot();
            return slot;
        }
    }

    private static Place PlaceOf(DispatchHost host, ChannelUse use) =>
        new(host.Transport, host.Address, host.Container, host.HostKeyFingerprint, host.ForwardAgent, use,
            use == ChannelUse.Feed ? host.WorkspaceRoot : null);

    // What makes two channels the same: where they end, and on which terms. The host's name here does not matter.
    private sealed record Place(
        Transport Transport, HostAddress Address, ContainerChoice Container, string? HostKeyFingerprint, bool ForwardAgent, ChannelUse Use,
        string? FeedRoot);
}
