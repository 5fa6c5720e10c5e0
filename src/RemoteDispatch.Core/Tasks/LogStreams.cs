namespace RemoteDispatch.Tasks;

/// <summary>What a task prints to.</summary>
[Flags]
public enum LogStreams
{
    /// <summary>Its stdout; where it has one log for all, that log.</summary>
    Output = 1,

    /// <summary>Its stderr, where that is kept apart.</summary>
    Error = 2,

    /// <summary>Both.</summary>
    Both = Output | Error,
}
