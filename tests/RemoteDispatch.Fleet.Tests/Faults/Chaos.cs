namespace RemoteDispatch.Fleet.Tests.Faults;

/// <summary>One fault behind the other, on random hosts of some, until it is told to end; then all is well again.</summary>
internal sealed class Chaos(ProxiedFleet network, Range hosts, FaultTable table, int seed)
{
    private static readonly (string Name, Func<Chaos, int, Task> Inject)[] Faults =
    [
        ("storm: connections cut", (c, host) => { c.Proxy(host).Cut(); return Task.CompletedTask; }),
        ("storm: connection cut at a random byte", (c, host) => { _ = c.Proxy(host).CutAfterAsync(c._random.Next(1, 60_000)); return Task.CompletedTask; }),
        ("storm: server's side half closed", (c, host) => { c.Proxy(host).HalfClose(); return Task.CompletedTask; }),
        ("storm: client's side half closed", (c, host) => { c.Proxy(host).HalfClose(ofClient: true); return Task.CompletedTask; }),
        ("storm: black hole for a while", (c, host) => { c.Proxy(host).BlackHole(); return c.ForAWhile(); }),
        ("storm: pieces delayed by 50 ms", (c, host) => { c.Proxy(host).Delay(TimeSpan.FromMilliseconds(50)); return c.ForAWhile(); }),
        ("storm: line throttled to 200 kB/s", (c, host) => { c.Proxy(host).Throttle(200_000); return c.ForAWhile(); }),
        ("storm: sshd's connections killed", (c, host) => c.Network.Fleet.Hosts[host].KillConnectionsAsync(Bench.Cancel)),
        ("storm: sshd restarted", async (c, host) =>
        {
            await c.Network.Fleet.Hosts[host].StopAsync(Bench.Cancel);
            await c.ForAWhile();
            await c.Network.Fleet.Hosts[host].StartAsync(Bench.Cancel);
        }),
    ];

    private readonly Random _random = new(seed);

    public ProxiedFleet Network { get; } = network;

    /// <summary>How many faults there were.</summary>
    public int Injected { get; private set; }

    public async Task RageAsync(CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            var (name, inject) = Faults[_random.Next(Faults.Length)];
            var (first, count) = hosts.GetOffsetAndLength(Network.Proxies.Count);
            var host = first + _random.Next(count);
            await inject(this, host);
            Proxy(host).Heal();
            table.Add(name);
            Injected++;
            await Task.Delay(_random.Next(20, 150), CancellationToken.None);
        }
    }

    private FaultProxy Proxy(int host) => Network.Proxies[host];

    private Task ForAWhile() => Task.Delay(_random.Next(100, 1200), Bench.Cancel);
}
