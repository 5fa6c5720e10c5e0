using System.Text.Json;
using RemoteDispatch.Cli;

namespace RemoteDispatch.Fleet.Tests;

/// <summary><c>rdispatch run --agent</c> and <c>rdispatch resume</c>, with a double of an agent on this machine.</summary>
public sealed class PromptVerbTests : IDisposable
{
    private const string Hostile = "it's \"quoted\" $(id) `x` \\ %s {{id}} {workspace} --\n漢🚀\n";

    private readonly Rdispatch _program = new(null);

    public PromptVerbTests() => DoubleAgent.PlaceFor(_program);

    public void Dispose() => _program.Dispose();

    [Fact]
    public async Task Prompt_of_a_file_of_stdin_and_of_words_arrives_byte_for_byte()
    {
        var file = Path.Combine(_program.Folder, "prompt.md");
        await File.WriteAllTextAsync(file, Hostile, Bench.Cancel);
        await RunAsync(0, "run", "--agent", "double", "--no-frame", "--wait", "--id", "p1", "--file", file);
        Assert.Equal(Hostile, DoubleAgent.Given(_program, "p1", "prompt"));
        using (var piped = _program.Start("run", "--agent", "double", "--no-frame", "--wait", "--id", "p2", "--file", "-"))
        {
            await piped.StandardInput.WriteAsync(Hostile);
            piped.StandardInput.Close();
            await piped.StandardOutput.ReadToEndAsync(Bench.Cancel);
            await piped.WaitForExitAsync(Bench.Cancel);
        }

        Assert.Equal(Hostile, DoubleAgent.Given(_program, "p2", "prompt"));
        await RunAsync(0, "run", "--agent", "double", "--no-frame", "--wait", "--id", "p3", "--", "two  blanks", "and $HOME");
        Assert.Equal("two  blanks and $HOME", DoubleAgent.Given(_program, "p3", "prompt"));
    }

    [Fact]
    public async Task Document_says_which_agent_ran_and_what_came_of_it()
    {
        var note = Path.Combine(_program.Folder, "note.txt");
        await File.WriteAllTextAsync(note, "a note", Bench.Cancel);
        var (output, _) = await RunAsync(
            0, "run", "--json", "--agent", "double", "--model", "big-1", "--max-turns", "7", "--permission-mode", "acceptEdits", "--allowed-tool", "Edit", "--denied-tool", "WebFetch",
            "--attach", note, "--wait", "--id", "t1.2", "--", "Do it.");
        var task = JsonDocument.Parse(output).RootElement;
        var (agent, result) = (task.GetProperty("agent"), task.GetProperty("agentResult"));
        Assert.Equal(
            ("double", "big-1", 7, "acceptEdits", false, JsonValueKind.Null),
            (Text(agent, "name"), Text(agent, "model"), agent.GetProperty("maxTurns").GetInt32(), Text(agent, "permissionMode"), agent.GetProperty("skipsPermissions").GetBoolean(), agent.GetProperty("resumes").ValueKind));
        Assert.Equal(("Completed", "It is done.\nAll of it.", "double-1", 2), (Text(result, "why"), Text(result, "answer"), Text(result, "model"), result.GetProperty("turns").GetInt32()));
        Assert.Contains($"--session-id={Text(agent, "session")}", DoubleAgent.Given(_program, "t1.2", "words"), StringComparison.Ordinal);
        var prompt = DoubleAgent.Given(_program, "t1.2", "prompt");
        Assert.All(new[] { "task t1.2 on the machine local", "<-- THIS TASK", "note.txt", "rd blocked" }, part => Assert.Contains(part, prompt, StringComparison.Ordinal));
        Assert.Equal("a note", await File.ReadAllTextAsync(Path.Combine(_program.Folder, ".remote-dispatch/tasks/t1.2/files/note.txt"), Bench.Cancel));

        var (shown, _) = await RunAsync(0, "status", "t1.2");
        Assert.Matches(@"(?m)^prompt: +Do it\.$", shown);
        Assert.Matches(@"(?m)^agent: +double \(model big-1; at most 7 turns; permission mode acceptEdits\)$", shown);
        Assert.Matches(@"(?m)^result: +Completed: It is done\.$", shown);
        Assert.Matches($"(?m)^session: +{Text(agent, "session")}$", shown);
    }

    [Theory, InlineData("turns", 1, "TurnLimit"), InlineData("blocked", 0, "Blocked")]
    public async Task Exit_code_is_the_agents_own_and_the_document_says_why(string how, int code, string why)
    {
        var (output, _) = await RunAsync(code, "run", "--json", "--agent", "double", "--env", $"DOUBLE={how}", "--wait", "--", "Do it.");
        var result = JsonDocument.Parse(output).RootElement;
        result = (result.TryGetProperty("task", out var inner) ? inner : result).GetProperty("agentResult");
        Assert.Equal((why, how == "blocked" ? "which stage?" : null), (Text(result, "why"), Text(result, "question")));
    }

    [Fact]
    public async Task Resumed_task_is_linked_to_the_first_and_has_its_session_place_and_settings()
    {
        Directory.CreateDirectory(Path.Combine(_program.Folder, "project"));
        await RunAsync(0, "run", "--agent", "double", "--model", "big-1", "--directory", "project", "--wait", "--id", "first", "--", "Do it.");
        var (output, _) = await RunAsync(0, "resume", "first", "--json", "--new-id", "second", "--max-turns", "3", "--wait", "--", "Continue,", "please.");
        var task = JsonDocument.Parse(output).RootElement;
        var session = Text(task.GetProperty("agent"), "session");
        Assert.Equal(("second", "project", "first", "big-1"), (Text(task, "id"), Text(task, "workingDirectory"), Text(task.GetProperty("agent"), "resumes"), Text(task.GetProperty("agent"), "model")));
        Assert.Equal("Continue, please.", DoubleAgent.Given(_program, "second", "prompt"));
        Assert.All(new[] { $"--resume={session}", "--max-turns=3" }, word => Assert.Contains(word, DoubleAgent.Given(_program, "second", "words"), StringComparison.Ordinal));
        Assert.Contains($"--session-id={session}", DoubleAgent.Given(_program, "first", "words"), StringComparison.Ordinal);
        var (line, _) = await RunAsync(0, "resume", "second", "--", "And?");
        Assert.Equal(["local", "Running"], line.TrimEnd().Split('\t')[1..]);
        await RunAsync(0, "wait", line.Split('\t')[0]);
    }

    [Fact]
    public async Task Resume_refuses_what_has_no_session_and_what_runs()
    {
        await RunAsync(0, "run", "--id", "plain", "--wait", "--", "true");
        Assert.Contains("is no agent's", (await RunAsync(ExitCodes.Usage, "resume", "plain", "--", "x")).Errors, StringComparison.Ordinal);
        await RunAsync(ExitCodes.TaskNotFound, "resume", "nobody", "--", "x");
        await RunAsync(0, "run", "--agent", "double", "--env", "DOUBLE=sleep", "--id", "runs", "--", "x");
        var running = await RunAsync(ExitCodes.TaskRunning, "resume", "runs", "--", "x");
        await RunAsync(0, "stop", "runs", "--grace", "1s");
        Assert.Contains("rdispatch send", running.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("is about an agent: add --agent", "--model", "x", "--", "true")]
    [InlineData("contradict each other", "--agent", "double", "--no-frame", "--frame-file", "x", "--", "y")]
    [InlineData("nothing to run", "--agent", "double")]
    [InlineData("no agent 'nosuch'", "--agent", "nosuch", "--", "x")]
    [InlineData("no permission mode 'nonsense'", "--agent", "claude", "--permission-mode", "nonsense", "--", "x")]
    [InlineData("no name of a tool", "--agent", "claude", "--allowed-tool=-x", "--", "x")]
    public async Task What_is_no_run_of_an_agent_is_refused_before_anything_is_sent(string says, params string[] words)
    {
        var (_, errors) = await RunAsync(ExitCodes.Usage, ["run", .. words]);
        Assert.Contains(says, errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_program.Folder, ".remote-dispatch/tasks")));
    }

    [Fact]
    public async Task Host_without_the_agent_is_told_with_what_to_do()
    {
        var (_, errors) = await RunAsync(ExitCodes.LaunchFailed, "run", "--agent", "absent", "--", "x");
        Assert.Contains("absent is on host 'local'", errors, StringComparison.Ordinal);
        Assert.Contains("rdispatch check local", errors, StringComparison.Ordinal);
        await RunAsync(ExitCodes.LocalFile, "run", "--agent", "double", "--attach", Path.Combine(_program.Folder, "nowhere"), "--", "x");
        await RunAsync(ExitCodes.LocalFile, "run", "--agent", "double", "--frame-file", Path.Combine(_program.Folder, "nowhere"), "--", "x");
    }

    [Fact]
    public async Task Skipped_permissions_are_asked_for_on_a_terminal_and_nowhere_else()
    {
        string[] skipping = ["--agent", "double", "--permission-mode", "bypassPermissions"];
        var (output, _) = await RunAsync(0, ["run", "--json", .. skipping, "--wait", "--id", "cron", "--", "x"]);
        Assert.True(JsonDocument.Parse(output).RootElement.GetProperty("agent").GetProperty("skipsPermissions").GetBoolean());

        Assert.SkipWhen(!File.Exists("/usr/bin/script"), "script(1) is missing: apt-get install bsdutils.");
        Assert.Contains("Nothing was sent", await TypeAsync("n", ["run", .. skipping, "--id", "asked", "--", "x"]), StringComparison.Ordinal);
        await RunAsync(ExitCodes.TaskNotFound, "status", "asked");
        Assert.Contains("[y/N]", await TypeAsync("y", ["run", .. skipping, "--id", "asked", "--wait", "--", "x"]), StringComparison.Ordinal);
        Assert.DoesNotContain("[y/N]", await TypeAsync("", ["run", .. skipping, "--yes", "--id", "told", "--wait", "--", "x"]), StringComparison.Ordinal);
        // A session goes on with what it was allowed, and that is asked for again.
        Assert.Contains("Nothing was sent", await TypeAsync("n", ["resume", "told", "--", "x"]), StringComparison.Ordinal);
        foreach (var id in new[] { "asked", "told" })
            await RunAsync(0, "status", id);
    }

    private async Task<(string Output, string Errors)> RunAsync(int code, params string[] words)
    {
        var (ended, output, errors) = await _program.RunAsync(words);
        Assert.True(ended == code, $"{ended}: {output}{errors}");
        return (output, errors);
    }

    /// <summary>Runs it at a terminal, where somebody types a line; gives what stands on the screen.</summary>
    private async Task<string> TypeAsync(string line, string[] words)
    {
        using var terminal = _program.In(["env", "TERM=xterm", "sh", "-c", "line=; for word; do line=\"$line '$word'\"; done; exec script -qec \"$line\" /dev/null", "sh"]).Start(words);
        await terminal.StandardInput.WriteLineAsync(line);
        await terminal.StandardInput.FlushAsync(Bench.Cancel);
        // Its input stays open: somebody is there as long as it runs.
        var shown = await terminal.StandardOutput.ReadToEndAsync(Bench.Cancel).WaitAsync(TimeSpan.FromSeconds(60), Bench.Cancel);
        await terminal.WaitForExitAsync(Bench.Cancel);
        return shown;
    }

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();
}
