namespace RemoteDispatch.Fleet;

/// <summary>Writes what the sshd of a host in a plain fleet reads.</summary>
internal static class PlainHostFiles
{
    public static void Write(FleetHost host, FleetHostOptions options, IEnumerable<string> commonLines, string clientPublicKey)
    {
        var files = host.Files;
        File.Copy(clientPublicKey, files.AuthorizedKeys);
        File.WriteAllText(files.Session, Session(files.Home, options.LoginScript));
        File.WriteAllLines(files.SshdConfig, [
            .. options.SshdOptions,
            $"ListenAddress {host.Address}:{host.Port}",
            $"HostKey {Quoting.ForSshWord(files.Key)}",
            $"AuthorizedKeysFile {Quoting.ForSsh(files.AuthorizedKeys)}",
            // For the user's shell, which reads its start-up files before it comes to the session script.
            $"SetEnv {Quoting.ForSshWord("HOME=" + files.Home)}",
            $"ForceCommand exec /bin/sh {Quoting.ForShell(files.Session)}",
            .. commonLines]);
    }

    /// <summary>
    /// All sessions run as one user of this machine, so sshd starts them in that user's home with that user's HOME. This script
    /// moves them to the host's own, and ends as the process that sshd would have started: nothing stays between the two.
    /// </summary>
    private static string Session(string home, string? loginScript) => $"""
        export HOME={Quoting.ForShell(home)}
        cd "$HOME" || exit 1
        {loginScript}
        set -- "$SSH_ORIGINAL_COMMAND"
        unset SSH_ORIGINAL_COMMAND OLDPWD
        # sshd's own "$SHELL -c" has read ~/.bashrc; at this level bash does not read it a second time.
        export SHLVL=1
        if [ -z "$1" ]; then exec "$SHELL" -l; fi
        exec "$SHELL" -c "$1"

        """;
}
