using System.Globalization;

namespace RemoteDispatch.Health;

/// <summary>What is the machine, and has it anything to give?</summary>
internal static class MachineFindings
{
    private const long LeastAvailableBytes = 256 * Bytes.Mebi;
    private const double MostLoadPerProcessor = 2;

    private static readonly TimeSpan MostOffset = TimeSpan.FromSeconds(10);

    public static Finding System(HostFacts facts)
    {
        var shell = facts["host.shell"] is { } path ? $"login shell {path}" : null;
        var said = string.Join(", ", new[] { facts["host.release"], facts["host.system"], shell }.OfType<string>());
        return said.Length > 0 ? Finding.Pass(said) : Finding.Skip("the host does not say", "See whether 'uname -srm' works there.");
    }

    public static Finding Memory(HostFacts facts)
    {
        var answer = facts.Answer("memory");
        if ((MachineReadings.MemoryTotalBytes(facts), MachineReadings.MemoryAvailableBytes(facts)) is not ({ } total, { } available))
            return ToolFindings.Silent(facts, answer) ?? Finding.Skip("the host does not say", "Look at its memory by hand: it has neither /proc/meminfo nor vm_stat.");
        var detail = $"{Bytes.Show(available)} of {Bytes.Show(total)} available";
        return available >= LeastAvailableBytes
            ? Finding.Pass(detail, answer.Took) : Finding.Fail(detail, "End something there: a new task might be the one that is killed for want of memory.", answer.Took);
    }

    public static Finding Load(HostFacts facts)
    {
        if ((MachineReadings.LoadAverage(facts), MachineReadings.Processors(facts)) is not ({ } load, { } processors))
            return Finding.Skip("the host does not say", "Look at its load by hand: uptime.");
        var detail = string.Create(CultureInfo.InvariantCulture, $"{load:0.##} on {processors} processors");
        return load <= MostLoadPerProcessor * processors
            ? Finding.Pass(detail) : Finding.Fail(detail, "Take another host, or wait: more work waits there than its processors can do.");
    }

    public static Finding Clock(HostFacts facts)
    {
        if (HostClock.Compare(facts) is not var (offset, uncertainty))
            return Finding.Skip("the host does not say", "See whether 'date +%s' works there.");
        var detail = string.Create(
            CultureInfo.InvariantCulture, $"{Math.Abs(offset.TotalSeconds):0.0##} s {(offset < TimeSpan.Zero ? "behind" : "ahead")}, give or take {uncertainty.TotalSeconds:0.0##} s");
        // Only what is certain counts.
        return offset.Duration() - uncertainty <= MostOffset ? Finding.Pass(detail)
            : Finding.Fail(detail, "Let the host keep time (chrony, systemd-timesyncd), or see whether the clock here is right.");
    }

    public static Finding Gpu(HostFacts facts)
    {
        var answer = facts.Answer("gpu");
        if (answer.Path is null)
            return Finding.Skip("nvidia-smi is not there", "Install NVIDIA's driver there, or take a host with a GPU.");
        var gpus = MachineReadings.Gpus(facts);
        if (gpus.Count == 0)
            return ToolFindings.Silent(facts, answer) ?? Finding.Fail($"nvidia-smi: {(answer.Last.Length > 0 ? answer.Last : $"exit code {answer.Code}")}", "Run nvidia-smi there by hand: does its driver fit the kernel?", answer.Took);
        return Finding.Pass(string.Join("; ", gpus.Select(Show)), answer.Took);
    }

    private static string Show(HostGpu gpu) => gpu is { TotalBytes: { } total, FreeBytes: { } free }
        ? $"{gpu.Model}, {Bytes.Show(free)} of {Bytes.Show(total)} free" : gpu.Model;
}
