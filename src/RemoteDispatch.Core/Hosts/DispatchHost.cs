using System.Text.RegularExpressions;
using RemoteDispatch.Credentials;

namespace RemoteDispatch.Hosts;

/// <summary>One host: an entry of the inventory, or an address that was given instead of a name.</summary>
public sealed partial record DispatchHost
{
    /// <summary>The name of the host that is always there: this machine.</summary>
    public const string LocalName = "local";

    /// <summary>This machine.</summary>
    public static readonly DispatchHost Local = new()
    {
        Name = LocalName,
        Address = HostAddress.Create(LocalName, null, null),
        Transport = Transport.Local,
    };

    private readonly string _name = "";
    private readonly string? _workspaceRoot;
    private readonly long? _workspaceLimit;
    private readonly string? _hostKey;
    private readonly IReadOnlyList<string> _capabilities = [];
    private readonly IReadOnlyList<string> _forwarded = [];

    /// <summary>What the host is called here; for a host that is not in the inventory, the address as it was given.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: no host can have that name.</exception>
    public required string Name
    {
        get => _name;
        init => _name = NamePattern().IsMatch(value) ? value : throw new DispatchException(
            FailureReason.InvalidInput, $"{Text.Show(value)} is no name for a host.",
            "Use letters, digits, '.', '-', '_', at most 128 characters, the first a letter or a digit.");
    }

    /// <summary>Where it is. For <see cref="Transport.Wsl"/>, the distribution's name.</summary>
    public required HostAddress Address { get; init; }

    /// <summary>How the first hop is made.</summary>
    public required Transport Transport { get; init; }

    /// <summary>Whether tasks run in a container there.</summary>
    public ContainerChoice Container { get; init; } = ContainerChoice.None;

    /// <summary>What the host can do, in the user's own words: <c>gpu</c>, <c>macos</c>, <c>os=linux</c>.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: one is not one word.</exception>
    public IReadOnlyList<string> Capabilities
    {
        get => _capabilities;
        init => _capabilities = value.Select(CheckCapability).Distinct(StringComparer.OrdinalIgnoreCase).ToArray();
    }

    /// <summary>
    /// The folder of the workspaces on the host, absolute or below <c>~/</c>; null for <c>~/.remote-dispatch/tasks</c>.
    /// </summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: it is neither.</exception>
    public string? WorkspaceRoot
    {
        get => _workspaceRoot;
        init => _workspaceRoot = string.IsNullOrEmpty(value) ? null : CheckRoot(value);
    }

    /// <summary>
    /// How many bytes the workspaces there may take together: where it is reached, no task is started any more. Null for as many as there are.
    /// </summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: it is below zero.</exception>
    public long? WorkspaceLimit
    {
        get => _workspaceLimit;
        init => _workspaceLimit = value is >= 0 or null ? (value is 0 ? null : value) : throw new DispatchException(
            FailureReason.InvalidInput, "A limit for the workspaces is no less than nothing.", "Write it as 500MB or 20GB, or 0 for none.");
    }

    /// <summary>How many tasks may run there at once, and how close behind each other they may start.</summary>
    public WorkerLimit WorkerLimit { get; init; } = WorkerLimit.None;

    /// <inheritdoc cref="WorkerLimit.MaxWorkers" path="/summary"/>
    public int? MaxWorkers => WorkerLimit.MaxWorkers;

    /// <inheritdoc cref="WorkerLimit.MemoryPerWorker" path="/summary"/>
    public long? MemoryPerWorker => WorkerLimit.MemoryPerWorker;

    /// <inheritdoc cref="WorkerLimit.MemoryReserve" path="/summary"/>
    public long? MemoryReserve => WorkerLimit.MemoryReserve;

    /// <inheritdoc cref="WorkerLimit.StartInterval" path="/summary"/>
    public TimeSpan? StartInterval => WorkerLimit.StartInterval;

    /// <summary>
    /// The only key that the host may show: its fingerprint, <c>SHA256:…</c>, as ssh prints it. Null leaves it to the user's known_hosts.
    /// </summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: it is no fingerprint.</exception>
    public string? HostKeyFingerprint
    {
        get => _hostKey;
        init => _hostKey = string.IsNullOrEmpty(value) ? null : CheckFingerprint(value);
    }

    /// <summary>Forward the user's SSH agent to this host. Root there can use it as long as a connection is open.</summary>
    public bool ForwardAgent { get; init; }

    /// <summary>
    /// Secrets that every task gets that is dispatched to this host from here: names of variables, each of which must be set; the word
    /// <c>default</c> stands for the default set, of which is taken what is set.
    /// </summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: one is no name.</exception>
    public IReadOnlyList<string> ForwardCredentials
    {
        get => _forwarded;
        init => _forwarded = ForwardedCredentials.Check(value);
    }

    /// <summary>When it came into the inventory; null where that is not known.</summary>
    public DateTimeOffset? Added { get; init; }

    /// <summary>Is it known by nothing but its address?</summary>
    internal bool IsAddressOnly { get; init; }

    /// <summary>Is it an address that is one word, and so perhaps a name of the inventory or of ssh_config that was misspelt?</summary>
    internal bool IsBareWord => IsAddressOnly && !Address.Host.Contains('.', StringComparison.Ordinal);

    /// <summary>The transport that an address asks for when nobody names one.</summary>
    public static Transport Detect(HostAddress address)
    {
        if (address.Host == LocalName && address.User is null && address.Port is null)
            return Transport.Local;
        return address.IsOnTailnet() ? Transport.Tailscale : Transport.Ssh;
    }

    /// <summary>A host that is known by nothing but its address.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: it is no address.</exception>
    public static DispatchHost FromAddress(string text)
    {
        if (text.Equals(LocalName, StringComparison.OrdinalIgnoreCase))
            return Local;
        var address = HostAddress.Parse(text);
        return new DispatchHost { Name = text, Address = address, Transport = Detect(address), IsAddressOnly = true };
    }

    /// <summary>Hosts print as their names.</summary>
    public override string ToString() => Name;

    /// <summary>Same name, same place, same capabilities.</summary>
    public bool Equals(DispatchHost? other) =>
        other is not null && Name == other.Name && Address == other.Address && Transport == other.Transport
        && Container == other.Container && WorkspaceRoot == other.WorkspaceRoot && WorkspaceLimit == other.WorkspaceLimit && WorkerLimit == other.WorkerLimit && Added == other.Added
        && HostKeyFingerprint == other.HostKeyFingerprint && ForwardAgent == other.ForwardAgent
        && Capabilities.SequenceEqual(other.Capabilities) && ForwardCredentials.SequenceEqual(other.ForwardCredentials);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, Address, Transport, Container, WorkspaceRoot);

    private static string CheckCapability(string text) => CapabilityPattern().IsMatch(text) ? text : throw new DispatchException(
        FailureReason.InvalidInput, $"{Text.Show(text)} is no capability.", "Use one word, as 'gpu' or 'os=linux'.");

    private static string CheckRoot(string text)
    {
        var root = text.TrimEnd('/');
        var fits = (root.StartsWith('/') || root.StartsWith("~/", StringComparison.Ordinal))
            && !root.Any(char.IsControl) && !root.Split('/').Contains("..");
        return fits ? root : throw new DispatchException(
            FailureReason.InvalidInput, $"{Text.Show(text)} is no workspace root.", "Use an absolute path on the host, or one below ~/.");
    }

    private static string CheckFingerprint(string text) => FingerprintPattern().IsMatch(text) ? text.TrimEnd('=') : throw new DispatchException(
        FailureReason.InvalidInput, $"{Text.Show(text)} is no fingerprint of a host key.",
        "Use the form SHA256:… that 'ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub' prints on the host.");

    // As wide as an address that stands for a host: user@host, ssh://user@host:port, fe80::1%eth0, DOMAIN\user@host.
    [GeneratedRegex(@"\A[A-Za-z0-9_:\[][A-Za-z0-9_.:@%+/\\\[\]-]{0,127}\z")]
    private static partial Regex NamePattern();

    // 32 bytes in base64, without the padding or with it.
    [GeneratedRegex(@"\ASHA256:[A-Za-z0-9+/]{43}=?\z")]
    private static partial Regex FingerprintPattern();

    [GeneratedRegex(@"\A[A-Za-z0-9][^\s,\p{C}]{0,63}\z")]
    private static partial Regex CapabilityPattern();
}
