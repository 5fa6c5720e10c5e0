using System.Globalization;

namespace RemoteDispatch.Fleet;

/// <summary>
/// Hosts as real as one machine can have them, each in namespaces of its own, on a network that no packet can enter or leave.
/// Therefore a client is a process whose command line starts with <see cref="ClientPrefix"/>. Linux only, as root.
/// </summary>
public sealed class NamespacedFleet : IAsyncDisposable
{
    private static readonly Lazy<string?> WhyNot = new(FindWhyNot);
    private readonly ClientFiles _client;
    private readonly NamespaceScript _script;

    private NamespacedFleet(ClientFiles client, NamespaceScript script, int count)
    {
        _client = client;
        _script = script;
        Hosts = [.. Enumerable.Range(1, count).Select(number =>
            new NamespacedHost(number, new HostFiles(Path.Combine(client.Directory, $"h{number}")), script.RunAsync))];
    }

    /// <summary>Why no fleet can be started here and what to do about it; null when one can.</summary>
    public static string? Missing => WhyNot.Value;

    /// <summary>The fleet's folder; it goes away with the fleet.</summary>
    public string Directory => _client.Directory;

    /// <summary>The ssh_config that knows the hosts by name (h1, h2, …) and by address.</summary>
    public string SshConfigPath => _client.Config;

    /// <summary>The known_hosts that this ssh_config names.</summary>
    public string KnownHostsPath => _client.KnownHosts;

    /// <summary>The private key that every host accepts.</summary>
    public string IdentityPath => _client.Identity;

    /// <summary>The hosts h1, h2, … in this order.</summary>
    public IReadOnlyList<NamespacedHost> Hosts { get; }

    /// <summary>What a client's command line has to start with, to be on the fleet's network; files and processes stay its own.</summary>
    public IReadOnlyList<string> ClientPrefix =>
        [Tools.Require("nsenter"), "-t", _script.ProcessId.ToString(CultureInfo.InvariantCulture), "-n"];

    /// <summary>What a client wants in its environment: <c>REMOTE_DISPATCH_SSH_OPTS</c>.</summary>
    public IReadOnlyDictionary<string, string> ClientEnvironment => _client.Environment;

    /// <summary>Starts a fleet; returns when every host greets.</summary>
    /// <param name="count">How many hosts, from 1 to 200.</param>
    /// <param name="options">How a host differs, by its index in <see cref="Hosts"/>.</param>
    /// <param name="cancellationToken">Gives up; nothing stays behind.</param>
    public static async Task<NamespacedFleet> StartAsync(
        int count, Func<int, FleetHostOptions>? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, 200);
        if (Missing is { } missing)
            throw new InvalidOperationException(missing);
        var client = new ClientFiles(System.IO.Directory.CreateTempSubdirectory("rd-fleet-").FullName);
        var script = await NamespaceScript.StartAsync(
            client.Directory, "namespaces.sh", [Tools.Unpack("host.sh", client.Directory), Tools.Require("sshd")], cancellationToken).ConfigureAwait(false);
        var fleet = new NamespacedFleet(client, script, count);
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

    /// <summary>Kills everything in the namespaces and removes the fleet's folder.</summary>
    public ValueTask DisposeAsync() => _script.DisposeAsync();

    private async Task StartHostsAsync(Func<int, FleetHostOptions> options, CancellationToken cancellationToken)
    {
        var commonLines = await SshdConfig.CommonLinesAsync(cancellationToken).ConfigureAwait(false);
        var identity = _client.GenerateIdentityAsync(cancellationToken);
        await Task.WhenAll(Hosts.Select(async (host, index) =>
        {
            host.Files.Create();
            await Task.WhenAll(identity, KeyPair.GenerateAsync(host.Files.Key, host.Name, cancellationToken)).ConfigureAwait(false);
            NamespacedHostFiles.Write(host, options(index), commonLines, _client.Identity + ".pub");
            await host.StartBootAsync(cancellationToken).ConfigureAwait(false);
        })).ConfigureAwait(false);
        _client.WriteConfig(Hosts);
        _client.WriteKnownHosts(Hosts);
        foreach (var host in Hosts)
            await host.AwaitBootAsync(cancellationToken).ConfigureAwait(false);
    }

    private static string? FindWhyNot()
    {
        if (!OperatingSystem.IsLinux())
            return "A namespaced fleet needs Linux.";
        if (!Environment.IsPrivilegedProcess)
            return "A namespaced fleet needs root: run it with sudo.";
        var tools = Tools.Missing(
            ["sshd", "ssh-keygen", "ssh", "ip", "tc", "nft", "unshare", "nsenter", "bash"],
            "openssh-server openssh-client iproute2 nftables util-linux bash");
        return tools ?? (MayUnshare() ? null : "This root may not make namespaces: start the container with --privileged.");
    }

    private static bool MayUnshare()
    {
        using var process = Command.Start(Tools.Require("unshare"), ["--net", "--mount", "--pid", "--fork", "--mount-proc", "true"]);
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
