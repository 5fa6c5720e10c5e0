using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.PowerShell.Binding;

/// <summary>Completes the address of a repository with the origin of the current folder: offered, never assumed. git reads a file; no network is asked.</summary>
public sealed class RepositoryCompleter : IArgumentCompleter
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        CurrentFolder() is not { } folder ? [] : Completion.Of(wordToComplete, () =>
            CallerOrigin.FindAsync(folder, Patience).GetAwaiter().GetResult() is { } url ? [(url, $"the origin of {folder}")] : Array.Empty<(string, string)>());

    /// <summary>PowerShell's own, which is not the process's.</summary>
    private static string? CurrentFolder()
    {
        using var shell = System.Management.Automation.PowerShell.Create(RunspaceMode.CurrentRunspace);
        return shell.AddCommand("Get-Location").AddParameter("PSProvider", "FileSystem").Invoke<PathInfo>().FirstOrDefault()?.ProviderPath;
    }
}
