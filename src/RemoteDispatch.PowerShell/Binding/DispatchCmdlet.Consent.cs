using System.Management.Automation;
using System.Management.Automation.Host;

namespace RemoteDispatch.PowerShell.Binding;

public abstract partial class DispatchCmdlet
{
    /// <summary>Is -WhatIf given, or preferred?</summary>
    private protected bool IsWhatIf => MyInvocation.BoundParameters.TryGetValue("WhatIf", out var given)
        ? given is SwitchParameter { IsPresent: true } : LanguagePrimitives.IsTrue(GetVariableValue("WhatIfPreference"));

    /// <summary>What makes the cmdlet ask nobody, as its error recommends it; where -Force does more than that, not -Force.</summary>
    private protected virtual string WayWithoutAsking => "-Force or -Confirm:$false";

    /// <summary>What -Force does beside not asking, as a sentence behind a blank; empty where it does no more.</summary>
    private protected virtual string ForceDoesMore => "";

    /// <summary>Asks before a change; with force it does not, unless -WhatIf or -Confirm stands beside it or is preferred.</summary>
    private protected bool MayChange(string target, string action, bool isForced)
    {
        var mustAsk = MyInvocation.BoundParameters.TryGetValue("Confirm", out var confirm) && confirm is SwitchParameter { IsPresent: true };
        if (isForced && !IsWhatIf && !mustAsk)
            return true;
        try
        {
            return ShouldProcess(target, action);
        }
        catch (Exception e) when (e is HostException or InvalidOperationException or NullReferenceException)
        {
            // pwsh -NonInteractive, a host without prompts, or a console whose input has ended: pwsh's own words name no way out.
            var message = $"{MyInvocation.MyCommand.Name} asks before it changes '{target}', unless {WayWithoutAsking} is given, and there is nobody to ask.";
            ThrowTerminatingError(new ErrorRecord(new InvalidOperationException(message, e), "CannotConfirm", ErrorCategory.InvalidOperation, target)
            {
                ErrorDetails = new ErrorDetails(message) { RecommendedAction = $"Add {WayWithoutAsking}.{ForceDoesMore}" },
            });
            throw;
        }
    }

    /// <summary>Asks before something dangerous, where somebody is there to be asked; a scheduled task goes on, since whoever wrote it has asked for it.</summary>
    private protected bool MayRun(string what, bool isForced)
    {
        if (isForced || (MyInvocation.BoundParameters.TryGetValue("Confirm", out var confirm) && confirm is SwitchParameter { IsPresent: false }) || !IsSomebodyThere())
            return true;
        try
        {
            return ShouldContinue(what, "Run it so?", hasSecurityImpact: true, ref _yesToAll, ref _noToAll);
        }
        catch (Exception e) when (e is HostException or InvalidOperationException or NullReferenceException)
        {
            return true;
        }
    }

    // An open pipe as stdin answers no question, and would hold up the task for ever.
    private static bool IsSomebodyThere() => Environment.UserInteractive && !Console.IsInputRedirected;

    private bool _yesToAll;
    private bool _noToAll;
}
