using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.RegularExpressions;

namespace RemoteDispatch;

/// <summary>
/// Amounts of bytes as people type them: <c>500MB</c>, <c>20GB</c>, <c>1.5T</c>, a plain number of bytes. A unit is 1024 of the one below it, as
/// in PowerShell, whether it is written <c>GB</c>, <c>GiB</c> or <c>G</c>.
/// </summary>
public static partial class ByteSize
{
    private const string Units = "KMGTP";

    /// <summary>Reads one.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: it is none.</exception>
    public static long Parse(string text) => TryParse(text, out var bytes) ? bytes.Value : throw new DispatchException(
        FailureReason.InvalidInput, $"{Text.Show(text)} is no amount of bytes.", "Write it as 500MB, 20GB or 1.5TB.");

    /// <summary>Reads one, and says no instead of throwing.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out long? bytes)
    {
        bytes = null;
        if (Pattern().Match(text.Trim()) is { Success: true } match)
        {
            var number = decimal.Parse(match.Groups["number"].Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture);
            var unit = match.Groups["unit"] is { Success: true } letter ? Units.IndexOf(letter.Value, StringComparison.OrdinalIgnoreCase) + 1 : 0;
            var total = number * (1L << (10 * unit));
            bytes = total <= long.MaxValue ? (long)total : null;
        }

        return bytes is not null;
    }

    /// <summary>An amount as people read it: <c>0 B</c>, <c>12 KiB</c>, <c>3.4 MiB</c>, <c>20 GiB</c>.</summary>
    public static string Show(long bytes)
    {
        var unit = 0;
        var amount = (double)bytes;
        while (amount >= 1024 && unit < Units.Length)
        {
            amount /= 1024;
            unit++;
        }

        return unit == 0 ? string.Create(CultureInfo.InvariantCulture, $"{bytes} B")
            : string.Create(CultureInfo.InvariantCulture, $"{amount.ToString(amount < 10 ? "0.#" : "0", CultureInfo.InvariantCulture)} {Units[unit - 1]}iB");
    }

    [GeneratedRegex(@"\A(?<number>[0-9]{1,19}(\.[0-9]{1,6})?) ?((?<unit>[KMGTP])(i?B)?|B)?\z", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
