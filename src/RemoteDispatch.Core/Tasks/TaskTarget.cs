using System.Text.RegularExpressions;

namespace RemoteDispatch.Tasks;

/// <summary>
/// The host that a task's own text names: the first word of a prompt is <c>target:NAME</c>. In a command or a script that word is a comment's, so that it
/// means nothing to what runs it: <c># target:gpu1</c>, on the first line, or behind the <c>#!</c> line. The text stays as it is.
/// </summary>
public static partial class TaskTarget
{
    /// <summary>The name in a request's text; null where it names no host.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: what stands there is no name.</exception>
    public static string? Of(TaskRequest request) => request.Agent is null ? InCommand(request.Command) : InPrompt(request.Command);

    /// <summary>The name in a command or a script; null where it names no host.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: what stands there is no name.</exception>
    public static string? InCommand(string command) => Read(Comment().Match(command));

    /// <summary>The name in a prompt; null where it names no host.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: what stands there is no name.</exception>
    public static string? InPrompt(string prompt) => Read(FirstWord().Match(prompt));

    // No text that comes from elsewhere (an issue, a mail) leads to an address of its choice: only names of the inventory are hosts here.
    private static string? Read(Match match) => !match.Success ? null
        : NamePattern().IsMatch(match.Groups["name"].Value) ? match.Groups["name"].Value : throw new DispatchException(
            FailureReason.InvalidInput, $"The task's text begins with {Text.Show("target:" + match.Groups["name"].Value)}, and that names no host.",
            "Write the name of a host of the inventory behind 'target:', or name the host yourself: -HostName, --host.");

    [GeneratedRegex(@"\A(#![^\n]*\n)?#[ \t]*target:(?<name>\S+)", RegexOptions.CultureInvariant)]
    private static partial Regex Comment();

    [GeneratedRegex(@"\A\s*target:(?<name>\S+)", RegexOptions.CultureInvariant)]
    private static partial Regex FirstWord();

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,63}\z")]
    private static partial Regex NamePattern();
}
