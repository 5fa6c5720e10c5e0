using RemoteDispatch.Agents;
using RemoteDispatch.Health;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Core.Tests.Health;

/// <summary>What systems print that are not here: the forms are from their manuals. Nothing of it has been asked of the real ones yet.</summary>
public sealed class ReadingsTests
{
    private static readonly DateTimeOffset Noon = new(2026, 2, 21, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Memory_of_macos_is_the_pages_that_could_be_had()
    {
        var facts = Of("memory.bytes 17179869184", "memory.code 0", "memory.says Mach Virtual Memory Statistics: (page size of 16384 bytes)",
            "memory.says Pages free:                               10000.", "memory.says Pages active:                            300000.",
            "memory.says Pages inactive:                           20000.", "memory.says Pages speculative:                         3000.", "memory.says \"Translation faults\":                 123456789.");
        Assert.Equal(16L << 30, MachineReadings.MemoryTotalBytes(facts));
        Assert.Equal(33000L * 16384, MachineReadings.MemoryAvailableBytes(facts));
    }

    [Theory, InlineData("{ 1.61 1.88 2.01 }", 1.61), InlineData("{ 1,61 1,88 2,01 }", 1.61), InlineData("0.62 0.25 0.12 5/143 7250", 0.62)]
    public void Load_is_the_first_number(string said, double expected) => Assert.Equal(expected, MachineReadings.LoadAverage(Of($"load.average {said}")));

    [Theory]
    [InlineData("Filesystem Inodes IUsed IFree IUse% Mounted on", "/dev/sda1 16777216 432797 16344419 3% /", 16344419L)]
    [InlineData("Filesystem Inodes Used Available Capacity Mounted on", "server:/a b 100 40 60 40% /home/a b 1%", 60L)]
    [InlineData("Filesystem 512-blocks Used Available Capacity iused ifree %iused Mounted on", "/dev/disk3s5 965595304 200 300 52% 2000 4000 0% /System/Volumes/Data", 4000L)]
    [InlineData("Filesystem Inodes IUsed IFree IUse% Mounted on", "/dev/sdb 0 0 0 - /btrfs", null)]
    [InlineData("df: invalid option -- 'i'", "usage: df", null)]
    public void Inodes_are_read_in_each_systems_form(string heading, string row, long? expected) =>
        Assert.Equal(expected, PlaceReadings.FreeInodes(Of("inodes.code 0", $"inodes.says {heading}", $"inodes.says {row}")));

    [Theory]
    [InlineData("survival.kills yes|survival.fit yes", true, CheckStatus.Pass), InlineData("survival.kills no|survival.fit yes", false, CheckStatus.Pass)]
    [InlineData("survival.kills yes|survival.unfit lingering is off|survival.remedy enable it", true, CheckStatus.Fail)]
    [InlineData("survival.unfit logind does not answer|survival.remedy see why", null, CheckStatus.Fail), InlineData("", null, CheckStatus.Pass)]
    public void Survival_is_what_a_dispatch_would_find(string said, bool? kills, CheckStatus status)
    {
        var facts = Of(said.Split('|'));
        Assert.Equal((kills, status), (PlaceReadings.KillsAtLogout(facts), PlaceFindings.Survival(facts).Status));
    }

    [Fact]
    public void Clock_counts_the_round_trip_and_not_the_time_that_the_host_worked()
    {
        // Sent at 12:00:00, answered at 12:00:04: 3.8 seconds of work there, 0.2 on the way. The host is 60 seconds ahead.
        var facts = Of(Noon, Noon.AddSeconds(4), Clocks(Noon.AddSeconds(60.1), Noon.AddSeconds(63.9)));
        var (offset, uncertainty) = HostClock.Compare(facts)!.Value;
        Assert.Equal((60.0, 0.1), (Math.Round(offset.TotalSeconds, 3), Math.Round(uncertainty.TotalSeconds, 3)));
        Assert.Equal(CheckStatus.Fail, MachineFindings.Clock(facts).Status);
    }

    [Fact]
    public void Clock_of_whole_seconds_is_told_with_half_a_second_of_doubt()
    {
        var second = Noon.ToUnixTimeSeconds();
        var (offset, uncertainty) = HostClock.Compare(Of(Noon.AddSeconds(0.5), Noon.AddSeconds(0.5), [$"clock.before {second}.N", $"clock.after {second}"]))!.Value;
        Assert.Equal((TimeSpan.Zero, TimeSpan.FromSeconds(0.5)), (offset, uncertainty));
    }

    [Theory, InlineData(""), InlineData("clock.before x"), InlineData("clock.before 99999999999999999999.1"), InlineData("load.average none"), InlineData("memory.MemTotal -1"), InlineData("memory.MemTotal 99999999999999999999")]
    [InlineData("gpu.says a, 1, x"), InlineData("gpu.says ,"), InlineData("disk.says 1 2"), InlineData("tasks.running 99999999999999"), InlineData("nonsense"), InlineData(" "), InlineData("gpu.took a b"), InlineData("survival.code 999999999999")]
    public void Nonsense_is_as_if_it_were_not_there(string line)
    {
        var facts = Of("gpu.path /x", "gpu.code 0", "disk.code 0", line);
        Assert.Empty(MachineReadings.Gpus(facts));
        foreach (var check in CheckCatalog.With(AgentProfiles.Read("/no/such/folder")))
            Assert.NotEmpty(check.Judge(facts).Detail);
    }

    private static string[] Clocks(DateTimeOffset before, DateTimeOffset after) => [$"clock.before {Stamp(before)}", $"clock.after {Stamp(after)}"];

    private static string Stamp(DateTimeOffset time) => $"{time.ToUnixTimeSeconds()}.{time.Ticks % TimeSpan.TicksPerSecond * 100:D9}";

    private static HostFacts Of(params string[] lines) => Of(Noon, Noon, lines);

    private static HostFacts Of(DateTimeOffset sent, DateTimeOffset received, string[] lines) =>
        new(lines, DispatchHost.Local, DispatchHost.Local, sent, received) { Patience = TimeSpan.FromSeconds(5) };
}
