using RemoteDispatch.Tasks;

namespace RemoteDispatch.Cli;

/// <summary>
/// What <c>rdispatch</c> ends with. Scripts depend on these numbers: none ever changes its meaning. They begin at 200, since
/// <c>run --wait</c>, <c>logs --follow</c> and <c>wait</c> end with the task's own code, and those of the usual programs and signals are below.
/// </summary>
internal static class ExitCodes
{
    public const int Success = 0;
    public const int Interrupted = 130;
    public const int OutputClosed = 141;
    public const int Terminated = 143;
    public const int Other = 200;
    public const int Usage = 202;
    public const int LocalFile = 203;
    public const int Inventory = 204;
    public const int Connect = 205;
    public const int Authentication = 206;
    public const int Container = 207;
    public const int LaunchFailed = 208;
    public const int TaskConflict = 209;
    public const int TaskNotFound = 210;
    public const int TaskRunning = 211;
    public const int StopIncomplete = 212;
    public const int WaitTimedOut = 213;
    public const int TaskLost = 214;
    public const int TaskTimedOut = 215;
    public const int TaskStopped = 216;
    public const int Unhealthy = 217;
    public const int TaskBlocked = 218;
    public const int WorkspaceRefused = 219;
    public const int NoHealthyHost = 220;
    public const int CredentialUnavailable = 221;
    public const int NoTerminal = 222;
    public const int TaskEnded = 223;
    public const int HostBusy = 224;
    public const int DiskFull = 225;
    public const int WorkspaceLimitReached = 226;

    /// <summary>The table, as the help and the README show it.</summary>
    public static IReadOnlyList<(string Codes, string Meaning)> Table { get; } =
    [
        ("0", "done; for 'run --wait', 'logs --follow' and 'wait': the task succeeded"),
        ("1-255", "'run --wait', 'logs --follow' and 'wait': the task's own exit code; its state tells it from those below"),
        ("130", "interrupted (Ctrl-C); tasks go on"),
        ("141", "whoever read the output has closed it"),
        ("143", "terminated (SIGTERM); tasks go on"),
        ("200", "a failure that is none of the others, an answer that was not understood"),
        ("202", "a command line, name, id or value that cannot be used"),
        ("203", "a file of this machine is damaged, or cannot be read or written"),
        ("204", "there is no such host, or the inventory has it already"),
        ("205", "the host cannot be reached, the connection was lost, or it did not answer in time"),
        ("206", "there is nothing to authenticate with, the host refused it, or its key is unknown or has changed"),
        ("207", "the container is not there, or more than one could be meant"),
        ("208", "the task was not started"),
        ("209", "the id belongs to a task that was dispatched with another request"),
        ("210", "no such task, or its workspace is gone"),
        ("211", "the task still runs"),
        ("212", "processes of the task are left after a stop"),
        ("213", "the time for waiting is over; a task that runs goes on"),
        ("214", "the task is lost: its process is gone and left no exit record"),
        ("215", "the task's time limit ended it"),
        ("216", "the task was stopped"),
        ("217", "a checked host is not healthy"),
        ("218", "the task is blocked: it needs something that only a person can give"),
        ("219", "the host refuses the place of the workspaces"),
        ("220", "fewer of the hosts that could be taken are healthy than are wanted"),
        ("221", "a credential for the task cannot be had here"),
        ("222", "the task has no terminal to attach to, or there is none here"),
        ("223", "the task does not run, and what was asked needs it to"),
        ("224", "the host has no room for another worker, and the task cannot wait for it"),
        ("225", "the host's disk is full, or a quota there is used up"),
        ("226", "the workspaces on the host take what its limit allows them"),
    ];

    /// <summary>The code of a failure.</summary>
    public static int Of(FailureReason reason) => reason switch
    {
        FailureReason.InvalidInput => Usage,
        FailureReason.DamagedFile or FailureReason.LocalFile => LocalFile,
        FailureReason.HostNotFound or FailureReason.HostExists => Inventory,
        FailureReason.ClientMissing or FailureReason.NameNotResolved or FailureReason.ConnectionRefused
            or FailureReason.HostUnreachable or FailureReason.ConnectFailed or FailureReason.ConnectionLost
            or FailureReason.ConnectTimedOut or FailureReason.RequestTimedOut => Connect,
        FailureReason.HostKeyUnknown or FailureReason.HostKeyChanged or FailureReason.AuthenticationFailed
            or FailureReason.AuthenticationUnavailable => Authentication,
        FailureReason.ContainerAmbiguous or FailureReason.ContainerUnavailable => Container,
        FailureReason.WorkspaceRefused => WorkspaceRefused,
        FailureReason.CredentialUnavailable => CredentialUnavailable,
        FailureReason.DiskFull => DiskFull,
        FailureReason.WorkspaceLimitReached => WorkspaceLimitReached,
        FailureReason.HostBusy => HostBusy,
        FailureReason.LaunchFailed => LaunchFailed,
        FailureReason.TaskConflict => TaskConflict,
        FailureReason.TaskNotFound => TaskNotFound,
        FailureReason.TaskRunning => TaskRunning,
        FailureReason.TaskEnded => TaskEnded,
        FailureReason.StopIncomplete => StopIncomplete,
        FailureReason.WaitTimedOut => WaitTimedOut,
        FailureReason.NoTerminal => NoTerminal,
        FailureReason.UnexpectedReply => Other,
        FailureReason.NoHealthyHost => NoHealthyHost,
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "This reason has no exit code yet: give it one."),
    };

    /// <summary>The code of a task that has ended: its own where it ended by itself.</summary>
    public static int Of(RemoteTask task) => task.State switch
    {
        TaskState.Succeeded => Success,
        TaskState.Failed => task.ExitCode ?? Other,
        TaskState.TimedOut => TaskTimedOut,
        TaskState.Stopped => TaskStopped,
        TaskState.Blocked => TaskBlocked,
        TaskState.LaunchFailed => LaunchFailed,
        TaskState.Lost => TaskLost,
        TaskState.Removed => TaskNotFound,
        TaskState.Pending or TaskState.Running => TaskRunning,
        _ => throw new ArgumentOutOfRangeException(nameof(task), task.State, "This state has no exit code yet: give it one."),
    };
}
