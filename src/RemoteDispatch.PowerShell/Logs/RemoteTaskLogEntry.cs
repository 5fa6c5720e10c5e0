namespace RemoteDispatch.PowerShell.Logs;

/// <summary>One line of a task's log. It prints, and matches, as its text.</summary>
/// <param name="Text">The line, without its line end.</param>
/// <param name="HostName">The host.</param>
/// <param name="TaskId">The task.</param>
public sealed record RemoteTaskLogEntry(string Text, string HostName, string TaskId)
{
    /// <inheritdoc/>
    public override string ToString() => Text;
}
