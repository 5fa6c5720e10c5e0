namespace RemoteDispatch.Hosts;

/// <summary>How the first hop to a host is made.</summary>
public enum Transport
{
    /// <summary>OpenSSH's own client: ssh_config, jump hosts, agents and hardware keys are the user's.</summary>
    Ssh,

    /// <summary>A host on a tailnet: <c>tailscale ssh</c> where it offers that, else <c>ssh</c>.</summary>
    Tailscale,

    /// <summary>A distribution of the Windows Subsystem for Linux; the address is its name.</summary>
    Wsl,

    /// <summary>This machine.</summary>
    Local,
}
