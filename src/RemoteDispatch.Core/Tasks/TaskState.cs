namespace RemoteDispatch.Tasks;

/// <summary>What is true of a task, as its workspace tells it. That a host cannot be reached is no state of a task.</summary>
public enum TaskState
{
    /// <summary>The id is taken on the host, and the command has not started yet.</summary>
    Pending,

    /// <summary>It runs.</summary>
    Running,

    /// <summary>It ended with exit code 0.</summary>
    Succeeded,

    /// <summary>It ended with another exit code.</summary>
    Failed,

    /// <summary>Its time limit ended it.</summary>
    TimedOut,

    /// <summary>Somebody stopped it.</summary>
    Stopped,

    /// <summary>It ended because it needs something that only a person can give.</summary>
    Blocked,

    /// <summary>It was never started; the reason says why.</summary>
    LaunchFailed,

    /// <summary>It was running, and the process is gone without a record: a reboot, a kill -9.</summary>
    Lost,

    /// <summary>Its workspace is no longer on the host.</summary>
    Removed,
}

/// <summary>Questions to a state.</summary>
public static class TaskStates
{
    /// <summary>Can nothing change any more?</summary>
    public static bool IsFinal(this TaskState state) => state is not (TaskState.Pending or TaskState.Running);
}
