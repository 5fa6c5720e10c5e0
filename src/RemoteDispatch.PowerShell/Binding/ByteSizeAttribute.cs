using System.Management.Automation;

namespace RemoteDispatch.PowerShell.Binding;

/// <summary>Lets an amount of bytes be given as 20GB in quotes too, and with a blank, as a table has it.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class ByteSizeAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        if ((inputData is PSObject wrapped ? wrapped.BaseObject : inputData) is not string text)
            return inputData;
        try
        {
            return text.Length > 0 ? ByteSize.Parse(text) : 0L;
        }
        catch (DispatchException e)
        {
            throw new ArgumentTransformationMetadataException($"{e.Message} {e.Remedy}", e);
        }
    }
}
