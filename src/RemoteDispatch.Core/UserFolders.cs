namespace RemoteDispatch;

/// <summary>
/// Where this user's files are. Each can be named by an environment variable, so that tests and services have their own.
/// Source: the XDG Base Directory Specification; on Windows, the known folders AppData and LocalAppData.
/// </summary>
public static class UserFolders
{
    /// <summary>Names the inventory's file.</summary>
    public const string HostsFileVariable = "REMOTE_DISPATCH_HOSTS_FILE";

    /// <summary>Names the folder of the ledger.</summary>
    public const string StateFolderVariable = "REMOTE_DISPATCH_STATE_DIR";

    /// <summary>Names the folder that collected logs go to.</summary>
    public const string LogFolderVariable = "REMOTE_DISPATCH_LOG_DIR";

    /// <summary>The inventory: <c>~/.config/remote-dispatch/hosts.json</c>, on Windows <c>%APPDATA%\remote-dispatch\hosts.json</c>.</summary>
    public static string HostsFile =>
        Named(HostsFileVariable) ?? Path.Combine(ConfigHome, "remote-dispatch", "hosts.json");

    /// <summary>The keys of the hosts that are pinned: <c>known_hosts</c> beside <see cref="HostsFile"/>.</summary>
    public static string KnownHostsFile => Path.Combine(Path.GetDirectoryName(HostsFile)!, "known_hosts");

    /// <summary>Files that say how more AI agents are looked for: <c>agents</c> beside <see cref="HostsFile"/>.</summary>
    public static string Agents => Path.Combine(Path.GetDirectoryName(HostsFile)!, "agents");

    /// <summary>The ledger's folder: <c>~/.local/state/remote-dispatch</c>, on Windows <c>%LOCALAPPDATA%\remote-dispatch</c>.</summary>
    public static string State =>
        Named(StateFolderVariable) ?? Path.Combine(StateHome, "remote-dispatch");

    /// <summary>Collected logs: <c>logs</c> in <see cref="State"/>.</summary>
    public static string Logs => Named(LogFolderVariable) ?? Path.Combine(State, "logs");

    private static string ConfigHome => OperatingSystem.IsWindows()
        ? Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData)
        : Named("XDG_CONFIG_HOME") ?? Path.Combine(Home, ".config");

    private static string StateHome => OperatingSystem.IsWindows()
        ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
        : Named("XDG_STATE_HOME") ?? Path.Combine(Home, ".local", "state");

    internal static string Home => Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);

    private static string? Named(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } path ? Path.GetFullPath(path) : null;
}
