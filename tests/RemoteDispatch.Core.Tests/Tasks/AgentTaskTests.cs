using RemoteDispatch.Agents;
using RemoteDispatch.Hosts;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Core.Tests.Tasks;

/// <summary>
/// A task that is an agent's, on this machine, under every shell. The agent is a double: a shell script that a user's profile names. The real
/// command lines are tested with the fleet.
/// </summary>
public sealed class AgentTaskTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly DispatchHost _host;
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public AgentTaskTests()
    {
        _host = _folder.Host;
        Directory.CreateDirectory(_folder.Path + "/agents");
        Directory.CreateDirectory(_folder.Path + "/tools");
        File.WriteAllText(_folder.Path + "/agents/double.json", """
            {"agents": [{
              "name": "double", "program": "double-agent",
              "start": ["run", "{options}"], "resume": ["again", "{session}", "{options}"],
              "model": ["--model", "{model}"], "maxTurns": ["--turns", "{turns}"], "attach": ["--look", "{path}"],
              "modes": {"careful": ["--careful"], "reckless": ["--reckless"]}, "skips": ["reckless"],
              "report": ["--may-report"],
              "environment": {"DOUBLE_HOME": "{workspace}/double", "GIVEN": "by the profile"},
              "output": [{"when": {"type": "end"}, "session": "session", "answer": "answer", "turns": "turns"}]
            }]}
            """);
        Act("""
            printf '%s\n' "$@" >"$REMOTE_DISPATCH_WORKSPACE/words"
            cat >"$REMOTE_DISPATCH_WORKSPACE/heard"
            printf '%s\n' "$DOUBLE_HOME" "$GIVEN" >"$REMOTE_DISPATCH_WORKSPACE/given"
            echo '{"type":"end","session":"s-1","answer":"It is done.","turns":2}'
            """);
    }

    public void Dispose() => _folder.Dispose();

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Prompt_reaches_the_agent_over_stdin_byte_for_byte_and_its_result_the_task(string shell)
    {
        await using var dispatcher = Dispatcher(shell);
        var prompt = string.Concat(Enumerable.Repeat("#!/bin/false '\"`$(exit 9)${HOME}\\\r\n\t!*?[]{}~#&|;<> é 漢字 🎉 \u0001 {workspace} {{prompt}}\n", 12_000));
        var task = await dispatcher.WaitAsync(await dispatcher.DispatchAsync(_host, Request(prompt, new AgentCall { Model = "m/{workspace}", MaxTurns = 3 }), Cancel), null, Cancel);

        Assert.Equal((TaskState.Succeeded, "double"), (task.State, task.Agent!.Name));
        Assert.Equal(prompt, await File.ReadAllTextAsync(Workspace(task) + "/heard", Cancel));
        Assert.Equal($"run\n--model\nm/{Workspace(task)}\n--turns\n3\n", await File.ReadAllTextAsync(Workspace(task) + "/words", Cancel));
        Assert.Equal($"{Workspace(task)}/double\nby the profile\n", await File.ReadAllTextAsync(Workspace(task) + "/given", Cancel));
        Assert.Equal(new AgentResult { Why = AgentEnd.Completed, Session = "s-1", Answer = "It is done.", Turns = 2 }, task.AgentResult);
        // From any session, and from the ledger without a look.
        var kept = dispatcher.Options.Ledger.Find(task.Id, task.HostName)!;
        Assert.Equal((task.Agent, task.AgentResult), (kept.Agent, kept.AgentResult));
        var found = Assert.Single(await Dispatcher(shell, "elsewhere").ListAsync(_host, Cancel));
        Assert.Equal((task.Agent, task.WorkingDirectory), (found.Agent, found.WorkingDirectory));
    }

    [Fact]
    public async Task Frame_files_and_variables_of_the_task_reach_the_agent()
    {
        await using var dispatcher = Dispatcher("dash");
        var request = Request("Do it.") with
        {
            Id = TaskId.Parse("t9.1"), Attachments = [new TaskAttachment("a b.txt", "attached"u8.ToArray())],
            Environment = new Dictionary<string, string> { ["GIVEN"] = "by the task" },
        };
        request = request with { Agent = request.Agent! with { Frame = "<{{id}} {{host}}{{lineage}}{{files}}>{{prompt}}" } };
        var task = await dispatcher.WaitAsync(await dispatcher.DispatchAsync(_host, request, Cancel), null, Cancel);

        var heard = await File.ReadAllTextAsync(Workspace(task) + "/heard", Cancel);
        Assert.StartsWith("<t9.1 local\nThe task is a part", heard, StringComparison.Ordinal);
        Assert.EndsWith("files: a b.txt\n>Do it.", heard, StringComparison.Ordinal);
        Assert.Equal($"run\n--may-report\n--look\n{Workspace(task)}/files/a b.txt\n", await File.ReadAllTextAsync(Workspace(task) + "/words", Cancel));
        Assert.Equal("attached", await File.ReadAllTextAsync(Workspace(task) + "/files/a b.txt", Cancel));
        Assert.EndsWith("by the task\n", await File.ReadAllTextAsync(Workspace(task) + "/given", Cancel), StringComparison.Ordinal);
        Assert.Equal("Do it.", task.Command);
    }

    [Fact]
    public async Task File_with_the_name_of_one_that_the_profile_brings_is_refused_and_not_lost()
    {
        await using var dispatcher = Dispatcher("dash");
        File.WriteAllText(_folder.Path + "/agents/own.json", """
            {"agents": [{"name": "filed", "like": "double", "maxTurns": {"files": {"{workspace}/files/limits.json": {"turns": "{turns}"}}}}]}
            """);
        var request = Request("x", new AgentCall { MaxTurns = 3 }) with { Attachments = [new TaskAttachment("limits.json", "mine"u8.ToArray())] };
        request = request with { Agent = request.Agent! with { Name = "filed" } };
        var refusal = await Refusal.OfAsync(FailureReason.InvalidInput, () => dispatcher.DispatchAsync(_host, request, Cancel));
        Assert.Contains("limits.json", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Agent_that_the_host_lacks_is_refused_and_leaves_no_task()
    {
        await using var dispatcher = Dispatcher("dash");
        File.Delete(_folder.Path + "/tools/double-agent");
        var refusal = await Refusal.OfAsync(FailureReason.LaunchFailed, () => dispatcher.DispatchAsync(_host, Request("x"), Cancel));
        Assert.Contains("double is on host 'local'", refusal.Message.Replace("the agent ", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Empty(dispatcher.Options.Ledger.List());
        Assert.Empty(await dispatcher.ListAsync(_host, Cancel));
    }

    [Fact]
    public async Task Resumed_task_goes_on_in_the_session_and_place_of_the_first_and_says_so()
    {
        await using var dispatcher = Dispatcher("dash");
        var place = Directory.CreateDirectory(_folder.Path + "/place").FullName;
        var first = await dispatcher.WaitAsync(await dispatcher.DispatchAsync(_host, Request("begin", new AgentCall { Model = "m", PermissionMode = "careful" }) with { WorkingDirectory = place }, Cancel), null, Cancel);
        Act("printf '%s\\n' \"$@\" >\"$REMOTE_DISPATCH_WORKSPACE/words\"; pwd; cat");
        var (host, request) = await dispatcher.ResumeAsync(first, new TaskRequest { Command = "go on" }, Cancel);
        var second = await dispatcher.WaitAsync(await dispatcher.DispatchAsync(host, request, Cancel), null, Cancel);

        Assert.NotEqual(first.Id, second.Id);
        Assert.Equal(first.Id, second.Agent!.Resumes);
        Assert.Equal("again\ns-1\n--model\nm\n--careful\n--may-report\n", await File.ReadAllTextAsync(Workspace(second) + "/words", Cancel));
        Assert.Equal($"{place}\ngo on", await File.ReadAllTextAsync(Workspace(second) + "/log", Cancel));

        // Where only the host says what the first one might do, the agent's default holds.
        await using var elsewhere = Dispatcher("dash", "elsewhere");
        var known = (await elsewhere.ListAsync(_host, Cancel)).Single(t => t.Id == first.Id);
        Assert.Equal("careful", known.Agent!.PermissionMode);
        Assert.Null((await elsewhere.ResumeAsync(known, new TaskRequest { Command = "go on" }, Cancel)).Request.Agent!.Call.PermissionMode);
    }

    [Fact]
    public async Task First_task_is_not_removed_while_another_goes_on_in_its_session()
    {
        await using var dispatcher = Dispatcher("dash");
        var first = await dispatcher.WaitAsync(await dispatcher.DispatchAsync(_host, Request("begin"), Cancel), null, Cancel);
        Act("sleep 300");
        var (host, request) = await dispatcher.ResumeAsync(first, new TaskRequest { Command = "go on" }, Cancel);
        var second = await dispatcher.DispatchAsync(host, request, Cancel);
        var refusal = await Refusal.OfAsync(FailureReason.TaskRunning, () => dispatcher.RemoveAsync(first, null, Cancel));
        Assert.Contains(second.Id, refusal.Message, StringComparison.Ordinal);
        await dispatcher.StopAsync(second, TimeSpan.Zero, Cancel);
        await dispatcher.RemoveAsync(first, null, Cancel);
    }

    [Fact]
    public async Task Task_that_is_no_agents_or_has_not_ended_is_not_resumed()
    {
        await using var dispatcher = Dispatcher("dash");
        Act("sleep 300");
        var running = await dispatcher.DispatchAsync(_host, Request("x"), Cancel);
        var command = await dispatcher.WaitAsync(await dispatcher.DispatchAsync(_host, new TaskRequest { Command = "exit 0" }, Cancel), null, Cancel);
        await Refusal.OfAsync(FailureReason.TaskRunning, () => dispatcher.ResumeAsync(running, new TaskRequest { Command = "go on" }, Cancel));
        await Refusal.OfAsync(FailureReason.InvalidInput, () => dispatcher.ResumeAsync(command, new TaskRequest { Command = "go on" }, Cancel));
        var stopped = await dispatcher.StopAsync(running, TimeSpan.Zero, Cancel);
        Assert.Equal(AgentEnd.Stopped, stopped.AgentResult!.Why);
        // Its agent ended before it told its session.
        await Refusal.OfAsync(FailureReason.InvalidInput, () => dispatcher.ResumeAsync(stopped, new TaskRequest { Command = "go on" }, Cancel));
    }

    [Theory]
    [InlineData("rd blocked 'which branch?'", 0, AgentEnd.Blocked, "which branch?")]
    [InlineData("rd blocked 'which branch?'; rd status testing; rd done", 0, AgentEnd.Completed, null)]
    [InlineData("rd done 'all of it'", 3, AgentEnd.Crashed, null)]
    [InlineData("echo '{\"type\":\"end\",\"answer\":\"success\"}'", 1, AgentEnd.Crashed, null)]
    public async Task What_an_agent_says_explains_its_end_and_never_decides_it(string says, int code, AgentEnd why, string? question)
    {
        await using var dispatcher = Dispatcher("dash");
        Act($"{says}; exit {code}");
        var task = await dispatcher.WaitAsync(await dispatcher.DispatchAsync(_host, Request("x"), Cancel), null, Cancel);
        Assert.Equal(code == 0 ? TaskState.Succeeded : TaskState.Failed, task.State);
        Assert.Equal((why, question), (task.AgentResult!.Why, task.AgentResult.Question));
    }

    [Fact]
    public async Task Value_of_a_credential_is_masked_in_the_answer_behind_the_json_that_escapes_it()
    {
        await using var dispatcher = Dispatcher("dash");
        Act("""cat >/dev/null; printf '%s\n' '{"type":"end","answer":"It is \u0074opsecret-of-a-test."}'""");
        var request = Request("x") with { Credentials = [RemoteDispatch.Credentials.CredentialGrant.Create("DOUBLE_KEY", "topsecret-of-a-test")] };
        var task = await dispatcher.WaitAsync(await dispatcher.DispatchAsync(_host, request, Cancel), null, Cancel);
        Assert.StartsWith("It is *", task.AgentResult!.Answer, StringComparison.Ordinal);
        Assert.DoesNotContain("topsecret", await File.ReadAllTextAsync(Assert.Single(Directory.GetFiles(_folder.Path + "/state", "*.json")), Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Result_is_not_read_from_a_copy_of_the_log_that_was_made_while_the_task_ran()
    {
        await using var dispatcher = Dispatcher("dash");
        var gate = _folder.Path + "/gate";
        Act($$"""while [ ! -e '{{gate}}' ]; do sleep 0.05; done; echo '{"type":"end","session":"s-1","answer":"It is done."}'""");
        var task = await dispatcher.CollectLogAsync(await dispatcher.DispatchAsync(_host, Request("x"), Cancel), null, Cancel);
        Assert.Equal((TaskState.Running, true), (task.State, File.Exists(task.LogPath)));
        await File.WriteAllTextAsync(gate, "", Cancel);
        Assert.Equal("It is done.", (await dispatcher.WaitAsync(task, null, Cancel)).AgentResult!.Answer);
    }

    [Fact]
    public async Task Same_prompt_under_the_same_id_is_the_same_task_and_another_call_is_a_conflict()
    {
        await using var dispatcher = Dispatcher("dash");
        var request = Request("x") with { Id = TaskId.Parse("once") };
        var first = await dispatcher.WaitAsync(await dispatcher.DispatchAsync(_host, request, Cancel), null, Cancel);
        Assert.Equal(first.Started, (await dispatcher.DispatchAsync(_host, request, Cancel)).Started);
        await Refusal.OfAsync(FailureReason.TaskConflict, () => dispatcher.DispatchAsync(_host, request with { Agent = request.Agent! with { Call = new AgentCall { MaxTurns = 1 } } }, Cancel));
    }

    [Fact]
    public void Plan_says_in_capitals_that_an_agent_skips_its_permissions()
    {
        var plan = DispatchPlan.Of(_host, Request("x", new AgentCall { PermissionMode = "reckless" }), _folder.Path + "/agents");
        Assert.True(plan.SkipsPermissions);
        Assert.Contains("permission mode reckless, WHICH SKIPS ITS PERMISSIONS", plan.ToString(), StringComparison.Ordinal);
        Assert.False(DispatchPlan.Of(_host, Request("x", new AgentCall { PermissionMode = "careful" }), _folder.Path + "/agents").SkipsPermissions);
    }

    [Fact]
    public void Request_for_an_agent_reads_back_as_it_was()
    {
        var request = new AgentRequest
        {
            Name = "auto", Frame = "f", Resumes = "first",
            Call = new AgentCall { Model = "m", MaxTurns = 3, Session = "s", Resume = true, PermissionMode = "p", AllowedTools = ["a", "b"], DeniedTools = ["c"], Attachments = ["/d"], Server = "http://x" },
        };
        Assert.Equal(request.ToJson().ToJsonString(), AgentRequest.Read(request.ToJson()).ToJson().ToJsonString());
        var read = AgentRequest.Read(request.ToJson()).Call;
        // What a frame and the task's own request say is told to the agent when it is launched.
        string[] told = [nameof(AgentCall.Reports), nameof(AgentCall.ReportsTools)];
        Assert.All(typeof(AgentCall).GetProperties().Where(p => p.GetSetMethod() is not null && !told.Contains(p.Name)), p => Assert.NotEqual(p.GetValue(new AgentCall()), p.GetValue(read)));
    }

    private string Workspace(RemoteTask task) => _folder.Workspace(task.Id);

    private void Act(string script)
    {
        var path = _folder.Path + "/tools/double-agent";
        File.WriteAllText(path, $"#!/bin/sh\n{script}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite);
    }

    private static TaskRequest Request(string prompt, AgentCall? call = null) => new() { Command = prompt, Agent = new AgentRequest { Name = "double", Call = call ?? new AgentCall() } };

    private Dispatcher Dispatcher(string shell, string state = "state")
    {
        // The login shell is what the machine's own files make of it: it cannot bring the double.
        return new Dispatcher(new DispatcherOptions
        {
            Connections = Shells.Options(shell) with { Shell = ["/usr/bin/env", "SHELL=/bin/sh", $"PATH={_folder.Path}/tools:{Environment.GetEnvironmentVariable("PATH")}", .. Shells.CommandLine(shell)] },
            Ledger = new Ledger($"{_folder.Path}/{state}"), LogFolder = $"{_folder.Path}/{state}-logs", AgentFolder = _folder.Path + "/agents",
            Inventory = new HostInventory(_folder.Path + "/hosts.json"),
        });
    }
}
