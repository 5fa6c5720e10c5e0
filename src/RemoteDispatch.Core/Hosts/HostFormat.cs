namespace RemoteDispatch.Hosts;

/// <summary>The forms that hosts are read from and written in.</summary>
public enum HostFormat
{
    /// <summary>What the content (to read) or the file's name (to write) says.</summary>
    Auto,

    /// <summary>OpenSSH's configuration, ssh_config(5). Read, each alias is a host and everything else stays ssh's business.</summary>
    SshConfig,

    /// <summary>What <c>tailscale status --json</c> prints; it is only read.</summary>
    Tailscale,

    /// <summary>The form of the inventory itself: <c>{"hosts": {…}}</c>.</summary>
    Json,

    /// <summary>A table with the columns Name, Address, User, Port, Transport, Container, Capabilities, WorkspaceRoot, WorkspaceLimit, MaxWorkers, MemoryPerWorker, MemoryReserve, StartInterval, HostKeyFingerprint, ForwardAgent and ForwardCredentials; RFC 4180.</summary>
    Csv,
}
