using System.Management.Automation;
using RemoteDispatch.Credentials;
using RemoteDispatch.PowerShell.Binding;

namespace RemoteDispatch.PowerShell.Credentials;

/// <summary>Revokes tokens: nobody can use them any more, wherever they are.</summary>
[Cmdlet(VerbsCommon.Remove, "DispatchToken", SupportsShouldProcess = true)]
[OutputType(typeof(DispatchToken))]
public sealed class RemoveDispatchTokenCommand : DispatchCmdlet
{
    /// <summary>The tokens, as New-DispatchToken gave them.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    public required DispatchToken[] Token { get; set; }

    /// <summary>Emit the token that was revoked.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var token in Token)
        {
            var target = string.Join(", ", token.Repositories);
            if (ShouldProcess(target, "Revoke the token"))
                Start(target, () => RevokeAsync(token));
        }
    }

    private async Task RevokeAsync(DispatchToken token)
    {
        await Dispatcher.RevokeTokenAsync(token, StopToken).ConfigureAwait(false);
        if (PassThru)
            await SayAsync(() => WriteObject(token)).ConfigureAwait(false);
    }
}
