using RemoteDispatch.Hosts;

namespace RemoteDispatch.Connections;

/// <summary>The whole way to a host's shell: the command line of the process to start, and the container to enter from there.</summary>
internal sealed record Route(DispatchHost Host, IReadOnlyList<string> CommandLine, ContainerChoice Container)
{
    private static readonly string[] Shell = ["sh"];

    /// <summary>Is it tailscale that makes the connection?</summary>
    public bool IsByTailnet => CommandLine[0] == "tailscale";

    /// <summary>Finds the way.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.ClientMissing"/>: this machine has nothing that could go there.</exception>
    public static async Task<Route> FindAsync(DispatchHost host, ConnectionOptions options, CancellationToken cancellationToken)
    {
        var hop = await FirstHopAsync(host, options, cancellationToken).ConfigureAwait(false);
        return new Route(host, hop.Wrap(options.Shell ?? Shell), host.Container);
    }

    /// <summary>The command line that runs a command at the host, or in its container, with this process's terminal.</summary>
    /// <param name="host">The host, with its container settled.</param>
    /// <param name="command">The command, a word each.</param>
    /// <param name="options">How connections are made.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="DispatchException"><see cref="FailureReason.ClientMissing"/>.</exception>
    public static async Task<IReadOnlyList<string>> InTerminalAsync(
        DispatchHost host, IReadOnlyList<string> command, ConnectionOptions options, CancellationToken cancellationToken)
    {
        var hop = await FirstHopAsync(host, options, cancellationToken).ConfigureAwait(false);
        return hop.Wrap(host.Container.Name is { } container ? ContainerEntry.InTerminal(container, command) : command, hasTerminal: true);
    }

    private static async Task<Hop> FirstHopAsync(DispatchHost host, ConnectionOptions options, CancellationToken cancellationToken)
    {
        // A pin switches off what an older ssh does not know by name.
        if (host.HostKeyFingerprint is not null)
            options = options with { HasKnownHostsCommand = await SshSettings.KnowsKnownHostsCommandAsync(cancellationToken).ConfigureAwait(false) };
        switch (host.Transport)
        {
            case Transport.Local when OperatingSystem.IsWindows():
                throw new DispatchException(
                    FailureReason.ClientMissing, "Windows itself has no POSIX shell to run a task in.",
                    "Add a WSL distribution: Add-DispatchHost ubuntu Ubuntu -Transport Wsl.") { Host = host.Name };
            case Transport.Local:
                return new LocalHop();
            case Transport.Wsl:
                return new WslHop(host.Address.Host, host.Address.User);
            case Transport.Tailscale:
                var tailnet = await Tailnet.AskAsync(host.Address.Host, cancellationToken).ConfigureAwait(false);
                if (!tailnet.IsUp)
                {
                    // Without this an address of the tailnet would swallow packets until the time limit.
                    throw new DispatchException(
                        FailureReason.AuthenticationUnavailable, $"No connection to host '{host.Name}': the tailnet is not up here (tailscale says {tailnet.State}).",
                        "Connect with 'tailscale up'.") { Host = host.Name };
                }

                // 'tailscale ssh' knows no other port than its own, and checks keys by the tailnet's word, which a pin does not take.
                return tailnet.OffersSsh && host.Address.Port is null or 22 && host.HostKeyFingerprint is null
                    ? new TailscaleHop(host, options) : new SshHop(host, options);
            default:
                return new SshHop(host, options);
        }
    }
}
