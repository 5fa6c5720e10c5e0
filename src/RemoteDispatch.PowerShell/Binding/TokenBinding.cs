using System.Management.Automation;
using RemoteDispatch.Credentials;

namespace RemoteDispatch.PowerShell.Binding;

/// <summary>From what stands behind -AppId and -AppKey to the GitHub App that makes a token.</summary>
internal static class TokenBinding
{
    private const string KeyName = "APP_KEY";

    /// <summary>The App; what is not given is taken from this environment.</summary>
    /// <param name="cmdlet">Whose session has the vaults.</param>
    /// <param name="id">Its id; null for the user name of a PSCredential, or the environment's.</param>
    /// <param name="key">A SecureString, a PSCredential, <c>vault:name</c>, or the name of a variable.</param>
    /// <exception cref="DispatchException">A part of it cannot be had or used.</exception>
    public static GitHubApp FetchApp(PSCmdlet cmdlet, string? id, object? key)
    {
        var given = key is PSObject wrapped ? wrapped.BaseObject : key;
        var grant = given switch
        {
            null => null,
            string name when !name.Contains(':', StringComparison.Ordinal) => FromVariable(name),
            _ => CredentialGrant.Create(KeyName, CredentialBinding.Reveal(cmdlet, KeyName, given)),
        };
        return GitHubApp.FromEnvironment(id ?? (given as PSCredential)?.UserName, grant);
    }

    /// <summary>The text is not repeated where it is no name: somebody may have put the key itself there.</summary>
    private static CredentialGrant FromVariable(string name) => name.Length <= 128 && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_')
        ? CredentialSource.FromEnvironment(name)
        : throw new DispatchException(
            FailureReason.InvalidInput, "The App's key is neither a SecureString nor a PSCredential nor a reference to a vault nor the name of a variable.",
            $"Use Get-Secret, 'vault:name' of SecretManagement, the name of a variable that holds it, or {GitHubApp.KeyFileVariable}.");
}
