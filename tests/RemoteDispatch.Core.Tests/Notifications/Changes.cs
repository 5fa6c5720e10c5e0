using RemoteDispatch.Hosts;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Core.Tests.Notifications;

/// <summary>Changes to be told.</summary>
internal static class Changes
{
    public static readonly DateTimeOffset Now = new(2026, 2, 21, 10, 0, 0, TimeSpan.Zero);

    public static TaskChange Ended(string id = "build-17", string command = "make", int code = 2, string? reason = null) => new(TaskChangeKind.Ended, "gpu1", Now)
    {
        Task = new RemoteTask
        {
            Id = id, Host = DispatchHost.FromAddress("gpu1"), State = code == 0 ? TaskState.Succeeded : TaskState.Failed, ExitCode = code, Command = command, Reason = reason,
            Dispatched = Now.AddMinutes(-2), Started = Now.AddSeconds(-100), Finished = Now,
        },
    };
}
