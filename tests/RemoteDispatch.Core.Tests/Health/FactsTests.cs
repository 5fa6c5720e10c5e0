using System.Globalization;
using RemoteDispatch.Agents;
using RemoteDispatch.Health;

namespace RemoteDispatch.Core.Tests.Health;

/// <summary>What a check says of this machine is what it says itself when it is asked by hand, under every shell.</summary>
public sealed class FactsTests
{
    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Facts_agree_with_the_machine_asked_by_hand(string shell)
    {
        await using var bench = new HealthBench(shell);
        var health = await bench.CheckAsync();
        Assert.Equal(await HealthBench.ByHandAsync("uname -srm"), health.System);
        Assert.Equal(await HealthBench.ByHandAsync("id -un"), health.User);
        Assert.Equal("/bin/sh", health.LoginShell);
        Assert.Equal(await HealthBench.ByHandAsync("grep -c ^processor /proc/cpuinfo"), health.Processors!.Value.ToString(CultureInfo.InvariantCulture));
        Assert.Equal(await HealthBench.ByHandAsync("awk '/^MemTotal/ { print $2 * 1024 }' /proc/meminfo"), health.MemoryTotalBytes!.Value.ToString(CultureInfo.InvariantCulture));
        // What moves by itself: within a tenth of the whole.
        Near(await HealthBench.ByHandAsync("awk '/^MemAvailable/ { print $2 * 1024 }' /proc/meminfo"), health.MemoryAvailableBytes, health.MemoryTotalBytes!.Value / 10.0);
        Near(await HealthBench.ByHandAsync($"df -Pk '{bench.Root}' | awk 'NR == 2 {{ print $4 * 1024 }}'"), health.FreeBytes, 10L << 30);
        Near(await HealthBench.ByHandAsync($"df -Pi '{bench.Root}' | awk 'NR == 2 {{ print $4 }}'"), health.FreeInodes, 200_000);
        Assert.InRange(health.LoadAverage!.Value, 0, 1000);
        Assert.Equal(0, health.TasksRunning);
        Assert.Equal(File.Exists("/etc/os-release"), health.Release is not null);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Tools_agree_with_what_they_say_by_hand(string shell)
    {
        await using var bench = new HealthBench(shell);
        bench.StandIn("tmux", "echo tmux 3.5a");
        var health = await bench.CheckAsync("git", "tmux");
        var git = await HealthBench.ByHandAsync("git --version");
        Assert.Contains(health["git"]!.Detail.Split(' ')[0], git, StringComparison.Ordinal);
        Assert.EndsWith(await HealthBench.ByHandAsync("command -v git"), health["git"]!.Detail, StringComparison.Ordinal);
        Assert.Equal($"3.5a at {bench.Bin}/tmux", health["tmux"]!.Detail);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Clock_of_this_very_machine_is_right_within_what_it_says(string shell)
    {
        await using var bench = new HealthBench(shell);
        var health = await bench.CheckAsync("clock");
        Assert.Equal(CheckStatus.Pass, health["clock"]!.Status);
        Assert.True(health.ClockOffset!.Value.Duration() <= health.ClockUncertainty!.Value + TimeSpan.FromMilliseconds(1), health["clock"]!.Detail);
    }

    // Not under busybox, whose own date goes before that of the PATH.
    [Theory, InlineData("dash"), InlineData("bash")]
    public async Task Clock_that_is_an_hour_behind_fails(string shell)
    {
        await using var bench = new HealthBench(shell);
        bench.StandIn("date", "echo $(($(/bin/date +%s) - 3600)).N");
        var health = await bench.CheckAsync("clock");
        Assert.Equal(CheckStatus.Fail, health["clock"]!.Status);
        var (offset, uncertainty) = (health.ClockOffset!.Value, health.ClockUncertainty!.Value);
        Assert.True((offset + TimeSpan.FromHours(1)).Duration() <= uncertainty + TimeSpan.FromMilliseconds(1), health["clock"]!.Detail);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Tasks_are_counted_by_what_they_are(string shell)
    {
        await using var bench = new HealthBench(shell);
        Workspace("ended", "exit", "exited 0 2 \n");
        Workspace("lost", "process", "999999 999999 1 another-boot 1 mark\n");
        Workspace("new", "claim", $"digest {await File.ReadAllTextAsync("/proc/sys/kernel/random/boot_id", HealthBench.Cancel)} 1\n".Replace("\n ", " ", StringComparison.Ordinal));
        Workspace("no id, no workspace", "exit", "exited 0 2 \n");
        var health = await bench.CheckAsync("tasks");
        Assert.Equal((1, 2, "1 running, 2 left over"), (health.TasksRunning, health.TasksLeft, health["tasks"]!.Detail));

        void Workspace(string id, string file, string content)
        {
            Directory.CreateDirectory($"{bench.Root}/{id}");
            File.WriteAllText($"{bench.Root}/{id}/{file}", content);
        }
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Gpus_are_those_that_nvidia_smi_lists(string shell)
    {
        await using var bench = new HealthBench(shell);
        bench.NvidiaStandIn("NVIDIA A100-SXM4-80GB, 81920, 81037\nNVIDIA GB10, [N/A], [N/A]");
        var health = await bench.CheckAsync(new HostCheckOptions { Required = ["gpu"] });
        Assert.True(health.Healthy, string.Join('\n', health.Checks));
        Assert.Equal([new HostGpu("NVIDIA A100-SXM4-80GB", 81920L << 20, 81037L << 20), new HostGpu("NVIDIA GB10", null, null)], health.Gpus);
        Assert.Equal("NVIDIA A100-SXM4-80GB, 79.1 GiB of 80.0 GiB free; NVIDIA GB10", health["gpu"]!.Detail);
    }

    [Fact]
    public async Task Driver_without_a_gpu_fails_with_its_words()
    {
        await using var bench = new HealthBench("dash");
        bench.NvidiaStandIn("");
        var health = await bench.CheckAsync("gpu");
        Assert.Equal((CheckStatus.Fail, "nvidia-smi: No devices were found"), (health["gpu"]!.Status, health["gpu"]!.Detail));
        Assert.Empty(health.Gpus);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Check_leaves_nothing_in_the_resident_shell_nor_on_the_host(string shell)
    {
        await using var client = Shells.Client(shell);
        using var folder = new TestFolder();
        var probe = new HostProbe(client, AgentProfiles.Read("/no/such/folder"));
        await probe.CheckAsync(folder.Host, new HostCheckOptions { Checks = ["system", "git", "claude"] }, HealthBench.Cancel);
        var left = await client.FactsAsync(folder.Host, _ => "set | grep -c RD_SHARE; command -v rd_facts; echo \"${REMOTE_DISPATCH_MARK-none}\"", HealthBench.Cancel);
        Assert.Equal(["0", "none", ""], left);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    private static void Near(string byHand, long? fact, double tolerance) =>
        Assert.InRange(fact!.Value, long.Parse(byHand, CultureInfo.InvariantCulture) - tolerance, long.Parse(byHand, CultureInfo.InvariantCulture) + tolerance);
}
