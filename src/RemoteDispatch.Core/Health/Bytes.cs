using System.Globalization;

namespace RemoteDispatch.Health;

/// <summary>Amounts of memory as people read them.</summary>
internal static class Bytes
{
    public const long Mebi = 1L << 20;

    public static string Show(long bytes) => bytes >= 1L << 30
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):0.0} GiB")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)Mebi:0} MiB");
}
