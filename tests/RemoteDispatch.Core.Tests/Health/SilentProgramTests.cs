using System.Diagnostics;
using RemoteDispatch.Health;

namespace RemoteDispatch.Core.Tests.Health;

/// <summary>Programs that hang, scream, or lie cost a check their own answer and no more. All of them are stand-ins.</summary>
public sealed class SilentProgramTests
{
    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Program_that_hangs_costs_its_limit_and_is_gone_with_all_it_started(string shell)
    {
        await using var bench = new HealthBench(shell);
        // A daemon of its own session that keeps the streams, and a child: neither ends with its parent.
        bench.StandIn("docker", "setsid sleep 4371 & sleep 4372");
        bench.StandIn("podman", "exec sleep 4373");
        var clock = Stopwatch.StartNew();
        var health = await bench.CheckAsync("docker", "podman", "git", "disk");
        Assert.InRange(clock.Elapsed, TimeSpan.FromSeconds(0.9), TimeSpan.FromSeconds(10));
        foreach (var name in new[] { "docker", "podman" })
        {
            Assert.Equal((CheckStatus.Fail, "no answer within 1 s"), (health[name]!.Status, health[name]!.Detail));
            Assert.NotEmpty(health[name]!.Remedy!);
        }

        Assert.Equal(CheckStatus.Pass, health["git"]!.Status);
        Assert.Equal(CheckStatus.Pass, health["disk"]!.Status);
        Assert.True(health.Healthy);
        Assert.Equal("", await HealthBench.ByHandAsync("ps -eo args | grep '^sleep 437[123]'"));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Agent_that_waits_for_a_person_costs_its_limit(string shell)
    {
        await using var bench = new HealthBench(shell);
        bench.StandIn("claude", "echo 'Please sign in:'; read answer || exec sleep 4381");
        bench.StandIn("codex", "echo codex-cli 0.40.0");
        var health = await bench.CheckAsync("claude", "codex");
        Assert.Equal((CheckStatus.Fail, "no answer within 1 s"), (health["claude"]!.Status, health["claude"]!.Detail));
        Assert.Equal(CheckStatus.Pass, health["codex"]!.Status);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Login_shell_that_hangs_costs_its_limit_and_is_told_where_it_matters(string shell)
    {
        await using var bench = new HealthBench(shell);
        await File.WriteAllTextAsync(bench.Home + "/.profile", "sleep 4391\n", HealthBench.Cancel);
        bench.StandIn("codex", "echo codex-cli 0.40.0");
        var health = await bench.CheckAsync("claude", "codex");
        Assert.Equal((CheckStatus.Skip, "not there; the login shell gave no answer within 1 s"), (health["claude"]!.Status, health["claude"]!.Detail));
        Assert.StartsWith("0.40.0 at ", health["codex"]!.Detail, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Screams_and_escape_sequences_are_cut_and_shown_as_text(string shell)
    {
        await using var bench = new HealthBench(shell);
        bench.StandIn("docker", "printf '\\033[2J\\033]0;owned\\007one\\r\\ntwo\\036abc(\\nworkspace.refused by a liar\\n'; head -c 3000000 /dev/zero | tr '\\0' x; exit 3");
        bench.StandIn("git", "yes 'git version 2.1.0 \u202egpj'");
        bench.StandIn("tmux", "printf 'tmux.code 0\\ncode 0\\ndisk.says x 1 2 3 4%% /\\n\\033[31mred\\007\\n'; exit 9");
        var health = await bench.CheckAsync("docker", "git", "tmux", "disk", "workspace");
        Assert.All(health.Checks, c => Assert.DoesNotContain(c.Detail, ch => char.IsControl(ch) || ch == '\u202e'));
        Assert.All(health.Checks, c => Assert.InRange(c.Detail.Length, 1, 500));
        Assert.Equal(CheckStatus.Fail, health["docker"]!.Status);
        Assert.StartsWith("xxx", health["docker"]!.Detail, StringComparison.Ordinal);
        Assert.Equal("no answer within 1 s", health["git"]!.Detail);
        Assert.EndsWith("tmux ended with code 9: [31mred", health["tmux"]!.Detail, StringComparison.Ordinal);
        Assert.Equal(CheckStatus.Pass, health["disk"]!.Status);
        Assert.Equal((CheckStatus.Pass, bench.Root), (health["workspace"]!.Status, health["workspace"]!.Detail));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Output_of_any_length_leaves_its_exit_code_whole(string shell)
    {
        await using var bench = new HealthBench(shell);
        foreach (var length in new[] { 0, 1, 1989, 1990, 1995, 1999, 2000, 2001, 2010, 5000 })
        {
            bench.StandIn("docker", $"head -c {length} /dev/zero | tr '\\0' x; exit 41");
            var health = await bench.CheckAsync("docker");
            Assert.Equal(CheckStatus.Fail, health["docker"]!.Status);
            Assert.True(length == 0 ? health["docker"]!.Detail.EndsWith("code 41", StringComparison.Ordinal) : health["docker"]!.Detail.StartsWith('x'), health["docker"]!.Detail);
        }
    }
}
