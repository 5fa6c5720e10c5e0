using System.Management.Automation;
using RemoteDispatch.Hosts;
using RemoteDispatch.PowerShell.Binding;

namespace RemoteDispatch.PowerShell.Hosts;

/// <summary>What the cmdlets that can trust a host's key have in common.</summary>
public abstract class PinningCommand : DispatchCmdlet
{
    /// <summary>The host, pinned to the key that it shows now. The fingerprint is shown, so that it can be compared.</summary>
    private protected DispatchHost TrustKeyOf(DispatchHost host)
    {
        var key = Await(stopping => Dispatcher.ReadHostKeyAsync(host, stopping));
        WriteInformation(new HostInformationMessage { Message = $"{host.Name}: pinned to host key {key}" }, ["PSHOST", "RemoteDispatch", "host_key_pinned"]);
        return host with { HostKeyFingerprint = key.Fingerprint };
    }
}
