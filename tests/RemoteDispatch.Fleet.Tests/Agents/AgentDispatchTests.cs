using RemoteDispatch.Agents;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Fleet.Tests.Agents;

/// <summary>The real Claude Code and the real OpenCode as detached tasks on a real host, from the prompt to the result; their model is a double.</summary>
public sealed class AgentDispatchTests
{
    [Theory, InlineData("claude"), InlineData("opencode")]
    public async Task Prompt_of_a_megabyte_arrives_at_the_model_byte_for_byte_and_the_answer_at_the_task(string agent)
    {
        await using var bench = await AgentBench.StartAsync(agent);
        bench.Model.Script = [ModelStep.Say("All is well: é漢🎉")];
        const string Line = "'\"`$(exit 9)${HOME}\\ \t!*?[]{}~#&|;<> é 漢字 🎉 {workspace} {{prompt}} -n --help\n";
        var prompt = string.Concat(Enumerable.Repeat(Line, (1 << 20) / System.Text.Encoding.UTF8.GetByteCount(Line))) + "the end";
        var task = await bench.RunAsync(bench.Request(prompt));

        Assert.True(task.State == TaskState.Succeeded, await bench.Bench.TextOf(task));
        Assert.True(bench.Model.Heard(prompt), $"{bench.Model.Requests.Count} requests");
        Assert.Equal((AgentEnd.Completed, "All is well: é漢🎉"), (task.AgentResult!.Why, task.AgentResult.Answer));
        Assert.NotNull(task.AgentResult.Session);
        Assert.True(task.AgentResult.Turns > 0 && task.AgentResult.OutputTokens > 0, task.AgentResult.ToString());
    }

    [Theory, InlineData("claude"), InlineData("opencode")]
    public async Task Agent_writes_commits_and_pushes_over_ssh_in_a_clone_and_goes_on_there(string agent)
    {
        await using var pushing = await PushingTask.CreateAsync();
        var first = await RepositoryTests.FillAsync(pushing.Repository);
        await using var bench = await AgentBench.StartAsync(agent, pushing.Fleet);
        await using var forwarding = new Bench(pushing.Fleet, o => o with { SshOptions = [.. o.SshOptions!, "-o", $"IdentityAgent={pushing.Agent.Socket}"] });
        bench.Model.Script =
        [
            ModelStep.Run("echo 'made by the agent' >made.txt"),
            ModelStep.Run("git add made.txt && git -c user.name=a -c user.email=a commit -q -m 'It is made' && git push -q && rd done 'pushed'"), ModelStep.Say("Pushed."),
        ];
        var request = bench.Request("Make it, and push it.", bench.Free) with
        {
            Id = TaskId.Parse("make-1"),
            Repository = new RepositoryRequest { Url = "h2:" + pushing.Repository },
            AgentForwarding = AgentForwarding.Forward,
        };
        request = request with { Environment = new Dictionary<string, string>(request.Environment) { ["GIT_SSH_COMMAND"] = $"ssh -F '{pushing.Files}/ssh_config'" } };
        var task = await forwarding.Dispatcher.WaitAsync(await forwarding.Dispatcher.DispatchAsync(bench.Host, request, Bench.Cancel), TimeSpan.FromMinutes(3), Bench.Cancel);

        Assert.True(task.State == TaskState.Succeeded, await forwarding.TextOf(task));
        Assert.Equal((AgentEnd.Completed, "Pushed."), (task.AgentResult!.Why, task.AgentResult.Answer));
        Assert.Equal((first, 1L, true, false), (task.Repository!.Before, task.Repository.Commits, task.Repository.IsPushed, task.Repository.IsDirty));
        Assert.Equal(task.Repository.After, await RepositoryTests.GitAsync("--git-dir=" + pushing.Repository, "rev-parse", "refs/heads/remote-dispatch/make-1"));
        Assert.Equal("made by the agent", await RepositoryTests.GitAsync("--git-dir=" + pushing.Repository, "show", "remote-dispatch/make-1:made.txt"));

        bench.Model.Script = [ModelStep.Run("cat made.txt >\"$REMOTE_DISPATCH_WORKSPACE/seen\""), ModelStep.Say("I saw it.")];
        var (host, more) = await forwarding.Dispatcher.ResumeAsync(task, request with { Command = "Look again.", Id = null, Agent = new AgentRequest { Name = agent, Call = bench.Free } }, Bench.Cancel);
        var second = await forwarding.Dispatcher.WaitAsync(await forwarding.Dispatcher.DispatchAsync(host, more, Bench.Cancel), TimeSpan.FromMinutes(3), Bench.Cancel);
        Assert.True(second.State == TaskState.Succeeded, $"{second.Reason} {await forwarding.TextOf(second)}");
        Assert.Equal("made by the agent\n", await File.ReadAllTextAsync($"{bench.Home}/.remote-dispatch/tasks/{second.Id}/seen", Bench.Cancel));
        Assert.Equal(task.AgentResult.Session, second.AgentResult!.Session);
    }

    [Theory, InlineData("claude"), InlineData("opencode")]
    public async Task Session_is_gone_on_with_by_a_second_prompt_from_another_dispatcher(string agent)
    {
        await using var bench = await AgentBench.StartAsync(agent);
        bench.Model.Script = [ModelStep.Say("I will remember the word.")];
        var first = await bench.RunAsync(bench.Request("The word is heliotrope."));
        Assert.True(first.State == TaskState.Succeeded, await bench.Bench.TextOf(first));

        await using var elsewhere = new Bench(bench.Fleet);
        var found = Assert.Single(await elsewhere.Dispatcher.ListAsync(bench.Host, Bench.Cancel));
        bench.Model.Requests.Clear();
        var (host, request) = await elsewhere.Dispatcher.ResumeAsync(found, bench.Request("Which word?") with { Agent = null }, Bench.Cancel);
        var second = await elsewhere.Dispatcher.WaitAsync(await elsewhere.Dispatcher.DispatchAsync(host, request, Bench.Cancel), TimeSpan.FromMinutes(2), Bench.Cancel);

        Assert.True(second.State == TaskState.Succeeded, await elsewhere.TextOf(second));
        Assert.Equal((first.Id, first.AgentResult!.Session), (second.Agent!.Resumes, second.AgentResult!.Session));
        Assert.True(bench.Model.Requests.Any(r => r.UserTexts.Contains("The word is heliotrope.") && r.UserTexts.Contains("Which word?")), "the model was not told both");
    }

    [Theory, InlineData("claude"), InlineData("opencode")]
    public async Task Limit_of_turns_ends_the_agent_and_is_the_reason(string agent)
    {
        await using var bench = await AgentBench.StartAsync(agent);
        bench.Model.Script = [ModelStep.Run("true")];
        var task = await bench.RunAsync(bench.Request("Go on for ever.", bench.Free with { MaxTurns = 3 }));
        Assert.True(task.AgentResult?.Why == AgentEnd.TurnLimit, $"{task.AgentResult} {await bench.Bench.TextOf(task)}");
    }

    [Theory, InlineData("claude"), InlineData("opencode")]
    public async Task Refused_key_is_signed_out_and_fails(string agent)
    {
        await using var bench = await AgentBench.StartAsync(agent);
        bench.Model.Script = [ModelStep.RefuseKey()];
        var task = await bench.RunAsync(bench.Request("Hello."));
        Assert.True(task is { State: TaskState.Failed, AgentResult.Why: AgentEnd.SignedOut }, $"{task.State} {task.AgentResult} {await bench.Bench.TextOf(task)}");
    }

    [Theory, InlineData("claude"), InlineData("opencode")]
    public async Task Model_that_never_answers_ends_with_the_time_limit_and_its_session_can_be_gone_on_with(string agent)
    {
        await using var bench = await AgentBench.StartAsync(agent);
        bench.Model.Script = [ModelStep.Hang()];
        var task = await bench.RunAsync(bench.Request("Hello?") with { TimeLimit = TimeSpan.FromSeconds(20), StopGrace = TimeSpan.FromSeconds(3) });
        Assert.Equal((TaskState.TimedOut, AgentEnd.TimedOut), (task.State, task.AgentResult!.Why));
        Assert.NotEmpty(bench.Model.Requests);
        // OpenCode tells its session with the first answer.
        Assert.Equal(agent == "claude", task.AgentResult.Session is not null);
    }

    [Theory, InlineData("claude"), InlineData("opencode")]
    public async Task Stop_in_the_middle_of_a_tool_leaves_nothing_running(string agent)
    {
        await using var bench = await AgentBench.StartAsync(agent);
        var mark = $"3{Random.Shared.Next(100_000, 999_999)}";
        bench.Model.Script = [ModelStep.Run($"sleep {mark} & echo ran >\"$REMOTE_DISPATCH_WORKSPACE/ran\"; sleep {mark}")];
        var task = await bench.Dispatcher.DispatchAsync(bench.Host, bench.Request("Sleep.", bench.Free), Bench.Cancel);
        await PushingTask.UntilAsync(() => File.Exists($"{bench.Home}/.remote-dispatch/tasks/{task.Id}/ran"), "the tool runs");
        var stopped = await bench.Dispatcher.StopAsync(task, TimeSpan.FromSeconds(5), Bench.Cancel);

        Assert.Equal((TaskState.Stopped, AgentEnd.Stopped), (stopped.State, stopped.AgentResult!.Why));
        Assert.DoesNotContain(Directory.GetDirectories("/proc"), p => Read(p).Contains(mark, StringComparison.Ordinal) || ReadEnvironment(p).Contains($"REMOTE_DISPATCH_ID={task.Id}", StringComparison.Ordinal));
        Assert.NotNull(stopped.AgentResult.Session);

        static string Read(string process) => Try($"{process}/cmdline");
        static string ReadEnvironment(string process) => Try($"{process}/environ");
        static string Try(string path)
        {
            try
            {
                return File.Exists(path) ? File.ReadAllText(path) : "";
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return "";
            }
        }
    }

    [Theory, InlineData("claude"), InlineData("opencode"), InlineData("gemini")]
    public async Task Agent_that_is_told_how_to_report_does_so_and_asks_nobody(string agent)
    {
        await using var bench = await AgentBench.StartAsync(agent);
        bench.Model.Script = [ModelStep.Run("rd blocked 'Which port?'"), ModelStep.Say("I have asked.")];
        var request = bench.Request("Ask for the port.");
        var task = await bench.RunAsync(request with { Agent = request.Agent! with { Frame = AgentFrame.Template("/no/such/folder") } });
        Assert.True(task.AgentResult?.Why == AgentEnd.Blocked, $"{task.AgentResult} {await bench.Bench.TextOf(task)}");
        Assert.Equal((TaskState.Succeeded, "Which port?"), (task.State, task.AgentResult.Question));
        Assert.Contains(bench.Model.Requests, r => r.UserTexts.Any(t => t.Contains($"the task {task.Id} on the machine h1", StringComparison.Ordinal) && t.TrimEnd().EndsWith("Ask for the port.", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Agent_works_in_a_sandbox_where_its_folder_may_be_read_and_its_session_is_gone_with_it()
    {
        Assert.SkipWhen(!File.Exists("/usr/bin/bwrap"), "bwrap is not installed: apt-get install bubblewrap.");
        await using var bench = await AgentBench.StartAsync("claude");
        bench.Model.Script = [ModelStep.Run("echo \"$HOME\" && rd message seen && cat \"$REMOTE_DISPATCH_WORKSPACE/files/note\""), ModelStep.Say("Done.")];
        var folder = (await AgentPrograms.ReadyAsync(Bench.Cancel)).Bin[..^"/node_modules/.bin".Length];
        var request = bench.Request("Look around.", bench.Free) with
        {
            Sandbox = new SandboxRequest { RequireBoundary = true, Paths = [folder] },
            Attachments = [new TaskAttachment("note", "a note"u8.ToArray())],
            ReportToolUse = true,
        };
        var task = await bench.RunAsync(request);
        var log = await bench.Bench.TextOf(task);
        Assert.True(task is { State: TaskState.Succeeded, AgentResult.Why: AgentEnd.Completed }, log);
        Assert.Contains($"/{task.Id}/home\\na note", log, StringComparison.Ordinal);
        var events = new List<TaskEvent>();
        await foreach (var chunk in bench.Dispatcher.ReadEventsAsync(task, null, Bench.Cancel))
            events.AddRange(chunk.Events);
        Assert.Contains(events, e => e.Kind == TaskEventKind.Tool && e.Text.StartsWith("Bash: echo", StringComparison.Ordinal));
        Assert.Contains(events, e => (e.Kind, e.Text) == (TaskEventKind.Message, "seen"));
        var refusal = await Assert.ThrowsAsync<DispatchException>(() => bench.Dispatcher.ResumeAsync(task, bench.Request("More.") with { Agent = null }, Bench.Cancel));
        Assert.Contains("it was in the home of its sandbox", refusal.Message, StringComparison.Ordinal);

        var without = await bench.RunAsync(request with { Sandbox = new SandboxRequest { RequireBoundary = true } });
        Assert.Equal((TaskState.Failed, 127), (without.State, without.ExitCode));
        Assert.Contains("-SandboxPath", await bench.Bench.TextOf(without), StringComparison.Ordinal);
    }

    [Theory, InlineData("claude"), InlineData("opencode"), InlineData("codex"), InlineData("gemini")]
    public async Task Any_agent_is_the_one_that_the_host_has(string agent)
    {
        await using var bench = await AgentBench.StartAsync(agent);
        var request = bench.Request("Hello.");
        // The folder has all of them: what else there is must not be seen.
        Directory.CreateDirectory(bench.Home + "/only");
        File.CreateSymbolicLink($"{bench.Home}/only/{agent}", $"{(await AgentPrograms.ReadyAsync(Bench.Cancel)).Bin}/{agent}");
        await File.WriteAllTextAsync(bench.Home + "/.bash_profile", "PATH=$HOME/only:$PATH\n", Bench.Cancel);
        var task = await bench.RunAsync(request with { Agent = request.Agent! with { Name = AgentRequest.Auto } });
        Assert.True(task.State == TaskState.Succeeded, await bench.Bench.TextOf(task));
        Assert.Equal(agent, task.Agent!.Name);
    }
}
