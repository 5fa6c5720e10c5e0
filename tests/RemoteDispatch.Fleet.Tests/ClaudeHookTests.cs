using RemoteDispatch.Credentials;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Fleet.Tests;

/// <summary>The real Claude Code, against a double of its service, reports its tools through the settings that a task gets.</summary>
public sealed class ClaudeHookTests(SharedFleet shared)
{
    [Fact]
    public async Task Use_of_a_tool_is_an_event_and_the_settings_of_the_user_are_left_alone()
    {
        var programs = await AgentPrograms.ReadyAsync(Bench.Cancel);
        Assert.SkipWhen(programs.Missing is not null, programs.Missing ?? "");
        await using var bench = new Bench(shared.Fleet);
        await using var service = new ModelDouble { Script = [ModelStep.Run("echo \"hello é\""), ModelStep.Say("All done.")] };
        var server = shared.Fleet.Hosts[0];
        var task = await bench.Dispatcher.DispatchAsync(
            Bench.HostOf(server),
            new TaskRequest
            {
                Command = "claude -p 'say hello' --settings \"$REMOTE_DISPATCH_CLAUDE_SETTINGS\" --allowedTools Bash",
                ReportToolUse = true,
                TimeLimit = TimeSpan.FromMinutes(2),
                Environment = new Dictionary<string, string> { ["PATH"] = $"{programs.Bin}:{Environment.GetEnvironmentVariable("PATH")}", ["ANTHROPIC_BASE_URL"] = service.Address, ["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"] = "1" },
                Credentials = [CredentialGrant.Create("ANTHROPIC_API_KEY", "no-key-at-all")],
            },
            Bench.Cancel);
        var events = new List<TaskEvent>();
        await foreach (var chunk in bench.Dispatcher.ReadEventsAsync(task, new EventQuery { Follow = true }, Bench.Cancel))
        {
            events.AddRange(chunk.Events);
            task = chunk.Task;
        }

        Assert.True(task.State == TaskState.Succeeded, await bench.TextOf(task));
        Assert.Contains("All done.", await bench.TextOf(task), StringComparison.Ordinal);
        Assert.Equal([(TaskEventKind.Tool, "Bash: echo \"hello é\""), (TaskEventKind.Data, "hook=Stop")], events.Select(e => (e.Kind, e.Text)));
        Assert.False(File.Exists(Path.Combine(server.HomeOnDisk, ".claude", "settings.json")));
    }
}
