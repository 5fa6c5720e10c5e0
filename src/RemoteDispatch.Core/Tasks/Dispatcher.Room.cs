using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Tasks;

public sealed partial class Dispatcher
{
    private static DispatchException DiskFull(RemoteTask task, DiskRoom room) => new(
        FailureReason.DiskFull, $"The task '{task.Id}' was not started: the disk of host '{task.HostName}' is full: {room}.",
        $"Make room there. What tasks have left shows Get-RemoteTaskWorkspace {task.HostName} or 'rdispatch workspaces --host {task.HostName}'; "
        + Clean(task));

    private static DispatchException OverLimit(RemoteTask task, LaunchAnswer.OverLimit over) => new(
        FailureReason.WorkspaceLimitReached, $"The task '{task.Id}' was not started on host '{task.HostName}': {over.Why}.",
        $"Nothing is removed by itself: {Clean(task)} Or raise the limit: Set-DispatchHost {task.HostName} -WorkspaceLimit.");

    private static string Clean(RemoteTask task) =>
        $"Remove-RemoteTaskWorkspace -OlderThan 7d -HostName {task.HostName} or 'rdispatch clean --older-than 7d --host {task.HostName}' removes what ended long ago.";
}
