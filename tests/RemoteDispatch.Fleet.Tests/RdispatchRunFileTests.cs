using RemoteDispatch.Cli;

namespace RemoteDispatch.Fleet.Tests;

/// <summary><c>rdispatch run --file</c>: a script instead of a command.</summary>
public sealed class RdispatchRunFileTests(SharedFleet shared)
{
    private const string Script = "#!/bin/sh\nword='as it is'\necho \"$word\"\n";

    [Fact]
    public async Task Script_of_a_file_runs_on_several_hosts()
    {
        using var program = new Rdispatch(shared.Fleet.SshConfigPath);
        var script = Path.Combine(program.Folder, "deploy.sh");
        await File.WriteAllTextAsync(script, Script, Bench.Cancel);
        var run = await program.RunAsync("run", "--host", "h1", "--host", "h2", "--wait", "--file", script);
        Assert.True(run.Code == 0, run.Errors);
        Assert.Equal(["h1: as it is", "h2: as it is"], run.Output.TrimEnd().Split('\n').Order());
    }

    [Fact]
    public async Task Script_comes_from_stdin()
    {
        using var program = new Rdispatch(shared.Fleet.SshConfigPath);
        using var run = program.Start("run", "--host", "h3", "--wait", "--file", "-");
        await run.StandardInput.WriteAsync(Script);
        run.StandardInput.Close();
        var errors = run.StandardError.ReadToEndAsync(Bench.Cancel);
        Assert.Equal("as it is\n", await run.StandardOutput.ReadToEndAsync(Bench.Cancel));
        await run.WaitForExitAsync(Bench.Cancel);
        Assert.True(run.ExitCode == 0, await errors);
    }

    [Theory, InlineData("nowhere.sh", "nowhere.sh"), InlineData(".", "it is a folder")]
    public async Task Script_that_cannot_be_read_is_a_failure_of_this_machine(string name, string says)
    {
        using var program = new Rdispatch(null);
        var run = await program.RunAsync("run", "--file", Path.Combine(program.Folder, name));
        Assert.Equal((ExitCodes.LocalFile, ""), (run.Code, run.Output));
        Assert.Contains(says, run.Errors, StringComparison.Ordinal);
    }
}
