using System.Diagnostics;
using System.Net;

namespace RemoteDispatch.Fleet;

/// <summary>A host of a plain fleet: one sshd on a loopback address of this machine. Call its operations one at a time.</summary>
public sealed class FleetHost : SshHost
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private Process? _listener;

    internal FleetHost(string name, IPAddress address, int port, HostFiles files)
        : base(name, address.ToString(), port, Environment.UserName, files.Home, files) => EndPoint = new IPEndPoint(address, port);

    /// <summary>Where its sshd listens.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>Whether its sshd is there to accept a connection.</summary>
    public bool IsListening => _listener is { HasExited: false };

    /// <summary>Starts sshd, on the same port and with the same key as before; returns when it greets.</summary>
    /// <exception cref="InvalidOperationException">It runs already, or it ended at once; then the message holds its log.</exception>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        if (IsListening)
            throw new InvalidOperationException($"{this} is listening already.");
        _listener?.Dispose();
        var listener = Command.Start(Tools.Require("sshd"), ["-D", "-f", Files.SshdConfig, "-E", LogPath]);
        _listener = listener;
        listener.StandardInput.Close();
        await WaitForBannerAsync(listener, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Ends sshd with all its connections; the port refuses from then on. What a session has started in the background lives on.
    /// </summary>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        if (_listener is not { HasExited: false } listener)
            return;
        // A stopped listener cannot fork a connection between the look and the kill.
        Signals.Send(listener.Id, Signals.Stop);
        var connections = ProcessEntry.ConnectionsOf(listener.Id);
        listener.Kill();
        await listener.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
        await ProcessEntry.KillAsync(connections, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Drops every live connection, as a server does that is out of memory: the client sees its end at once, the session's command
    /// sees the end of its input, and sshd goes on listening.
    /// </summary>
    /// <returns>How many processes of sshd were killed; one or two for each connection.</returns>
    public async Task<int> KillConnectionsAsync(CancellationToken cancellationToken = default)
    {
        if (_listener is not { HasExited: false } listener)
            return 0;
        var connections = ProcessEntry.ConnectionsOf(listener.Id);
        await ProcessEntry.KillAsync(connections, cancellationToken).ConfigureAwait(false);
        return connections.Count;
    }

    /// <summary>
    /// Gives the host another key, as a reinstalled machine has one. Live connections stay; known_hosts still has the old key,
    /// until <see cref="SshFleet.TrustHostKeys"/>.
    /// </summary>
    public async Task ReplaceHostKeyAsync(CancellationToken cancellationToken = default)
    {
        var next = Files.Key + ".next";
        await KeyPair.GenerateAsync(next, Name, cancellationToken).ConfigureAwait(false);
        File.Move(next, Files.Key, overwrite: true);
        File.Move(next + ".pub", Files.PublicKey, overwrite: true);
        if (_listener is not { HasExited: false } listener)
            return;
        const string Listening = "Server listening on ";
        var before = CountInLog(Listening);
        Signals.Send(listener.Id, Signals.Hangup);
        await Condition.WaitAsync(() => CountInLog(Listening) > before, $"{this} has read its new key", Patience, cancellationToken)
            .ConfigureAwait(false);
        await WaitForBannerAsync(listener, cancellationToken).ConfigureAwait(false);
    }

    private Task WaitForBannerAsync(Process listener, CancellationToken cancellationToken) =>
        Condition.WaitAsync(
            async token => listener.HasExited
                ? throw new InvalidOperationException($"sshd of {this} ended with {listener.ExitCode}: {ReadLog().Trim()}")
                : await Banner.AnswersAsync(EndPoint, token).ConfigureAwait(false),
            $"sshd of {this} greets", Patience, cancellationToken);
}
