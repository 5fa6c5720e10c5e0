using System.Globalization;
using System.Text.RegularExpressions;

namespace RemoteDispatch.Workspaces;

/// <summary>A file system that took no more, as the host's <c>df</c> showed it then.</summary>
/// <param name="Why">What the system said: <c>No space left on device</c>, <c>Disk quota exceeded</c>.</param>
/// <param name="FileSystem">The device and where it is mounted; null where df said nothing.</param>
/// <param name="TotalBytes">Its size.</param>
/// <param name="FreeBytes">What users may still take of it.</param>
/// <param name="FreeInodes">How many more files it can have; null where it sets no limit.</param>
internal sealed partial record DiskRoom(string Why, string? FileSystem, long? TotalBytes, long? FreeBytes, long? FreeInodes)
{
    /// <summary>Reads what <c>rd_unwritten</c> prints: the reason, a line of <c>df -Pk</c> and one of <c>df -Pi</c>, with tabs between.</summary>
    public static DiskRoom Parse(string said)
    {
        var parts = said.Split('\t');
        var blocks = Row().Match(parts.ElementAtOrDefault(1) ?? "");
        var names = parts.ElementAtOrDefault(2) ?? "";
        var inodes = BsdInodes().Match(names) is { Success: true } bsd ? bsd : Row().Match(names);
        return new DiskRoom(
            Text.OneLine(parts[0].Trim(), 200),
            blocks.Success ? $"{Text.OneLine(blocks.Groups["device"].Value, 80)} on {Text.OneLine(blocks.Groups["mount"].Value, 120)}" : null,
            Number(blocks, "total") * 1024, Number(blocks, "free") * 1024,
            // A file system without a fixed number of inodes shows none at all.
            Number(inodes, "total") == 0 ? null : Number(inodes, "free"));
    }

    /// <summary>For a sentence: <c>No space left on device (/dev/sda1 on /home: 20 GiB, 0 B free)</c>.</summary>
    public override string ToString()
    {
        if (FileSystem is null || TotalBytes is not { } total || FreeBytes is not { } free)
            return Why;
        var inodes = FreeInodes is < 100 and var left ? string.Create(CultureInfo.InvariantCulture, $", {left} more files (inodes)") : "";
        return $"{Why} ({FileSystem}: {ByteSize.Show(total)}, {ByteSize.Show(free)} free{inodes})";
    }

    private static long? Number(Match row, string group) =>
        row.Success && long.TryParse(row.Groups[group].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    // The device's name may hold blanks, and the folder's too: the numbers between them are found.
    [GeneratedRegex(@"\A(?<device>.+?)\s+(?<total>[0-9]+)\s+[0-9]+\s+(?<free>[0-9]+)\s+([0-9]+%|-)\s+(?<mount>/.*)\z")]
    private static partial Regex Row();

    [GeneratedRegex(@"\A(?<device>.+?)\s+[0-9]+\s+[0-9]+\s+[0-9]+\s+[0-9]+%\s+(?<total>[0-9]+)\s+(?<free>[0-9]+)\s+([0-9]+%|-)\s+(?<mount>/.*)\z")]
    private static partial Regex BsdInodes();
}
