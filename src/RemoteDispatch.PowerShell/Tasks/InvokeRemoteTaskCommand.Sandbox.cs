using System.Management.Automation;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.PowerShell.Tasks;

public sealed partial class InvokeRemoteTaskCommand
{
    /// <summary>Give the task a home of its own that is gone at the end, few variables, and a boundary where the host can make one.</summary>
    [Parameter]
    public SwitchParameter Sandbox { get; set; }

    /// <summary>What of the user's own crosses into the sandbox.</summary>
    [Parameter]
    public SandboxAllowance SandboxAllow { get; set; }

    /// <summary>Files and folders of the host that the sandbox lets be read.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] SandboxPath { get; set; } = [];

    /// <summary>Files and folders of the host that the sandbox lets be read and written; the working directory is one.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] SandboxWritablePath { get; set; } = [];

    /// <summary>No network in the sandbox. Needs a boundary.</summary>
    [Parameter]
    public SwitchParameter NoNetwork { get; set; }

    /// <summary>Refuse the task where no boundary can be made.</summary>
    [Parameter]
    public SwitchParameter RequireBoundary { get; set; }

    private SandboxRequest? ReadSandbox()
    {
        if (Sandbox)
            return new SandboxRequest { Allow = SandboxAllow, NoNetwork = NoNetwork, RequireBoundary = RequireBoundary, Paths = SandboxPath, WritablePaths = SandboxWritablePath };
        string[] parts = [nameof(SandboxAllow), nameof(SandboxPath), nameof(SandboxWritablePath), nameof(NoNetwork), nameof(RequireBoundary)];
        // A switch that is given as $false asks for nothing.
        return parts.FirstOrDefault(p => MyInvocation.BoundParameters.TryGetValue(p, out var value) && value is not SwitchParameter { IsPresent: false }) is { } lonely
            ? throw new DispatchException(FailureReason.InvalidInput, $"-{lonely} is a part of a sandbox, and there is none.", "Add -Sandbox, or leave it out.")
            : null;
    }
}
