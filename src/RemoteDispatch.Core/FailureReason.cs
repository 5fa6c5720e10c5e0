namespace RemoteDispatch;

/// <summary>Why something failed. Each reason has one stable PowerShell error id and one exit code of <c>rdispatch</c>.</summary>
public enum FailureReason
{
    /// <summary>A name, address, path, id or value that cannot be used as it stands.</summary>
    InvalidInput,

    /// <summary>The inventory, the ledger or a file that is imported holds something that cannot be read; the file is left as it was.</summary>
    DamagedFile,

    /// <summary>A file of this machine cannot be read or written.</summary>
    LocalFile,

    /// <summary>No such host: the name is not in the inventory, nor in ssh_config, and has no address.</summary>
    HostNotFound,

    /// <summary>The inventory has a host of that name already.</summary>
    HostExists,

    /// <summary>The program that makes the connection (ssh, tailscale, wsl.exe, sh) is not on this machine.</summary>
    ClientMissing,

    /// <summary>The host's name has no address.</summary>
    NameNotResolved,

    /// <summary>The host answered that nothing listens on the port.</summary>
    ConnectionRefused,

    /// <summary>The host did not answer in time, or there is no route to it.</summary>
    HostUnreachable,

    /// <summary>The host's key is not known here, and nobody has vouched for it.</summary>
    HostKeyUnknown,

    /// <summary>The host shows another key than the one that is known.</summary>
    HostKeyChanged,

    /// <summary>The host refused every way to authenticate that was at hand.</summary>
    AuthenticationFailed,

    /// <summary>There is nothing here to authenticate with: no agent with keys, no key file, no tailnet.</summary>
    AuthenticationUnavailable,

    /// <summary>The host's port answers, and no shell did in time.</summary>
    ConnectTimedOut,

    /// <summary>A credential that the task is to have cannot be had on this machine.</summary>
    CredentialUnavailable,

    /// <summary>The connection could not be made for a reason that is none of the others.</summary>
    ConnectFailed,

    /// <summary>The connection was there and is gone.</summary>
    ConnectionLost,

    /// <summary>The host is connected and did not answer a request in time.</summary>
    RequestTimedOut,

    /// <summary>More than one container could be meant.</summary>
    ContainerAmbiguous,

    /// <summary>The container is not there, does not run, or has no shell.</summary>
    ContainerUnavailable,

    /// <summary>The workspaces on the host cannot be used: no home, not ours, not writable.</summary>
    WorkspaceRefused,

    /// <summary>The task was not started; the message says why.</summary>
    LaunchFailed,

    /// <summary>The id belongs to a task that was dispatched with another request.</summary>
    TaskConflict,

    /// <summary>No task of that id is known here or on the host.</summary>
    TaskNotFound,

    /// <summary>The task still runs, and what was asked needs it to have ended.</summary>
    TaskRunning,

    /// <summary>Processes of the task are still there after a stop.</summary>
    StopIncomplete,

    /// <summary>The caller's own time limit for waiting is over; a task that runs goes on.</summary>
    WaitTimedOut,

    /// <summary>The task has no terminal to attach to, or there is none here.</summary>
    NoTerminal,

    /// <summary>The host answered something that this version does not understand.</summary>
    UnexpectedReply,

    /// <summary>Fewer of the hosts that could be taken are healthy than are wanted.</summary>
    NoHealthyHost,

    /// <summary>The task does not run, and what was asked needs it to.</summary>
    TaskEnded,

    /// <summary>The host's disk takes no more: no space, no inodes, or a quota that is used up.</summary>
    DiskFull,

    /// <summary>The workspaces on the host take what its entry allows them, and the task was not started.</summary>
    WorkspaceLimitReached,

    /// <summary>The host has no room for another worker, and the task cannot wait for it: its secrets are nowhere but here.</summary>
    HostBusy,
}
