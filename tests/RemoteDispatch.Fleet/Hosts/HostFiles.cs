namespace RemoteDispatch.Fleet;

/// <summary>Where the files of one host lie on this machine.</summary>
internal sealed record HostFiles(string Directory)
{
    public string Key => Path.Combine(Directory, "key");

    public string PublicKey => Key + ".pub";

    public string SshdConfig => Path.Combine(Directory, "sshd_config");

    public string Session => Path.Combine(Directory, "session");

    public string AuthorizedKeys => Path.Combine(Directory, "authorized_keys");

    public string Log => Path.Combine(Directory, "log");

    public string Home => Path.Combine(Directory, "home");

    /// <summary>Makes the folders, and the empty log, so that reading it never depends on how far sshd has come.</summary>
    public void Create()
    {
        System.IO.Directory.CreateDirectory(Home);
        File.WriteAllText(Log, "");
    }
}
