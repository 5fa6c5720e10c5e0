using System.Net;

namespace RemoteDispatch.Fleet;

/// <summary>
/// Some real sshd servers on loopback addresses of this machine, for any user of it. Each has an address, a host key and a home of
/// its own; the process tree, the host name and /tmp are this machine's.
/// </summary>
public sealed class SshFleet : IAsyncDisposable
{
    private static readonly IPAddress DefaultFirst = new([127, 0, 77, 10]);
    private readonly ClientFiles _client;
    private readonly Watchdog _watchdog;

    private SshFleet(ClientFiles client, Watchdog watchdog, IReadOnlyList<FleetHost> hosts)
    {
        _client = client;
        _watchdog = watchdog;
        Hosts = hosts;
    }

    /// <summary>Why no fleet can be started here and what to do about it; null when one can.</summary>
    public static string? Missing =>
        !OperatingSystem.IsLinux()
            ? "A fleet needs Linux: its hosts live on 127.0.x.y and are found through /proc."
            : Tools.Missing(["sshd", "ssh-keygen", "ssh"], "openssh-server openssh-client");

    /// <summary>The fleet's folder; it goes away with the fleet.</summary>
    public string Directory => _client.Directory;

    /// <summary>The ssh_config that knows the hosts by name (h1, h2, …) and by address.</summary>
    public string SshConfigPath => _client.Config;

    /// <summary>The known_hosts that this ssh_config names.</summary>
    public string KnownHostsPath => _client.KnownHosts;

    /// <summary>The private key that every host accepts.</summary>
    public string IdentityPath => _client.Identity;

    /// <summary>The hosts h1, h2, … in this order.</summary>
    public IReadOnlyList<FleetHost> Hosts { get; }

    /// <summary>What a client wants in its environment: <c>REMOTE_DISPATCH_SSH_OPTS</c>.</summary>
    public IReadOnlyDictionary<string, string> ClientEnvironment => _client.Environment;

    /// <summary>Starts a fleet from 127.0.77.10 up, on a port that is free; returns when every host greets.</summary>
    /// <param name="count">How many hosts, from 1 to 200.</param>
    /// <param name="options">How a host differs, by its index in <see cref="Hosts"/>.</param>
    /// <param name="cancellationToken">Gives up; nothing stays behind.</param>
    public static Task<SshFleet> StartAsync(
        int count, Func<int, FleetHostOptions>? options = null, CancellationToken cancellationToken = default) =>
        StartAsync(count, DefaultFirst, options, cancellationToken);

    /// <summary>Starts a fleet on <paramref name="first"/> and the addresses that follow.</summary>
    /// <inheritdoc cref="StartAsync(int, Func{int, FleetHostOptions}?, CancellationToken)"/>
    public static async Task<SshFleet> StartAsync(
        int count, IPAddress first, Func<int, FleetHostOptions>? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, 200);
        if (Missing is { } missing)
            throw new InvalidOperationException(missing);
        if (Environment.IsPrivilegedProcess)
            System.IO.Directory.CreateDirectory("/run/sshd"); // sshd will not start without it when it is root.

        var addresses = Enumerable.Range(0, count).Select(offset => Following(first, offset)).ToList();
        var port = FreePort.On(addresses);
        var client = new ClientFiles(System.IO.Directory.CreateTempSubdirectory("rd-fleet-").FullName);
        var hosts = addresses.Select((address, index) => new FleetHost(
            $"h{index + 1}", address, port, new HostFiles(Path.Combine(client.Directory, $"h{index + 1}")))).ToList();
        var fleet = new SshFleet(client, new Watchdog(client.Directory), hosts);
        try
        {
            await fleet.StartHostsAsync(options ?? (_ => new()), cancellationToken).ConfigureAwait(false);
            return fleet;
        }
        catch
        {
            await fleet.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Writes the hosts' present keys to known_hosts, after a host has got another one.</summary>
    public void TrustHostKeys() => _client.WriteKnownHosts(Hosts);

    /// <summary>Kills the servers, their sessions, and whatever else has its HOME in the fleet's folder; removes the folder.</summary>
    public ValueTask DisposeAsync() => _watchdog.DisposeAsync();

    private async Task StartHostsAsync(Func<int, FleetHostOptions> options, CancellationToken cancellationToken)
    {
        var commonLines = await SshdConfig.CommonLinesAsync(cancellationToken).ConfigureAwait(false);
        var identity = _client.GenerateIdentityAsync(cancellationToken);
        await Task.WhenAll(Hosts.Select(async (host, index) =>
        {
            host.Files.Create();
            await Task.WhenAll(identity, KeyPair.GenerateAsync(host.Files.Key, host.Name, cancellationToken)).ConfigureAwait(false);
            PlainHostFiles.Write(host, options(index), commonLines, _client.Identity + ".pub");
            await host.StartAsync(cancellationToken).ConfigureAwait(false);
        })).ConfigureAwait(false);
        _client.WriteConfig(Hosts);
        TrustHostKeys();
    }

    private static IPAddress Following(IPAddress first, int offset)
    {
        var bytes = first.GetAddressBytes();
        var number = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bytes) + (uint)offset;
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(bytes, number);
        return new IPAddress(bytes);
    }
}
