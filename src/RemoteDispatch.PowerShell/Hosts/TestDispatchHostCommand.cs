using System.Management.Automation;
using RemoteDispatch.Health;
using RemoteDispatch.PowerShell.Binding;

namespace RemoteDispatch.PowerShell.Hosts;

/// <summary>Asks hosts what they are and whether they are fit for tasks. A host that is not is a result, not an error.</summary>
[Cmdlet(VerbsDiagnostic.Test, "DispatchHost")]
[OutputType(typeof(HostHealth))]
public sealed class TestDispatchHostCommand : DispatchCmdlet
{
    private HostCheckOptions _options = new();

    /// <summary>Names, addresses, sets of them, or hosts.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name", "ComputerName", "Cn")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(HostNameCompleter))]
    public required HostIdentity[] HostName { get; set; }

    /// <summary>Which checks; without it, all of them.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(CheckNameCompleter))]
    public string[] Check { get; set; } = [];

    /// <summary>Checks that must pass, beside those that must anyway.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(CheckNameCompleter))]
    public string[] Require { get; set; } = [];

    /// <summary>How many hosts are asked at once.</summary>
    [Parameter]
    [ValidateRange(1, 1000)]
    public int ThrottleLimit { get; set; } = 50;

    /// <inheritdoc/>
    protected override string? Activity => "Testing hosts";

    /// <inheritdoc/>
    protected override int Throttle => ThrottleLimit;

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        _options = new HostCheckOptions { Checks = Check, Required = Require };
        try
        {
            _options.Validate(Dispatcher.CheckNames);
        }
        catch (DispatchException e)
        {
            ThrowTerminatingError(Failures.ToErrorRecord(e, e.Reason == FailureReason.InvalidInput ? Check.Concat(Require).ToArray() : null));
        }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord() => DoEach(HostName, host => Start(host.Name, async () =>
    {
        var health = await Dispatcher.CheckAsync(host, _options, StopToken).ConfigureAwait(false);
        await SayAsync(() => WriteObject(health)).ConfigureAwait(false);
    }));
}
