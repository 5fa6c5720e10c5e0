namespace RemoteDispatch.Fleet;

/// <summary>Writes what host.sh copies into a host of a namespaced fleet at each boot.</summary>
internal static class NamespacedHostFiles
{
    public static void Write(NamespacedHost host, FleetHostOptions options, IEnumerable<string> commonLines, string clientPublicKey)
    {
        var files = host.Files;
        File.Copy(clientPublicKey, files.AuthorizedKeys);
        File.WriteAllText(files.Session, Session(options.LoginScript));
        File.WriteAllLines(files.SshdConfig, [
            .. options.SshdOptions,
            $"Port {host.Port}",
            "HostKey /run/etc/key",
            "AuthorizedKeysFile /run/etc/authorized_keys",
            .. options.LoginScript is null ? Array.Empty<string>() : ["ForceCommand exec /bin/sh /run/etc/session"],
            .. commonLines]);
    }

    private static string Session(string? loginScript) => $"""
        {loginScript}
        set -- "$SSH_ORIGINAL_COMMAND"
        unset SSH_ORIGINAL_COMMAND
        # sshd's own "$SHELL -c" has read ~/.bashrc; at this level bash does not read it a second time.
        export SHLVL=1
        if [ -z "$1" ]; then exec "$SHELL" -l; fi
        exec "$SHELL" -c "$1"

        """;
}
