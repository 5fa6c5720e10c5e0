using RemoteDispatch.Tasks;

namespace RemoteDispatch.PowerShell.Logs;

/// <summary>One line of a task's log. It prints, and matches, as its text.</summary>
/// <param name="Text">The line, without its line end.</param>
/// <param name="HostName">The host.</param>
/// <param name="TaskId">The task.</param>
public sealed record RemoteTaskLogEntry(string Text, string HostName, string TaskId)
{
    /// <summary>Error for a line of a stderr that is kept apart, else Output.</summary>
    public LogStreams Stream { get; init; } = LogStreams.Output;

    /// <summary>What is shown in front where several logs come together: the host; null where there is only one.</summary>
    public string? Prefix { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Text;
}
