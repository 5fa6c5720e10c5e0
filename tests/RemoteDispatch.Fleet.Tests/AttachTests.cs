using System.Diagnostics;
using System.Text;
using RemoteDispatch.Cli;

namespace RemoteDispatch.Fleet.Tests;

/// <summary>Attaching to a task through a real terminal, made by script(1), and leaving it again.</summary>
public sealed class AttachTests(SharedFleet shared)
{
    private const string LeaveKeys = "\u0002d";

    // The words of the program become one line for script, which gives it a terminal.
    private static readonly string[] Terminal =
        ["env", "TERM=xterm", "sh", "-c", "line=; for word; do line=\"$line '$word'\"; done; exec script -qec \"$line\" /dev/null", "sh"];

    private const string Asks = "echo who is there; read -r line; echo \"got $line\"; until [ -e \"$REMOTE_DISPATCH_WORKSPACE/go\" ]; do sleep 0.05; done; exit 5";

    [Theory, InlineData("h1"), InlineData("local")]
    public async Task Line_that_is_typed_reaches_the_task_which_goes_on_when_it_is_left(string host)
    {
        SkipWithoutTools();
        using var program = new Rdispatch(shared.Fleet.SshConfigPath);
        using var terminal = program.In(Terminal);
        var id = $"asks-{host}";
        Assert.Equal(0, (await program.RunAsync("run", "--host", host, "--id", id, "--runner", "tmux", "--", Asks)).Code);
        using (var attached = terminal.Start("attach", id))
        {
            await ShownAsync(attached, "who is there");
            await attached.StandardInput.WriteAsync("it is me\r");
            await attached.StandardInput.FlushAsync(Bench.Cancel);
            await ShownAsync(attached, "got it is me");
            Assert.Contains($"{id}\t{host}\tRunning", await LeaveAsync(attached), StringComparison.Ordinal);
            await attached.WaitForExitAsync(Bench.Cancel);
            Assert.Equal(0, attached.ExitCode);
        }

        Assert.Equal("who is there\ngot it is me\n", (await program.RunAsync("logs", id)).Output);
        using (var again = terminal.Start("attach", id))
        {
            // What was said before is still on the screen; and an end of the task is an end of the attachment.
            await ShownAsync(again, "got it is me");
            var home = host == "h1" ? shared.Fleet.Hosts[0].HomeOnDisk : program.Folder;
            await File.WriteAllTextAsync(Path.Combine(home, ".remote-dispatch", "tasks", id, "go"), "", Bench.Cancel);
            Assert.Contains($"{id}\t{host}\tFailed", await RestAsync(again), StringComparison.Ordinal);
        }

        Assert.Equal(5, (await program.RunAsync("wait", id)).Code);
    }

    [Fact]
    public async Task Terminal_that_is_lost_leaves_the_task_running()
    {
        SkipWithoutTools();
        using var program = new Rdispatch(shared.Fleet.SshConfigPath);
        using var terminal = program.In(Terminal);
        Assert.Equal(0, (await program.RunAsync("run", "--host", "h2", "--id", "torn", "--runner", "tmux", "--", "echo up; exec sleep 1000")).Code);
        using (var attached = terminal.Start("attach", "torn"))
        {
            await ShownAsync(attached, "up");
            attached.Kill(entireProcessTree: true);
        }

        Assert.Contains("Running", (await program.RunAsync("status", "torn")).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await program.RunAsync("stop", "torn")).Code);
    }

    [Fact]
    public async Task Attach_without_a_terminal_to_another_runner_or_to_an_ended_task_fails_with_what_to_do()
    {
        SkipWithoutTools();
        using var program = new Rdispatch(null);
        Assert.Equal(0, (await program.RunAsync("run", "--id", "tmux", "--runner", "Tmux", "--", "exec sleep 1000")).Code);
        var refused = await program.RunAsync("attach", "tmux");
        Assert.Equal((ExitCodes.NoTerminal, ""), (refused.Code, refused.Output));
        Assert.Contains("no terminal", refused.Errors, StringComparison.Ordinal);
        Assert.Equal(0, (await program.RunAsync("stop", "tmux")).Code);
        Assert.Contains("(Stopped)", (await program.RunAsync("attach", "tmux")).Errors, StringComparison.Ordinal);

        Assert.Equal(0, (await program.RunAsync("run", "--id", "plain", "--", "true")).Code);
        refused = await program.RunAsync("attach", "plain");
        Assert.Equal(ExitCodes.NoTerminal, refused.Code);
        Assert.Contains("--runner tmux", refused.Errors, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.TaskNotFound, (await program.RunAsync("attach", "nobody-knows-it")).Code);
    }

    [Theory, InlineData("session"), InlineData("tmux")]
    public async Task Task_outlives_the_end_of_every_connection_and_is_stopped_whole(string runner)
    {
        SkipWithoutTools();
        await using var fleet = await OwnFleet.StartAsync(1);
        using var program = new Rdispatch(fleet.SshConfigPath);
        Assert.Equal(0, (await program.RunAsync("run", "--host", "h1", "--id", "kept", "--runner", runner, "--", "echo up; exec sleep 1000")).Code);
        await fleet.Hosts[0].KillConnectionsAsync(Bench.Cancel);
        Assert.Contains("Running", (await program.RunAsync("status", "kept", "--json")).Output, StringComparison.Ordinal);
        Assert.Contains(runner, (await program.RunAsync("list", "--host", "h1", "--json")).Output, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(0, (await program.RunAsync("stop", "kept")).Code);
        Assert.Equal("up\n", (await program.RunAsync("logs", "kept")).Output);
    }

    private static void SkipWithoutTools()
    {
        foreach (var tool in (string[])["tmux", "script"])
            Assert.SkipUnless(File.Exists("/usr/bin/" + tool), $"{tool} is not installed: apt-get install tmux bsdutils.");
    }

    /// <summary>Reads until the screen has shown it; the keys that follow come after.</summary>
    private static async Task ShownAsync(Process attached, string text)
    {
        var shown = new StringBuilder();
        var piece = new char[4096];
        while (!shown.ToString().Contains(text, StringComparison.Ordinal))
        {
            var count = await attached.StandardOutput.ReadAsync(piece, Bench.Cancel).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Bench.Cancel);
            Assert.True(count > 0, $"'{text}' was not shown: {shown}");
            shown.Append(piece, 0, count);
        }
    }

    /// <summary>What is shown until the program has ended.</summary>
    private static async Task<string> RestAsync(Process attached) =>
        await attached.StandardOutput.ReadToEndAsync(Bench.Cancel).WaitAsync(TimeSpan.FromSeconds(60), Bench.Cancel);

    /// <summary>
    /// Leaves, and gives what is shown until the program has ended. tmux takes keys that come within a millisecond of others for a paste,
    /// and no command of it: they are typed again, as a person would.
    /// </summary>
    private static async Task<string> LeaveAsync(Process attached)
    {
        var rest = RestAsync(attached);
        while (!rest.IsCompleted)
        {
            try
            {
                await attached.StandardInput.WriteAsync(LeaveKeys);
                await attached.StandardInput.FlushAsync(Bench.Cancel);
            }
            catch (IOException)
            {
                // It has ended.
            }

            await Task.WhenAny(rest, Task.Delay(TimeSpan.FromSeconds(1), Bench.Cancel));
        }

        return await rest;
    }
}
