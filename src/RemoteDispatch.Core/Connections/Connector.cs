using RemoteDispatch.Hosts;

namespace RemoteDispatch.Connections;

/// <summary>Makes a channel: checks the pin, connects, tries once more where that can help, and explains what did not work.</summary>
/// <param name="resident">The shell functions that every channel is taught.</param>
/// <param name="options">How to connect.</param>
internal sealed class Connector(string resident, ConnectionOptions options)
{
    private const int Attempts = 2;

    private static readonly TimeSpan LeastTime = TimeSpan.FromSeconds(1);

    // A connect that takes longer is worth a question of its own; most of them are there by then.
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(1.5);

    /// <summary>
    /// Connects, with a second attempt where the first failed for a reason that may pass. The time limit is for both: a host
    /// that swallows packets costs it once.
    /// </summary>
    /// <exception cref="DispatchException">No connection; the reason, and the steps that led to it, say why.</exception>
    public async Task<HostChannel> ConnectAsync(DispatchHost host, CancellationToken cancellationToken)
    {
        var first = options.Time.GetTimestamp();
        for (var attempt = 1; ; attempt++)
        {
            var start = options.Time.GetTimestamp();
            var left = options with { ConnectTimeout = options.ConnectTimeout - options.Time.GetElapsedTime(first) };
            using var asking = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            Diagnosis? diagnosis = null;
            try
            {
                return await AttemptAsync().ConfigureAwait(false);
            }
            catch (DispatchException e)
            {
                if (await MayTryAgainAsync(host, e, attempt, first, start, cancellationToken).ConfigureAwait(false))
                    continue;
                var explained = await (diagnosis ?? Diagnosis.Begin(host, options, knock: false, asking.Token))
                    .ExplainAsync(e, options.Time.GetElapsedTime(first), cancellationToken).ConfigureAwait(false);
                Tell(host, "preflight_failed", first, $"status={ConnectReport.StatusOf(explained.Reason)}");
                throw explained;
            }
            finally
            {
                await asking.CancelAsync().ConfigureAwait(false);
            }

            async Task<HostChannel> AttemptAsync()
            {
                await KnowPinAsync(host, left, cancellationToken).ConfigureAwait(false);
                var route = await Route.FindAsync(host, left, cancellationToken).ConfigureAwait(false);
                var keys = Diagnosis.IsBySsh(host) ? SshAgent.CountKeysAsync(null, asking.Token) : Task.FromResult<int?>(null);
                var opening = HostChannel.OpenAsync(route, resident, left, cancellationToken);
                if (Diagnosis.IsBySsh(host) && await Task.WhenAny(opening, Task.Delay(Slow, options.Time, asking.Token)).ConfigureAwait(false) != opening)
                    diagnosis = Diagnosis.Begin(host, options, knock: true, asking.Token);
                var channel = await opening.ConfigureAwait(false);
                Report(channel, host, await keys.ConfigureAwait(false), start);
                return channel;
            }
        }
    }

    /// <summary>Waits for the second attempt, where there is to be one: what is left of the time must be enough for it.</summary>
    private async Task<bool> MayTryAgainAsync(DispatchHost host, DispatchException failure, int attempt, long first, long start, CancellationToken cancellationToken)
    {
        if (attempt == Attempts || !ConnectFailure.MayPass(failure.Reason) || options.Time.GetElapsedTime(first) + options.RetryDelay + LeastTime > options.ConnectTimeout)
            return false;
        Tell(host, "connect_retry", start, failure.Message);
        await Task.Delay(options.RetryDelay, options.Time, cancellationToken).ConfigureAwait(false);
        // A pause can end late: this machine may have slept.
        return options.Time.GetElapsedTime(first) < options.ConnectTimeout;
    }

    /// <summary>A pin is a fingerprint, and ssh wants the whole key: once, the host is asked for it, and it must be that one.</summary>
    private async Task KnowPinAsync(DispatchHost host, ConnectionOptions left, CancellationToken cancellationToken)
    {
        if (host.HostKeyFingerprint is not { } pin || !Diagnosis.IsBySsh(host))
            return;
        var pinned = new PinnedKeys(options.KnownHostsFile);
        if (pinned.Has(pin))
            return;
        var shown = await HostKeyProbe.FindAsync(host, pin, left, cancellationToken).ConfigureAwait(false);
        if (shown.Fingerprint != pin)
            throw HostKeyFailure.Changed(host, pin, shown.Fingerprint);
        pinned.Add(shown);
    }

    private void Report(HostChannel channel, DispatchHost host, int? agentKeys, long start)
    {
        var (method, where) = ConnectReport.ReadAuthentication(channel.SaidBefore);
        var way = ConnectReport.Way(host, method, agentKeys);
        channel.Preflight = ConnectReport.Passed(host with { Container = channel.Container }, channel.User, way, where, options.Time.GetElapsedTime(start));
        Tell(host, "preflight_ok", start, $"user={(channel.User.Length > 0 ? channel.User : "?")}{(way.Length > 0 ? $" auth={way}" : "")}");
    }

    private void Tell(DispatchHost host, string step, long start, string detail) =>
        options.Observer?.Invoke(new WorkStep(host.Name, step, options.Time.GetElapsedTime(start), detail));
}
