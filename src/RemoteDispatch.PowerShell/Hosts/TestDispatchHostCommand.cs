using System.Management.Automation;
using RemoteDispatch.Health;
using RemoteDispatch.PowerShell.Binding;

namespace RemoteDispatch.PowerShell.Hosts;

/// <summary>Asks hosts what they are and whether they are fit for tasks. A host that is not is a result, not an error.</summary>
[Cmdlet(VerbsDiagnostic.Test, "DispatchHost")]
[OutputType(typeof(HostHealth))]
public sealed class TestDispatchHostCommand : DispatchCmdlet
{
    /// <summary>Names, addresses, sets of them, or hosts.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name", "ComputerName", "Cn")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(HostNameCompleter))]
    public required HostIdentity[] HostName { get; set; }

    /// <summary>How many hosts are asked at once.</summary>
    [Parameter]
    [ValidateRange(1, 1000)]
    public int ThrottleLimit { get; set; } = 50;

    /// <inheritdoc/>
    protected override string? Activity => "Testing hosts";

    /// <inheritdoc/>
    protected override int Throttle => ThrottleLimit;

    /// <inheritdoc/>
    protected override void ProcessRecord() => DoEach(HostName, host => Start(host.Name, async () =>
    {
        var health = await Dispatcher.CheckAsync(host, StopToken).ConfigureAwait(false);
        await SayAsync(() => WriteObject(health)).ConfigureAwait(false);
    }));
}
