using System.Globalization;
using System.Management.Automation;

namespace RemoteDispatch.PowerShell.Binding;

/// <summary>Lets a TimeSpan be given as 90s, 10m, 1h30m, or as a number of seconds (and not, as .NET would, of ticks).</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class DurationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        if (value is null or TimeSpan)
            return value;
        // Without quotes PowerShell takes 90s for a short and 7d for a decimal; the text as typed is still there.
        if (value is string || Duration.TryParse(inputData.ToString() ?? "", out _))
            return Parse(inputData.ToString() ?? "");
        return value is IConvertible ? TimeSpan.FromSeconds(Convert.ToDouble(value, CultureInfo.InvariantCulture)) : value;
    }

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
