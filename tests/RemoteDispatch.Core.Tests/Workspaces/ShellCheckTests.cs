using System.Diagnostics;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Core.Tests.Workspaces;

/// <summary>The shell files are clean, as they stand and as they are sent.</summary>
public sealed class ShellCheckTests
{
    public static TheoryData<string> Files => ["channel.sh", "container.sh", "process.sh", "runner.sh", "host.sh", "sandbox.sh", "sandbox-engine.sh", "wrapper.sh", "ssh-agent.sh", "forwarding.sh", "ssh-front.sh", "guard.sh", "revoke.sh", "repo.sh", "checkout.sh", "files.sh", "run.sh", "rd.sh", "inbox.sh", "hash.sh", "pack.sh", "since.sh", "feed.sh", "facts.sh", "agents.sh", "usage.sh", "workers.sh", "pulse.sh"];

    [Theory, MemberData(nameof(Files))]
    public async Task Shell_file_passes_shellcheck(string name)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/shellcheck"), "shellcheck is not installed: apt-get install shellcheck.");
        await using var resource = typeof(WorkspaceClient).Assembly.GetManifestResourceStream(name)!;
        using var check = Process.Start(new ProcessStartInfo("/usr/bin/shellcheck", ["-s", "sh", "-"]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        await resource.CopyToAsync(check.StandardInput.BaseStream, TestContext.Current.CancellationToken);
        check.StandardInput.Close();
        var said = await check.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await check.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(check.ExitCode == 0, said);
    }

    [Fact]
    public void Text_as_sent_has_no_comment_and_ends_with_a_line_end()
    {
        foreach (var name in Files.Select(f => f.Data))
        {
            var text = ShellText.Load(name);
            Assert.DoesNotContain(text.Split('\n'), l => l.StartsWith('#'));
            Assert.EndsWith("\n", text, StringComparison.Ordinal);
        }
    }
}
