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

    /// <summary>
    /// Does logind end what this user leaves behind at logout? Null where it does not say. Source: logind.conf(5). Who is excluded stays, root
    /// where nobody is; then a list of those who are meant decides, and without one the setting for all.
    /// </summary>
    public static bool? KillsAtLogout(HostFacts facts)
    {
        var answer = facts.Answer("survival");
        if (answer.Code is null && !answer.IsSilent)
            return false;
        string? Setting(string name) => answer.Says.FirstOrDefault(l => l.StartsWith(name + '=', StringComparison.Ordinal))?[(name.Length + 1)..];
        string[] Users(string setting) => (Setting(setting) ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var user = facts["host.user"] ?? "";
        if (Setting("KillUserProcesses") is not ("yes" or "no"))
            return null;
        var (excluded, meant) = (Users("KillExcludeUsers"), Users("KillOnlyUsers"));
        if (excluded.Contains(user) || (excluded.Length == 0 && user == "root"))
            return false;
        return meant.Length > 0 ? meant.Contains(user) : Setting("KillUserProcesses") == "yes";
    }

    private static Match? Row(ProgramAnswer answer, Regex pattern) => answer.IsGood ? pattern.Match(answer.Last) : null;

    // From the left, the name of the file system may hold blanks, and from the right, that of the folder: the numbers between them are found.
    [GeneratedRegex(@"\s(?<total>\d+)\s+\d+\s+(?<free>\d+)\s+(\d+%|-)\s+/")]
    private static partial Regex DfRow();

    [GeneratedRegex(@"\s(?<total>\d+)\s+\d+\s+\d+\s+\d+%\s+\d+\s+(?<free>\d+)\s+(\d+%|-)\s+/")]
    private static partial Regex BsdInodeRow();
}
