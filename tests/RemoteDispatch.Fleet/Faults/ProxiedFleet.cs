namespace RemoteDispatch.Fleet;

/// <summary>A plain fleet with a <see cref="FaultProxy"/> before each of its hosts: a client that reads this ssh_config comes through them.</summary>
public sealed class ProxiedFleet : IAsyncDisposable
{
    private ProxiedFleet(SshFleet fleet)
    {
        Fleet = fleet;
        Proxies = [.. fleet.Hosts.Select(h => FaultProxy.Start(h.EndPoint))];
        SshConfigPath = Path.Combine(fleet.Directory, "ssh_config_proxied");
        // Of each option ssh takes the first value that it meets; the host's key is known under its real address.
        File.WriteAllLines(SshConfigPath, [
            .. fleet.Hosts.Zip(Proxies).SelectMany(pair => (string[])[
                $"Host {pair.First.Name}",
                $"  HostName {pair.Second.EndPoint.Address}",
                $"  Port {pair.Second.EndPoint.Port}",
                $"  HostKeyAlias [{pair.First.Address}]:{pair.First.Port}",
                "  CheckHostIP no"]),
            "Host *",
            $"  Include {Quoting.ForSsh(fleet.SshConfigPath)}"]);
    }

    /// <summary>The hosts behind the proxies.</summary>
    public SshFleet Fleet { get; }

    /// <summary>The proxy of each host, in the order of the hosts.</summary>
    public IReadOnlyList<FaultProxy> Proxies { get; }

    /// <summary>The ssh_config that leads through the proxies.</summary>
    public string SshConfigPath { get; }

    /// <summary>Puts proxies before the hosts of a fleet, which is the proxied fleet's from then on.</summary>
    public static ProxiedFleet Before(SshFleet fleet) => new(fleet);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var proxy in Proxies)
            await proxy.DisposeAsync().ConfigureAwait(false);
        await Fleet.DisposeAsync().ConfigureAwait(false);
    }
}
