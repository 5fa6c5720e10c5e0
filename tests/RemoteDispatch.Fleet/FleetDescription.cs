using System.Text.Json;

namespace RemoteDispatch.Fleet;

/// <summary>What the program tells of a fleet, to people or to Pester.</summary>
internal sealed record FleetDescription
{
    private static readonly JsonSerializerOptions OneLine = new(JsonSerializerDefaults.Web)
    {
        // Paths and quotes as they are; nobody puts this line into a web page.
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public required string Directory { get; init; }

    public required string SshConfig { get; init; }

    public required string Identity { get; init; }

    public required string SshOpts { get; init; }

    /// <summary>What a client's command line starts with; empty when it needs nothing.</summary>
    public required IReadOnlyList<string> ClientPrefix { get; init; }

    public required IReadOnlyList<HostDescription> Hosts { get; init; }

    public static FleetDescription Of(SshFleet fleet) => new()
    {
        Directory = fleet.Directory,
        SshConfig = fleet.SshConfigPath,
        Identity = fleet.IdentityPath,
        SshOpts = fleet.ClientEnvironment["REMOTE_DISPATCH_SSH_OPTS"],
        ClientPrefix = [],
        Hosts = [.. fleet.Hosts.Select(HostDescription.Of)],
    };

    public static FleetDescription Of(NamespacedFleet fleet) => new()
    {
        Directory = fleet.Directory,
        SshConfig = fleet.SshConfigPath,
        Identity = fleet.IdentityPath,
        SshOpts = fleet.ClientEnvironment["REMOTE_DISPATCH_SSH_OPTS"],
        ClientPrefix = fleet.ClientPrefix,
        Hosts = [.. fleet.Hosts.Select(HostDescription.Of)],
    };

    public static FleetDescription Of(SystemdHost host) => new()
    {
        Directory = host.Directory,
        SshConfig = host.SshConfigPath,
        Identity = host.IdentityPath,
        SshOpts = host.ClientEnvironment["REMOTE_DISPATCH_SSH_OPTS"],
        ClientPrefix = host.ClientPrefix,
        Hosts = [HostDescription.Of(host)],
    };

    public string ToJson() => JsonSerializer.Serialize(this, OneLine);

    public string ToText()
    {
        var prefix = string.Concat(ClientPrefix.Select(word => word + " "));
        return $"""
            {Hosts.Count} hosts in {Directory}, until this program's input ends (Ctrl-D) or it is interrupted (Ctrl-C):

            {string.Join('\n', Hosts.Select(host => $"  {host.Name,-5} {host.User}@{host.Address}:{host.Port}   {host.Home}"))}

            For RemoteDispatch:
              export REMOTE_DISPATCH_SSH_OPTS={Quoting.ForShell(SshOpts)}
            By hand:
              {prefix}ssh {SshOpts} h1 'hostname; echo $HOME'
            """;
    }

    internal sealed record HostDescription(string Name, string Address, int Port, string User, string Home, string Log)
    {
        public static HostDescription Of(SshHost host) => new(host.Name, host.Address, host.Port, host.User, host.Home, host.LogPath);
    }
}
