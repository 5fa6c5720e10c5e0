using System.Globalization;
using System.Management.Automation;

namespace RemoteDispatch.PowerShell.Binding;

/// <summary>Lets a TimeSpan be given as 90s, 10m, 1h30m, or as a number of seconds (and not, as .NET would, of ticks).</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class DurationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) =>
        (inputData is PSObject wrapped ? wrapped.BaseObject : inputData) switch
        {
            string text => Parse(text),
            int or long or double or decimal => TimeSpan.FromSeconds(Convert.ToDouble(inputData, CultureInfo.InvariantCulture)),
            var other => other,
        };

    private static TimeSpan Parse(string text)
    {
        try
        {
            return Duration.Parse(text);
        }
        catch (DispatchException e)
        {
            throw new ArgumentTransformationMetadataException($"{e.Message} {e.Remedy}", e);
        }
    }
}
