using System.Text.RegularExpressions;

namespace RemoteDispatch.Health;

/// <summary>What a host's answers say of the place where tasks would be.</summary>
internal static partial class PlaceReadings
{
    /// <summary>POSIX's <c>df -Pk</c>: blocks of 1024 bytes; total, used, available, and how full.</summary>
    public static long? FreeBytes(HostFacts facts) =>
        Row(facts.Answer("disk"), DfRow()) is { Success: true } row ? HostFacts.Number(row.Groups["free"].Value) * 1024 : null;

    /// <summary>
    /// <c>df -Pi</c>, which has no standard: Linux puts inodes in the place of blocks, macOS and the BSDs put <c>iused</c> and <c>ifree</c> behind
    /// them. Null also where the file system has no fixed number of them.
    /// </summary>
    public static long? FreeInodes(HostFacts facts)
    {
        var answer = facts.Answer("inodes");
        var row = Row(answer, answer.First.Contains("%iused", StringComparison.Ordinal) ? BsdInodeRow() : DfRow());
        return row is { Success: true } && row.Groups["total"].Value != "0" ? HostFacts.Number(row.Groups["free"].Value) : null;
    }

    /// <summary>Would the host end what is left of a login at its logout? Null where that cannot be found out.</summary>
    public static bool? KillsAtLogout(HostFacts facts) => facts["survival.kills"] switch { "yes" => true, "no" => false, _ => null };

    private static Match? Row(ProgramAnswer answer, Regex pattern) => answer.IsGood ? pattern.Match(answer.Last) : null;

    // From the left, the name of the file system may hold blanks, and from the right, that of the folder: the numbers between them are found.
    [GeneratedRegex(@"\s(?<total>[0-9]+)\s+[0-9]+\s+(?<free>[0-9]+)\s+([0-9]+%|-)\s+/")]
    private static partial Regex DfRow();

    [GeneratedRegex(@"\s(?<total>[0-9]+)\s+[0-9]+\s+[0-9]+\s+[0-9]+%\s+[0-9]+\s+(?<free>[0-9]+)\s+([0-9]+%|-)\s+/")]
    private static partial Regex BsdInodeRow();
}
