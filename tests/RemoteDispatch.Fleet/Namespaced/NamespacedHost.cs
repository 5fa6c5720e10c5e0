namespace RemoteDispatch.Fleet;

/// <summary>
/// A host with a process tree, a host name, a home, a /tmp, a boot id and a network card of its own, which can lose its power and
/// its cable. The rest of the file system is this machine's: do not write there.
/// </summary>
public sealed class NamespacedHost : SshHost
{
    private readonly int _number;
    private readonly Func<string, CancellationToken, Task> _run;

    internal NamespacedHost(int number, HostFiles files, Func<string, CancellationToken, Task> run)
        : base($"h{number}", $"10.231.77.{10 + number}", 22, "root", "/root", files)
    {
        _number = number;
        _run = run;
    }

    /// <summary>From now on every packet from and to this host is lost; nobody is told.</summary>
    public Task CutAsync(CancellationToken cancellationToken = default) => _run($"cut {_number}", cancellationToken);

    /// <summary>Packets pass again; what TCP has kept is sent again in its own time.</summary>
    public Task HealAsync(CancellationToken cancellationToken = default) => _run($"heal {_number}", cancellationToken);

    /// <summary>Power loss: no FIN, no RST, and every process of the host is gone. Its disk stays.</summary>
    public Task CrashAsync(CancellationToken cancellationToken = default) => _run($"crash {_number}", cancellationToken);

    /// <summary>
    /// Power is back: the same disk, another boot id, an uncut and unthrottled network; connections of before are answered with RST.
    /// Returns when sshd greets.
    /// </summary>
    public async Task BootAsync(CancellationToken cancellationToken = default)
    {
        await StartBootAsync(cancellationToken).ConfigureAwait(false);
        await AwaitBootAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Throttles its network, both ways.</summary>
    /// <param name="rate">As tc(8) has it: <c>8mbit</c>, <c>500kbit</c>.</param>
    /// <param name="cancellationToken">Gives up before the command is sent.</param>
    public Task RateAsync(string rate, CancellationToken cancellationToken = default) =>
        _run($"rate {_number} {rate}", cancellationToken);

    /// <summary>Takes the throttle off again.</summary>
    public Task UnrateAsync(CancellationToken cancellationToken = default) => _run($"unrate {_number}", cancellationToken);

    internal Task StartBootAsync(CancellationToken cancellationToken) => _run($"boot {_number}", cancellationToken);

    internal Task AwaitBootAsync(CancellationToken cancellationToken) => _run($"wait {_number}", cancellationToken);
}
