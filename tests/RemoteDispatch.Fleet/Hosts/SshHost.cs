using System.Text;

namespace RemoteDispatch.Fleet;

/// <summary>One host of a fleet: where it is, who it is, and what its sshd has seen.</summary>
public abstract class SshHost
{
    private protected SshHost(string name, string address, int port, string user, string home, HostFiles files)
    {
        Name = name;
        Address = address;
        Port = port;
        User = user;
        Home = home;
        Files = files;
    }

    /// <summary>The name under which the fleet's ssh_config knows it: h1, h2, …</summary>
    public string Name { get; }

    /// <summary>Its IPv4 address, which the ssh_config knows too.</summary>
    public string Address { get; }

    /// <summary>The port of its sshd.</summary>
    public int Port { get; }

    /// <summary>The user that a session runs as.</summary>
    public string User { get; }

    /// <summary>HOME as its sessions see it.</summary>
    public string Home { get; }

    /// <summary>The same folder as this machine sees it; equal to <see cref="Home"/> in a plain fleet.</summary>
    public string HomeOnDisk => Files.Home;

    /// <summary>The file that sshd logs to.</summary>
    public string LogPath => Files.Log;

    /// <summary>The fingerprint of its present host key, as ssh prints it: <c>SHA256:…</c></summary>
    public string HostKeyFingerprint => KeyPair.Fingerprint(Files.PublicKey);

    internal HostFiles Files { get; }

    /// <summary>Everything that sshd has logged since the fleet started, restarts included.</summary>
    public string ReadLog()
    {
        // sshd is still writing: share everything.
        using var stream = new FileStream(LogPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    /// <summary>How many connections have been authenticated since the fleet started.</summary>
    public int CountConnections() => CountInLog("Accepted publickey for ");

    /// <summary>How many sessions have been started; a multiplexed connection has several.</summary>
    public int CountSessions() => CountInLog("Starting session: ");

    /// <summary>Its name and where it listens.</summary>
    public override string ToString() => $"{Name} ({User}@{Address}:{Port})";

    internal int CountInLog(string text) => ReadLog().Split(text).Length - 1;
}
