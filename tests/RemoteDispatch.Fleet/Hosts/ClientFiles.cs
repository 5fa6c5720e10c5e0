namespace RemoteDispatch.Fleet;

/// <summary>
/// What a client of the fleet needs, all of it in the fleet's own folder: nothing is read from or written to the user's ~/.ssh.
/// </summary>
internal sealed record ClientFiles(string Directory)
{
    public string Config => Path.Combine(Directory, "ssh_config");

    public string KnownHosts => Path.Combine(Directory, "known_hosts");

    public string Identity => Path.Combine(Directory, "identity");

    /// <summary>The options that the product passes on to ssh, quoted as its REMOTE_DISPATCH_SSH_OPTS wants them.</summary>
    public string SshOptions => "-F " + Quoting.ForShell(Config);

    public IReadOnlyDictionary<string, string> Environment =>
        new Dictionary<string, string> { ["REMOTE_DISPATCH_SSH_OPTS"] = SshOptions };

    public Task GenerateIdentityAsync(CancellationToken cancellationToken) => KeyPair.GenerateAsync(Identity, "fleet", cancellationToken);

    public void WriteConfig(IEnumerable<SshHost> hosts)
    {
        var lines = hosts.SelectMany(host => (string[])[
            $"Host {host.Name} {host.Address}",
            $"  HostName {host.Address}",
            $"  Port {host.Port}",
            $"  User {host.User}"]);
        File.WriteAllLines(Config, [
            .. lines,
            "Host *",
            $"  IdentityFile {Quoting.ForSsh(Identity)}",
            "  IdentitiesOnly yes",
            $"  UserKnownHostsFile {Quoting.ForSsh(KnownHosts)}",
            "  GlobalKnownHostsFile /dev/null",
            "  StrictHostKeyChecking yes",
            "  LogLevel ERROR"]);
    }

    public void WriteKnownHosts(IEnumerable<SshHost> hosts) =>
        File.WriteAllLines(KnownHosts, hosts.Select(host =>
        {
            var pattern = host.Port == 22 ? host.Address : $"[{host.Address}]:{host.Port}";
            return $"{pattern} {KeyPair.PublicPart(host.Files.PublicKey)}";
        }));
}
