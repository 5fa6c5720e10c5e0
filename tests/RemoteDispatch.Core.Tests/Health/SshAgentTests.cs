using System.Diagnostics;
using RemoteDispatch.Health;

namespace RemoteDispatch.Core.Tests.Health;

/// <summary>An agent counts when a key can be listed through it. A real ssh-agent; that it was forwarded is nothing a host could see.</summary>
public sealed class SshAgentTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rd-agent-");
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Keys_of_an_agent_that_answers_are_counted(string shell)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/ssh-agent"), "ssh-agent is not installed.");
        var socket = _folder.FullName + "/agent.sock";
        using var agent = Process.Start(new ProcessStartInfo("ssh-agent", ["-D", "-a", socket]) { RedirectStandardOutput = true })!;
        try
        {
            await agent.StandardOutput.ReadLineAsync(Cancel);
            var empty = await CheckAsync(shell, socket);
            Assert.Equal((CheckStatus.Fail, "the agent answers and holds no key", 0), (empty["agent-forwarding"]!.Status, empty["agent-forwarding"]!.Detail, empty.ForwardedKeys));

            foreach (var name in new[] { "one", "two" })
                await HealthBench.ByHandAsync($"ssh-keygen -q -t ed25519 -N '' -f '{_folder.FullName}/{name}' && SSH_AUTH_SOCK='{socket}' ssh-add -q '{_folder.FullName}/{name}'");
            var full = await CheckAsync(shell, socket);
            Assert.Equal((CheckStatus.Pass, $"2 keys through {socket}", 2), (full["agent-forwarding"]!.Status, full["agent-forwarding"]!.Detail, full.ForwardedKeys));
        }
        finally
        {
            agent.Kill();
            await agent.WaitForExitAsync(Cancel);
        }
    }

    [Fact]
    public async Task Variable_without_an_agent_behind_it_fails_and_none_is_skipped()
    {
        var dead = await CheckAsync("dash", _folder.FullName + "/nobody.sock");
        Assert.Equal((CheckStatus.Fail, null), (dead["agent-forwarding"]!.Status, dead.ForwardedKeys));
        Assert.Contains("no agent answers there", dead["agent-forwarding"]!.Detail, StringComparison.Ordinal);
        Assert.NotEmpty(dead["agent-forwarding"]!.Remedy!);

        await using var bench = new HealthBench("dash");
        Assert.Equal((CheckStatus.Skip, "no agent is forwarded"), ((await bench.CheckAsync("agent-forwarding"))["agent-forwarding"]!.Status, (await bench.CheckAsync("agent-forwarding"))["agent-forwarding"]!.Detail));
    }

    private static async Task<HostHealth> CheckAsync(string shell, string socket)
    {
        await using var bench = new HealthBench(shell);
        bench.Set("SSH_AUTH_SOCK", socket);
        return await bench.CheckAsync("agent-forwarding");
    }
}
