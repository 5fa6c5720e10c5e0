using System.Globalization;
using System.Text.RegularExpressions;

namespace RemoteDispatch.Health;

/// <summary>What a host's answers say of the machine.</summary>
internal static partial class MachineReadings
{
    public static long? MemoryTotalBytes(HostFacts facts) => facts.Count("memory.MemTotal") * 1024 ?? facts.Count("memory.bytes");

    /// <summary>Linux says it since 3.14; before, and on macOS, it is what is free and what could be given up at once.</summary>
    public static long? MemoryAvailableBytes(HostFacts facts) =>
        facts.Count("memory.MemAvailable") * 1024
        ?? (facts.Count("memory.MemFree") + facts.Count("memory.Buffers") + facts.Count("memory.Cached")) * 1024
        ?? AvailablePages(facts.Answer("memory"));

    /// <summary>Linux: <c>0.62 0.25 0.12 5/143 7250</c>. macOS: <c>{ 1.61 1.88 2.01 }</c>, with a comma where the locale has one.</summary>
    public static double? LoadAverage(HostFacts facts) =>
        FirstNumber().Match(facts["load.average"] ?? "") is { Success: true } match
            ? double.Parse(match.Value.Replace(',', '.'), CultureInfo.InvariantCulture) : null;

    public static int? Processors(HostFacts facts) => facts.Count("load.processors") is > 0 and < int.MaxValue and var count ? (int)count : null;

    /// <summary><c>NVIDIA A100-SXM4-80GB, 81920, 81037</c>: MiB; <c>[N/A]</c> where a GPU shares the machine's memory.</summary>
    public static IReadOnlyList<HostGpu> Gpus(HostFacts facts)
    {
        var answer = facts.Answer("gpu");
        return answer.IsGood ? answer.Says.Select(line => line.Split(", ")).Where(f => f.Length >= 3 && Fits(f[^1]) && Fits(f[^2]))
            .Select(f => new HostGpu(string.Join(", ", f[..^2]), Memory(f[^2]), Memory(f[^1]))).ToArray() : [];

        static bool Fits(string field) => field.StartsWith('[') || HostFacts.Number(field) is not null;
        static long? Memory(string field) => HostFacts.Number(field) is { } mebi and < long.MaxValue / Bytes.Mebi ? mebi * Bytes.Mebi : null;
    }

    /// <summary>Source: vm_stat(1) of macOS, which counts in pages and says in its heading how large one is.</summary>
    private static long? AvailablePages(ProgramAnswer answer)
    {
        if (!answer.IsGood || HostFacts.Number(PageSize().Match(answer.First).Groups[1].Value) is not { } size)
            return null;
        return answer.Says.Select(l => PageRow().Match(l)).Where(m => m.Success && m.Groups[1].Value is "free" or "inactive" or "speculative" or "purgeable")
            .Sum(m => HostFacts.Number(m.Groups[2].Value) ?? 0) * size;
    }

    [GeneratedRegex(@"[0-9]{1,6}(?:[.,][0-9]{1,6})?")]
    private static partial Regex FirstNumber();

    [GeneratedRegex(@"page size of ([0-9]{1,9}) bytes")]
    private static partial Regex PageSize();

    [GeneratedRegex(@"\APages (\w+):\s+([0-9]{1,12})\.\z")]
    private static partial Regex PageRow();
}
