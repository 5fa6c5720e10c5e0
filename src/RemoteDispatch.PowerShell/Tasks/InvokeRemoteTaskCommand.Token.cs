using System.Management.Automation;
using RemoteDispatch.Credentials;
using RemoteDispatch.PowerShell.Binding;

namespace RemoteDispatch.PowerShell.Tasks;

public sealed partial class InvokeRemoteTaskCommand
{
    /// <summary>Make the task a token of GitHub for these repositories (owner/name), as its GH_TOKEN, and revoke it at the task's end.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] ScopedToken { get; set; } = [];

    /// <summary>What the token may do: contents:write, pull_requests:write.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] TokenPermission { get; set; } = [];

    /// <summary>When the token is revoked at the latest: at most 1h, which is the default.</summary>
    [Parameter]
    [Duration]
    public TimeSpan? TokenExpiresIn { get; set; }

    /// <summary>The GitHub App that makes the token: its client id or number.</summary>
    [Parameter]
    public string? AppId { get; set; }

    /// <summary>The App's private key: a SecureString, a PSCredential (its user name is the App's id), 'vault:name', or the name of a variable.</summary>
    [Parameter]
    public object? AppKey { get; set; }

    /// <summary>The address of GitHub's API, for GitHub Enterprise Server.</summary>
    [Parameter]
    public string? ApiAddress { get; set; }

    private ScopedTokenRequest? ReadToken()
    {
        if (ScopedToken.Length > 0)
            return ScopedTokenRequest.Create(TokenBinding.FetchApp(this, AppId, AppKey), ScopedToken, TokenRight.Parse(TokenPermission), TokenExpiresIn, ApiAddress);
        return TokenPermission.Length == 0 && TokenExpiresIn is null && AppId is null && AppKey is null && ApiAddress is null ? null : throw new DispatchException(
            FailureReason.InvalidInput, "-TokenPermission, -TokenExpiresIn, -AppId, -AppKey and -ApiAddress are about the token that -ScopedToken asks for.", "Name the repositories: -ScopedToken owner/name.");
    }
}
