using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using RemoteDispatch.Hosts;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.PowerShell.Binding;

/// <summary>Completes host names from the inventory, and groups behind an '@'; of a set, the last operand. Never over the network.</summary>
public sealed class HostNameCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        var typed = Completion.Unquote(wordToComplete);
        var done = HostSets.LastOperand(typed);
        done += typed[done..].Length - typed[done..].TrimStart().Length;
        return Completion.Of(wordToComplete, () => (typed[done..].StartsWith('@') ? Groups() : Names()).Select(w => (typed[..done] + w.Word, w.ToolTip)));
    }

    private static IEnumerable<(string Word, string ToolTip)> Names() =>
        Session.Inventory.Sketch().Select(h => (h.Name, $"{h.Transport} {h.Address} {string.Join(' ', h.Capabilities)}".Trim()));

    private static IEnumerable<(string Word, string ToolTip)> Groups() => CapabilityCompleter.Known().Select(c => ("@" + c.Word, c.ToolTip));
}

/// <summary>Completes capabilities that hosts of the inventory have.</summary>
public sealed class CapabilityCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Completion.Of(wordToComplete, Known);

    /// <summary>Each capability once, and the hosts that have it.</summary>
    internal static IEnumerable<(string Word, string ToolTip)> Known() => Session.Inventory.Sketch().SelectMany(h => h.Capabilities, (h, c) => (Word: c, h.Name))
        .GroupBy(c => c.Word, StringComparer.OrdinalIgnoreCase).OrderBy(g => g.Key, StringComparer.OrdinalIgnoreCase)
        .Select(g => (g.Key, string.Join(", ", g.Select(c => c.Name))));
}

/// <summary>Completes the names of checks, those of the user's own agents too.</summary>
public sealed class CheckNameCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Completion.Of(wordToComplete, () => Session.Dispatcher.CheckNames.Select(n => (n, n)));
}

/// <summary>Completes task ids from the ledger, newest first, with the state and the command as tooltip.</summary>
public sealed class TaskIdCompleter : IArgumentCompleter
{
    // As many as anybody reads; who wants an older one types more of it.
    private const int Most = 200;

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Completion.Of(wordToComplete, () => Ledger.OfUser.Newest(Completion.Unquote(wordToComplete), Most).GroupBy(t => t.Id, StringComparer.Ordinal)
            .Select(same => (same.Key, string.Join("\n", same.Select(t => $"{t.State} on {t.HostName}: {t.Command}")))));
}

/// <summary>Completes names of variables that look like secrets; never a value.</summary>
public sealed class CredentialNameCompleter : IArgumentCompleter
{
    private static readonly string[] Looks = ["TOKEN", "KEY", "SECRET", "PASSWORD", "PASSPHRASE", "CREDENTIAL"];

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Completion.Of(wordToComplete, () => Environment.GetEnvironmentVariables().Keys.Cast<string>()
            .Where(n => Looks.Any(l => n.Contains(l, StringComparison.OrdinalIgnoreCase))).Order(StringComparer.Ordinal).Select(n => (n, "a variable of this environment")));
}

internal static class Completion
{
    /// <summary>The words that begin as typed, quoted where they must be. A completer that cannot read says nothing.</summary>
    public static IEnumerable<CompletionResult> Of(string typed, Func<IEnumerable<(string Word, string ToolTip)>> words)
    {
        var start = Unquote(typed);
        try
        {
            return words().Where(w => w.Word.StartsWith(start, StringComparison.OrdinalIgnoreCase))
                .Select(w => new CompletionResult(Quote(w.Word), w.Word, CompletionResultType.ParameterValue, w.ToolTip)).ToArray();
        }
        catch (DispatchException)
        {
            return [];
        }
    }

    /// <summary>What was typed, without the quotes around it.</summary>
    public static string Unquote(string typed) => typed.Trim('\'', '"');

    private static string Quote(string word) =>
        word.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '=') ? word : $"'{word.Replace("'", "''", StringComparison.Ordinal)}'";
}
