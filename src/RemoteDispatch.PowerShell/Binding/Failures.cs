using System.Management.Automation;

namespace RemoteDispatch.PowerShell.Binding;

/// <summary>The one map from failures to error records: each reason's name is its error id, for ever.</summary>
internal static class Failures
{
    public static ErrorRecord ToErrorRecord(DispatchException failure, object? target) =>
        new(failure, failure.Reason.ToString(), Category(failure.Reason), target ?? failure.TaskId ?? failure.Host)
        {
            ErrorDetails = new ErrorDetails(failure.Message) { RecommendedAction = failure.Remedy },
        };

    private static ErrorCategory Category(FailureReason reason) => reason switch
    {
        FailureReason.InvalidInput => ErrorCategory.InvalidArgument,
        FailureReason.DamagedFile => ErrorCategory.InvalidData,
        FailureReason.LocalFile => ErrorCategory.WriteError,
        FailureReason.HostNotFound or FailureReason.TaskNotFound => ErrorCategory.ObjectNotFound,
        FailureReason.HostExists or FailureReason.TaskConflict => ErrorCategory.ResourceExists,
        FailureReason.ClientMissing => ErrorCategory.NotInstalled,
        FailureReason.NameNotResolved or FailureReason.ConnectionRefused or FailureReason.HostUnreachable
            or FailureReason.ConnectFailed or FailureReason.ConnectionLost => ErrorCategory.ConnectionError,
        FailureReason.HostKeyUnknown or FailureReason.HostKeyChanged => ErrorCategory.SecurityError,
        FailureReason.AuthenticationFailed or FailureReason.AuthenticationUnavailable
            or FailureReason.CredentialUnavailable => ErrorCategory.AuthenticationError,
        FailureReason.ConnectTimedOut or FailureReason.RequestTimedOut or FailureReason.WaitTimedOut => ErrorCategory.OperationTimeout,
        FailureReason.ContainerAmbiguous => ErrorCategory.InvalidOperation,
        FailureReason.ContainerUnavailable or FailureReason.NoHealthyHost => ErrorCategory.ResourceUnavailable,
        FailureReason.WorkspaceRefused => ErrorCategory.PermissionDenied,
        FailureReason.DiskFull or FailureReason.WorkspaceLimitReached => ErrorCategory.LimitsExceeded,
        FailureReason.LaunchFailed => ErrorCategory.OpenError,
        FailureReason.TaskRunning or FailureReason.HostBusy => ErrorCategory.ResourceBusy,
        FailureReason.TaskEnded => ErrorCategory.InvalidOperation,
        FailureReason.StopIncomplete => ErrorCategory.OperationStopped,
        FailureReason.NoTerminal => ErrorCategory.InvalidOperation,
        FailureReason.UnexpectedReply => ErrorCategory.ProtocolError,
        _ => ErrorCategory.NotSpecified,
    };
}
