using RemoteDispatch.Hosts;

namespace RemoteDispatch.Connections;

/// <summary>
/// Why a host cannot be reached, asked step by step. It begins when a connect has failed, or keeps us waiting; one that comes up
/// at once needs no explaining, and pays for none: no further program, no second connection to the server.
/// </summary>
internal sealed class Diagnosis
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly DispatchHost _host;
    private readonly ConnectionOptions _options;
    private readonly Task<SshSettings?> _settings;
    private readonly Task<PortLook?> _look;
    private readonly Task<(PreflightStatus Status, TimeSpan Took)?> _knock;

    private Diagnosis(DispatchHost host, ConnectionOptions options, bool knock, CancellationToken cancellationToken)
    {
        (_host, _options) = (host, options);
        _settings = IsBySsh(host) ? SshSettings.AskAsync(host.Address, options.SshOptions ?? SshOptions.FromEnvironment(), cancellationToken)
            : Task.FromResult<SshSettings?>(null);
        _look = LookAsync(cancellationToken);
        // A connect that comes up is its own proof that the port answers, and costs the server one connection and not two.
        _knock = knock ? KnockAsync(cancellationToken) : Task.FromResult<(PreflightStatus, TimeSpan)?>(null);
    }

    /// <summary>Begins to ask.</summary>
    /// <param name="host">The host.</param>
    /// <param name="options">How it is connected to.</param>
    /// <param name="knock">The connect is under way: is there anybody at the port?</param>
    /// <param name="cancellationToken">Ends the asking.</param>
    public static Diagnosis Begin(DispatchHost host, ConnectionOptions options, bool knock, CancellationToken cancellationToken) =>
        new(host, options, knock, cancellationToken);

    /// <summary>Is this a host that ssh connects to?</summary>
    public static bool IsBySsh(DispatchHost host) => host.Transport is Transport.Ssh or Transport.Tailscale;

    /// <summary>The failure with its true reason, its remedy, and the steps that led to it.</summary>
    /// <param name="failure">What the connect itself said.</param>
    /// <param name="elapsed">How long the connect took.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<DispatchException> ExplainAsync(DispatchException failure, TimeSpan elapsed, CancellationToken cancellationToken)
    {
        var settings = await WithinAsync(_settings, cancellationToken).ConfigureAwait(false);
        var look = await WithinAsync(_look, cancellationToken).ConfigureAwait(false);
        var explained = failure.Reason switch
        {
            FailureReason.NameNotResolved => Unnamed(failure, settings),
            FailureReason.ConnectTimedOut => await UnansweredAsync(failure, look).ConfigureAwait(false),
            FailureReason.AuthenticationFailed => await UnauthenticatedAsync(failure, settings, cancellationToken).ConfigureAwait(false),
            FailureReason.HostKeyUnknown => await UnvouchedAsync(failure, cancellationToken).ConfigureAwait(false),
            FailureReason.ConnectFailed when _host.Transport == Transport.Wsl => await Wsl.ExplainAsync(_host, failure, cancellationToken).ConfigureAwait(false),
            _ => failure,
        };
        return new DispatchException(explained.Reason, explained.Message, explained.Remedy, failure.InnerException)
        {
            Host = _host.Name,
            TaskId = failure.TaskId,
            Preflight = ConnectReport.Failed(_host, explained, settings, look, _knock.IsCompletedSuccessfully ? (await _knock.ConfigureAwait(false))?.Took : null, elapsed),
        };
    }

    private async Task<PortLook?> LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _settings.ConfigureAwait(false) is { } settings
                ? await PortLook.FindAsync(settings, _options, cancellationToken).ConfigureAwait(false) : null;
        }
        catch (OperationCanceledException)
        {
            // The connect came up, or its time is over: nobody asks any more.
            return null;
        }
    }

    private async Task<(PreflightStatus Status, TimeSpan Took)?> KnockAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (await _look.ConfigureAwait(false) is not { } look)
                return null;
            var start = _options.Time.GetTimestamp();
            return (await look.KnockAsync(cancellationToken).ConfigureAwait(false), _options.Time.GetElapsedTime(start));
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>A word that nothing knows is a misspelt name, and not a matter of the DNS.</summary>
    private DispatchException Unnamed(DispatchException failure, SshSettings? settings)
    {
        var isUnknown = _host.IsBareWord && (settings is null || settings.HostName.Equals(_host.Address.Host, StringComparison.OrdinalIgnoreCase));
        return !isUnknown ? failure : new DispatchException(
            FailureReason.HostNotFound, $"Host '{_host.Name}' is neither in the inventory nor in your ssh_config, and its name has no address.",
            "Check the spelling ('Get-DispatchHost', 'rdispatch hosts list'), or add it: Add-DispatchHost, 'rdispatch hosts add'.");
    }

    /// <summary>The time is over: was nobody at the port, or did somebody who then kept silent answer there?</summary>
    private async Task<DispatchException> UnansweredAsync(DispatchException failure, PortLook? look)
    {
        // Through a program of the user's nobody can tell.
        if (look is null)
            return failure;
        // What has no answer by the connect's own time limit has none: a host that swallows packets must not cost more.
        var knock = _knock.IsCompleted ? await _knock.ConfigureAwait(false) : (PreflightStatus.TcpUnreachable, TimeSpan.Zero);
        return knock is null or { Status: PreflightStatus.Ok } ? failure : new DispatchException(
            FailureReason.HostUnreachable, $"No connection to host '{_host.Name}': nothing answered on {look.Where} within {_options.ConnectTimeout.TotalSeconds:0.#} seconds.",
            "Is the host up, and are the network, the VPN and the firewalls between?");
    }

    /// <summary>Refused: what was there to be refused?</summary>
    private async Task<DispatchException> UnauthenticatedAsync(DispatchException failure, SshSettings? settings, CancellationToken cancellationToken)
    {
        if (settings is null || settings.HasOtherWay)
            return failure;
        var keys = settings.Agent is "" ? null : await SshAgent.CountKeysAsync(settings.Agent, cancellationToken).ConfigureAwait(false);
        var files = settings.IdentityFiles.Where(File.Exists).ToArray();
        // With a jump host it may be the jump that refused, with keys of its own: then nothing is said of what was at hand.
        return keys > 0 || files.Length > 0 || settings.Jump is not null ? failure : new DispatchException(
            FailureReason.AuthenticationUnavailable,
            $"No connection to host '{_host.Name}': there is nothing here to authenticate with: {(keys is null ? "no agent answers" : "the agent holds no key")}, and none of the key files is there.",
            $"Load a key into the agent ('ssh-add'), make one ('ssh-keygen'), or name one in ssh_config (IdentityFile). ssh looks for {string.Join(", ", settings.IdentityFiles.Take(3))}.");
    }

    /// <summary>An unknown key: which one is it? Where the host is pinned, it is not unknown but another one.</summary>
    private async Task<DispatchException> UnvouchedAsync(DispatchException failure, CancellationToken cancellationToken)
    {
        try
        {
            var shown = await HostKeyProbe.AskAsync(_host, _options with { ConnectTimeout = Patience }, cancellationToken).ConfigureAwait(false);
            return _host.HostKeyFingerprint is { } pin ? HostKeyFailure.Changed(_host, pin, shown.Fingerprint, failure) : HostKeyFailure.Unknown(_host, shown.Fingerprint, failure);
        }
        catch (DispatchException)
        {
            return failure;
        }
    }

    private async Task<T?> WithinAsync<T>(Task<T?> asked, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            return await asked.WaitAsync(Patience, _options.Time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }
}
