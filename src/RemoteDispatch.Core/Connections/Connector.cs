using RemoteDispatch.Hosts;

namespace RemoteDispatch.Connections;

/// <summary>Makes a channel: checks the pin, connects, tries once more where that can help, and explains what did not work.</summary>
/// <param name="options">How to connect.</param>
internal sealed class Connector(ConnectionOptions options)
{
    private const int Attempts = 2;

    private static readonly TimeSpan LeastTime = TimeSpan.FromSeconds(1);

    // A connect that takes longer is worth a question of its own; most of them are there by then.
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(1.5);

    /// <summary>
    /// Connects, with a second attempt where the first failed for a reason that may pass. The time limit is for both: a host
    /// that swallows packets costs it once.
    /// </summary>
    /// <param name="host">The host.</param>
    /// <param name="resident">The shell functions that the channel is taught.</param>
    /// <param name="cancellationToken">Ends the attempts.</param>
    /// <exception cref="DispatchException">No connection; the reason, and the steps that led to it, say why.</exception>
    public async Task<HostChannel> ConnectAsync(DispatchHost host, string resident, CancellationToken cancellationToken)
    {
        var first = options.Time.GetTimestamp();
        for (var attempt = 1; ; attempt++)
        {
            var start = options.Time.GetTimestamp();
            var mayRetry = attempt < Attempts;
            try
            {
                return await ExplainedAsync(host, first, mayRetry, () => OpenAsync(host, resident, first, start, cancellationToken), cancellationToken).ConfigureAwait(false);
            }
            catch (DispatchException e) when (mayRetry && MayTryAgain(host, e, first))
            {
                Tell(host, "connect_retry", start, e.Message);
                await Task.Delay(options.RetryDelay, options.Time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>The key that a host shows, by the way that a connect would go.</summary>
    /// <exception cref="DispatchException">The host cannot be reached, explained as a connect is.</exception>
    public Task<HostKey> ReadKeyAsync(DispatchHost host, CancellationToken cancellationToken)
    {
        var first = options.Time.GetTimestamp();
        return ExplainedAsync(host, first, mayRetry: false, () => HostKeyProbe.AskAsync(host, options, cancellationToken), cancellationToken);
    }

    /// <summary>Does the work, and where it fails or is slow asks why. What is to be tried again is not explained yet.</summary>
    private async Task<T> ExplainedAsync<T>(DispatchHost host, long first, bool mayRetry, Func<Task<T>> work, CancellationToken cancellationToken)
    {
        using var asking = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Diagnosis? diagnosis = null;
        try
        {
            var working = work();
            if (Diagnosis.IsBySsh(host) && await Task.WhenAny(working, Task.Delay(Slow, options.Time, asking.Token)).ConfigureAwait(false) != working)
                diagnosis = Diagnosis.Begin(host, options, knock: true, asking.Token);
            return await working.ConfigureAwait(false);
        }
        catch (DispatchException e) when (!mayRetry || !MayTryAgain(host, e, first))
        {
            var explained = await (diagnosis ?? Diagnosis.Begin(host, options, knock: false, asking.Token))
                .ExplainAsync(e, options.Time.GetElapsedTime(first), cancellationToken).ConfigureAwait(false);
            Tell(host, "preflight_failed", first, $"status={ConnectReport.StatusOf(explained.Reason)}");
            throw explained;
        }
        finally
        {
            await asking.CancelAsync().ConfigureAwait(false);
        }
    }

    private async Task<HostChannel> OpenAsync(DispatchHost host, string resident, long first, long start, CancellationToken cancellationToken)
    {
        // Each step has what those before it left of the time.
        ConnectionOptions Left() => options with
        {
            ConnectTimeout = TimeSpan.FromTicks(Math.Max(1, (options.ConnectTimeout - options.Time.GetElapsedTime(first)).Ticks)),
        };
        if (host.HostKeyFingerprint is { } pin && Diagnosis.IsBySsh(host))
            await KnowPinAsync(host, pin, Left(), cancellationToken).ConfigureAwait(false);
        var route = await Route.FindAsync(host, Left(), cancellationToken).ConfigureAwait(false);
        var keys = Diagnosis.IsBySsh(host) ? SshAgent.CountKeysAsync(null, cancellationToken) : Task.FromResult<int?>(null);
        var channel = await HostChannel.OpenAsync(route, resident, Left(), cancellationToken).ConfigureAwait(false);
        // An agent that has not answered by now is not waited for: the connection is there.
        Report(channel, route, keys.IsCompletedSuccessfully ? await keys.ConfigureAwait(false) : null, start);
        return channel;
    }

    /// <summary>Is there to be a second attempt? What is left of the time must be enough for it.</summary>
    private bool MayTryAgain(DispatchHost host, DispatchException failure, long first) =>
        ConnectFailure.MayPass(failure.Reason) && options.Time.GetElapsedTime(first) + options.RetryDelay + LeastTime <= options.ConnectTimeout
        // A bare word that nothing knows is misspelt, and will be in two seconds too.
        && !(failure.Reason == FailureReason.NameNotResolved && host.IsBareWord);

    /// <summary>A pin is a fingerprint, and ssh wants the whole key: once, the host is asked for it, and it must be that one.</summary>
    private async Task KnowPinAsync(DispatchHost host, string pin, ConnectionOptions left, CancellationToken cancellationToken)
    {
        var pinned = new PinnedKeys(options.KnownHostsFile, options.Time);
        if (pinned.Has(pin))
            return;
        var shown = await HostKeyProbe.FindAsync(host, pin, left, cancellationToken).ConfigureAwait(false);
        if (shown.Fingerprint != pin)
            throw HostKeyFailure.Changed(host, pin, shown.Fingerprint);
        await pinned.AddAsync(shown, cancellationToken).ConfigureAwait(false);
    }

    private void Report(HostChannel channel, Route route, int? agentKeys, long start)
    {
        var host = route.Host with { Container = channel.Container };
        var (method, where) = ConnectReport.ReadAuthentication(channel.SaidBefore);
        var way = ConnectReport.Way(host, method, agentKeys);
        channel.Preflight = ConnectReport.Passed(host, route.IsByTailnet, channel.User, way, where, options.Time.GetElapsedTime(start));
        Tell(host, "preflight_ok", start, $"user={(channel.User.Length > 0 ? channel.User : "?")}{(way.Length > 0 ? $" auth={way}" : "")}");
    }

    private void Tell(DispatchHost host, string step, long start, string detail) =>
        options.Observer?.Invoke(new WorkStep(host.Name, step, options.Time.GetElapsedTime(start), detail));
}
