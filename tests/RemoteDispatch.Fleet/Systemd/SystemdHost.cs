using System.Globalization;

namespace RemoteDispatch.Fleet;

/// <summary>
/// A host whose first process is a real systemd: logind keeps the sessions of its user, who is not root, and there are user
/// managers, lingering, and whatever <c>logind.conf</c> says of processes that outlive a logout. Its network is reached as that
/// of a <see cref="NamespacedFleet"/>; this machine's disk is below its own, and never written to. Linux only, as root.
/// </summary>
public sealed class SystemdHost : SshHost, IAsyncDisposable
{
    private static readonly Lazy<string?> WhyNot = new(FindWhyNot);
    private readonly ClientFiles _client;
    private readonly NamespaceScript _script;

    private SystemdHost(ClientFiles client, NamespaceScript script)
        : base("h1", "10.231.78.11", 22, "walter", "/home/walter", new HostFiles(Path.Combine(client.Directory, "h1"))) =>
        (_client, _script) = (client, script);

    /// <summary>Why no such host can be started here and what to do about it; null when one can.</summary>
    public static string? Missing => WhyNot.Value;

    /// <summary>The host's folder; it goes away with the host.</summary>
    public string Directory => _client.Directory;

    /// <summary>The ssh_config that knows the host.</summary>
    public string SshConfigPath => _client.Config;

    /// <summary>The private key that the host accepts.</summary>
    public string IdentityPath => _client.Identity;

    /// <summary>What a client wants in its environment: <c>REMOTE_DISPATCH_SSH_OPTS</c>.</summary>
    public IReadOnlyDictionary<string, string> ClientEnvironment => _client.Environment;

    /// <summary>What a client's command line has to start with, to be on the host's network; files and processes stay its own.</summary>
    public IReadOnlyList<string> ClientPrefix =>
        [Tools.Require("nsenter"), "-t", _script.ProcessId.ToString(CultureInfo.InvariantCulture), "-n"];

    /// <summary>Starts one; returns when it greets and logind is there. It ends no processes at logout, and nobody lingers.</summary>
    public static async Task<SystemdHost> StartAsync(CancellationToken cancellationToken = default)
    {
        if (Missing is { } missing)
            throw new InvalidOperationException(missing);
        var client = new ClientFiles(System.IO.Directory.CreateTempSubdirectory("rd-fleet-").FullName);
        var script = await NamespaceScript.StartAsync(client.Directory, "systemd.sh", [Tools.Require("sshd")], cancellationToken).ConfigureAwait(false);
        var host = new SystemdHost(client, script);
        try
        {
            await host.BootAsync(cancellationToken).ConfigureAwait(false);
            return host;
        }
        catch
        {
            await host.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Runs a line of <c>sh</c> as root at the host, in no session of logind's; what it printed.</summary>
    /// <exception cref="InvalidOperationException">It ended with something else than 0.</exception>
    public async Task<string> RunAsync(string line, CancellationToken cancellationToken = default)
    {
        await _script.RunAsync("do " + line, cancellationToken).ConfigureAwait(false);
        return await File.ReadAllTextAsync(Path.Combine(Directory, "said"), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Changes what becomes of processes that outlive their login's session; returns when logind has heard of it.</summary>
    public Task SetKillUserProcessesAsync(bool isKilling, CancellationToken cancellationToken = default) =>
        ConfigureLogindAsync([$"KillUserProcesses={(isKilling ? "yes" : "no")}"], cancellationToken);

    /// <summary>Tells logind what <c>logind.conf</c> would, and nothing else; returns when it has heard of it.</summary>
    /// <param name="settings">Lines, the last of them one that was not set so before, or the only one.</param>
    /// <param name="cancellationToken">Gives up before it is told.</param>
    public Task ConfigureLogindAsync(IReadOnlyList<string> settings, CancellationToken cancellationToken = default) => RunAsync(
        $"printf '%s\\n' '[Login]' {string.Join(' ', settings.Select(Quoting.ForShell))} >/etc/systemd/logind.conf.d/fleet.conf && "
        + "systemctl kill --signal=HUP systemd-logind && "
        + $"until loginctl show-session -p {settings[^1].Split('=')[0]} | grep -qx {Quoting.ForShell(settings[^1])}; do sleep 0.02; done", cancellationToken);

    /// <summary>Lets the user's manager outlive the last session, or not.</summary>
    public Task SetLingerAsync(bool isLingering, CancellationToken cancellationToken = default) => RunAsync(
        $"loginctl {(isLingering ? "enable" : "disable")}-linger {User}", cancellationToken);

    /// <summary>Waits until logind knows of no session any more, but for those that are over and have left processes behind.</summary>
    public Task AwaitLogoutAsync(CancellationToken cancellationToken = default) => Condition.WaitAsync(
        async cancel => (await RunAsync(
            "loginctl list-sessions --no-legend | while read -r session _; do loginctl show-session \"$session\" -p State; done | grep -v closing; true",
            cancel).ConfigureAwait(false)).Length == 0,
        "the last session is over", TimeSpan.FromSeconds(20), cancellationToken);

    /// <summary>Kills everything of the host and removes its folder.</summary>
    public ValueTask DisposeAsync() => _script.DisposeAsync();

    private async Task BootAsync(CancellationToken cancellationToken)
    {
        Files.Create();
        await Task.WhenAll(
            _client.GenerateIdentityAsync(cancellationToken), KeyPair.GenerateAsync(Files.Key, Name, cancellationToken)).ConfigureAwait(false);
        File.Copy(_client.Identity + ".pub", Files.AuthorizedKeys);
        await File.WriteAllLinesAsync(Files.SshdConfig, [
            // The first of two lines wins: here sessions are opened through PAM, and so through logind.
            "UsePAM yes",
            $"Port {Port}",
            "HostKey /etc/fleet/key",
            "AuthorizedKeysFile /etc/fleet/authorized_keys",
            .. await SshdConfig.CommonLinesAsync(cancellationToken).ConfigureAwait(false)], cancellationToken).ConfigureAwait(false);
        _client.WriteConfig([this]);
        _client.WriteKnownHosts([this]);
        await _script.RunAsync("boot", cancellationToken).ConfigureAwait(false);
        await _script.RunAsync("wait", cancellationToken).ConfigureAwait(false);
    }

    private static string? FindWhyNot()
    {
        if (NamespacedFleet.Missing is { } missing)
            return missing;
        if (Tools.Missing(["systemd-nspawn", "systemd-run", "loginctl", "dbus-daemon", "pgrep"], "systemd-container systemd dbus procps") is { } tools)
            return tools;
        return System.IO.Directory.EnumerateFiles("/usr/lib", "pam_systemd.so", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 3 }).Any()
            ? null
            : "Not installed: pam_systemd.so. On Debian and Ubuntu: apt-get install libpam-systemd.";
    }
}
