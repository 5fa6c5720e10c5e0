using System.Management.Automation;
using RemoteDispatch.Credentials;
using RemoteDispatch.PowerShell.Binding;

namespace RemoteDispatch.PowerShell.Credentials;

/// <summary>Makes a token of GitHub for a few repositories and a few things to do, by a GitHub App.</summary>
[Cmdlet(VerbsCommon.New, "DispatchToken", SupportsShouldProcess = true)]
[OutputType(typeof(DispatchToken))]
public sealed class NewDispatchTokenCommand : DispatchCmdlet
{
    /// <summary>The repositories: owner/name, all of one owner.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    public required string[] Repository { get; set; }

    /// <summary>What it may do: contents:write, pull_requests:write.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ValidateNotNullOrEmpty]
    public required string[] Permission { get; set; }

    /// <summary>When it is revoked at the latest: at most 1h, which is the default.</summary>
    [Parameter]
    [Duration]
    public TimeSpan? ExpiresIn { get; set; }

    /// <summary>The GitHub App that makes it: its client id or number.</summary>
    [Parameter]
    public string? AppId { get; set; }

    /// <summary>The App's private key: a SecureString, a PSCredential (its user name is the App's id), 'vault:name', or the name of a variable.</summary>
    [Parameter]
    public object? AppKey { get; set; }

    /// <summary>The address of GitHub's API, for GitHub Enterprise Server.</summary>
    [Parameter]
    public string? ApiAddress { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var target = string.Join(", ", Repository);
        Do(target, () =>
        {
            var wanted = ScopedTokenRequest.Create(TokenBinding.FetchApp(this, AppId, AppKey), Repository, TokenRight.Parse(Permission), ExpiresIn, ApiAddress);
            if (ShouldProcess(wanted.ToString(), $"Make a token at {wanted.ApiAddress.Host} as {wanted.App}"))
                WriteObject(Await(stop => Dispatcher.CreateTokenAsync(wanted, stop)));
        });
    }
}
