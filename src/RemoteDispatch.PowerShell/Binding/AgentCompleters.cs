using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using RemoteDispatch.Agents;

namespace RemoteDispatch.PowerShell.Binding;

/// <summary>Completes the names of agents: those that are built in, and the user's own profiles. Never over the network.</summary>
public sealed class AgentNameCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Completion.Of(wordToComplete, () => Session.Dispatcher.Agents.Where(a => a.CanRun).Select(a => (a.Name, a.Program))
            .Append((AgentRequest.Auto, "the first that the host has")));
}

/// <summary>Completes the permission modes of the agent that is named, or of all.</summary>
public sealed class PermissionModeCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        var named = fakeBoundParameters["Agent"] as string;
        return Completion.Of(wordToComplete, () => Session.Dispatcher.Agents
            .Where(a => named is null or AgentRequest.Auto || a.Name.Equals(named, StringComparison.OrdinalIgnoreCase))
            .SelectMany(a => a.PermissionModes, (a, mode) => (Mode: mode, About: a.SkipsPermissions(mode) ? $"{a.Name}: SKIPS ITS PERMISSIONS" : a.Name))
            .GroupBy(m => m.Mode, StringComparer.OrdinalIgnoreCase).Select(g => (g.Key, string.Join(", ", g.Select(m => m.About)))));
    }
}
