using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Net;
using System.Security;
using RemoteDispatch.Credentials;

namespace RemoteDispatch.PowerShell.Binding;

/// <summary>
/// From what stands behind -CredentialName and -Credential to grants. Plain text is refused: PowerShell keeps what is typed in its history,
/// and logs the arguments of cmdlets where somebody has switched that on.
/// </summary>
internal static class CredentialBinding
{
    /// <summary>Fetches all of them, once, before anything is sent.</summary>
    /// <param name="cmdlet">Whose session has the vaults.</param>
    /// <param name="names">Variables of this environment.</param>
    /// <param name="values">Names with SecureString, PSCredential or <c>vault:name</c>.</param>
    /// <param name="isUsualSet">Those of the default set that this environment has, too.</param>
    /// <param name="given">What the task is given by other ways: it is left out of the set.</param>
    /// <exception cref="DispatchException">One of them cannot be had.</exception>
    public static IReadOnlyList<CredentialGrant> Fetch(PSCmdlet cmdlet, IEnumerable<string> names, IDictionary? values, bool isUsualSet, params string[] given)
    {
        var grants = names.Select(CredentialSource.FromEnvironment).ToList();
        foreach (DictionaryEntry entry in values ?? new Hashtable())
        {
            var name = Convert.ToString(entry.Key, CultureInfo.InvariantCulture)!;
            grants.Add(CredentialGrant.Create(name, Reveal(cmdlet, name, entry.Value)));
        }

        if (isUsualSet)
            grants.AddRange(CredentialSource.FromEnvironment().Where(g => !given.Contains(g.Name) && grants.All(other => other.Name != g.Name)));
        return grants;
    }

    /// <summary>One secret that is none of a task's, as the URL of a webhook. A text without a colon is the name of a variable of this environment.</summary>
    /// <exception cref="DispatchException">It cannot be had.</exception>
    public static CredentialGrant FetchOne(PSCmdlet cmdlet, string name, object value) =>
        (value is PSObject wrapped ? wrapped.BaseObject : value) is string variable && !variable.Contains(':', StringComparison.Ordinal)
            ? CredentialSource.FromEnvironment(variable)
            : IsAddress(value) ? throw new DispatchException(
                FailureReason.InvalidInput, $"The address {name} stands in plain text, where the history and logs keep it.",
                "Use Read-Host -AsSecureString, 'vault:name' of SecretManagement, or the name of a variable of this environment.")
            : CredentialGrant.Create(name, Reveal(cmdlet, name, value));

    // "https://…" would be taken for the secret '//…' of a vault 'https'.
    private static bool IsAddress(object value) =>
        value.ToString() is { } text && (text.StartsWith("http:", StringComparison.OrdinalIgnoreCase) || text.StartsWith("https:", StringComparison.OrdinalIgnoreCase));

    /// <summary>The value of a SecureString, a PSCredential, a token or a reference to a vault.</summary>
    /// <param name="cmdlet">Whose session has the vaults.</param>
    /// <param name="name">What errors call it.</param>
    /// <param name="value">What was given.</param>
    /// <exception cref="DispatchException">It is none of them, or the vault does not give it.</exception>
    public static string Reveal(PSCmdlet cmdlet, string name, object? value) => (value is PSObject wrapped ? wrapped.BaseObject : value) switch
    {
        SecureString secure => new NetworkCredential("", secure).Password,
        DispatchToken token => new NetworkCredential("", token.Token).Password,
        PSCredential credential => credential.GetNetworkCredential().Password,
        string reference when reference.IndexOf(':', StringComparison.Ordinal) is > 0 and var at && at < reference.Length - 1 =>
            FromVault(cmdlet, name, reference[..at], reference[(at + 1)..]),
        // The value is not repeated: it may be the secret itself.
        _ => throw new DispatchException(
            FailureReason.InvalidInput, $"The credential {Text(name)} is neither a SecureString nor a PSCredential nor a reference to a vault.",
            "Use Read-Host -AsSecureString, Get-Credential, 'vault:name' of SecretManagement, or -CredentialName for a variable."),
    };

    /// <summary>SecretManagement is used where it is, and nothing is asked of it where it is not.</summary>
    private static string FromVault(PSCmdlet cmdlet, string name, string vault, string secret)
    {
        if (cmdlet.InvokeCommand.GetCommand("Get-Secret", CommandTypes.Cmdlet | CommandTypes.Function) is null)
        {
            throw Unavailable(name, "the module Microsoft.PowerShell.SecretManagement is not installed", "Install it, or name another source.");
        }

        object? found;
        try
        {
            found = cmdlet.InvokeCommand.InvokeScript(
                false, ScriptBlock.Create("param($Vault, $Name) Get-Secret -Vault $Vault -Name $Name -ErrorAction Stop"), null, vault, secret).FirstOrDefault()?.BaseObject;
        }
        catch (RuntimeException e)
        {
            throw Unavailable(name, $"the vault '{Text(vault)}' did not give it: {Text(e.Message)}", "Try Get-Secret by hand; unlock the vault first where nobody is there to be asked.");
        }

        return found is string plain ? plain : found is SecureString or PSCredential ? Reveal(cmdlet, name, found)
            : throw Unavailable(name, $"the vault '{Text(vault)}' has no such text", "Store it as a SecureString.");
    }

    private static DispatchException Unavailable(string name, string why, string remedy) =>
        new(FailureReason.CredentialUnavailable, $"The credential {Text(name)} cannot be had: {why}. Nothing was sent.", remedy);

    private static string Text(string text) => new([.. text.Where(c => !char.IsControl(c)).Take(200)]);
}
