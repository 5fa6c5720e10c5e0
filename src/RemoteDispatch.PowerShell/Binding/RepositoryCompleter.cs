using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Management.Automation.Runspaces;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.PowerShell.Binding;

/// <summary>Completes the address of a repository with the origin of the current folder: offered, never assumed. git reads a file; no network is asked.</summary>
public sealed class RepositoryCompleter : IArgumentCompleter
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        var folder = Runspace.DefaultRunspace?.SessionStateProxy.Path.CurrentFileSystemLocation.ProviderPath;
        return folder is null ? [] : Completion.Of(wordToComplete, () =>
            CallerOrigin.FindAsync(folder, Patience).GetAwaiter().GetResult() is { } url ? [(url, $"the origin of {folder}")] : Array.Empty<(string, string)>());
    }
}
