using System.Text;
using RemoteDispatch.Agents;

namespace RemoteDispatch.Fleet.Tests.Agents;

/// <summary>The real agents, from npm, take the words of their profiles, and their profiles understand what they print.</summary>
public sealed class AgentCliTests
{
    public static TheoryData<string> All => ["claude", "opencode", "codex", "gemini"];

    [Theory, MemberData(nameof(All))]
    public async Task Agent_answers_and_says_what_it_took(string agent)
    {
        await using var run = await AgentRun.OfAsync(agent);
        run.Model.Script = [ModelStep.Say("Grüße, “friend”.")];
        var call = new AgentCall { Session = run.Profile.ChoosesSession ? AgentProfile.NewSession() : null };
        var result = await run.ResultAsync("Say hello.", call);
        Assert.True(result.Why == AgentEnd.Completed, run.Log);
        Assert.Equal(("Grüße, “friend”.", 0, null), (result.Answer, run.ExitCode, result.Error));
        Assert.Equal((100L, 7L), (result.InputTokens, result.OutputTokens));
        Assert.NotNull(result.Session);
        if (call.Session is not null)
            Assert.Equal(call.Session, result.Session);
        Assert.True(run.Model.Heard("Say hello."), Said(run));
    }

    [Theory]
    [InlineData("claude", "acceptEdits"), InlineData("opencode", null), InlineData("codex", "danger-full-access"), InlineData("gemini", "auto_edit")]
    public async Task Tool_writes_a_file_where_the_mode_allows_it(string agent, string? mode)
    {
        await using var run = await AgentRun.OfAsync(agent);
        run.Model.Script = [ModelStep.WriteFile(run.Work + "/made.txt", "made by a tool"), ModelStep.Say("It is there.")];
        var result = await run.ResultAsync("Write made.txt.", new AgentCall { PermissionMode = mode });
        Assert.True((AgentEnd.Completed, "It is there.") == (result.Why, result.Answer), run.Log);
        Assert.Equal("made by a tool", (await File.ReadAllTextAsync(run.Work + "/made.txt", AgentRun.Cancel)).TrimEnd('\n'));
    }

    [Fact]
    public async Task Permissions_stay_on_and_nobody_is_asked_where_no_mode_is_given()
    {
        await using var run = await AgentRun.OfAsync("claude");
        run.Model.Script = [ModelStep.WriteFile(run.Work + "/made.txt", "x"), ModelStep.Say("I may not.")];
        var result = await run.ResultAsync("Write made.txt.");
        Assert.Equal((AgentEnd.Completed, "I may not."), (result.Why, result.Answer));
        Assert.False(File.Exists(run.Work + "/made.txt"));
    }

    [Theory]
    [InlineData("claude", "Bash(touch *)", "Bash"), InlineData("opencode", "bash", "bash")]
    public async Task Tools_that_are_allowed_run_and_tools_that_are_denied_do_not(string agent, string allowed, string denied)
    {
        await using var run = await AgentRun.OfAsync(agent);
        run.Model.Script = [ModelStep.Run("touch made.txt"), ModelStep.Say("Done.")];
        await run.ResultAsync("Touch it.", new AgentCall { DeniedTools = [denied] });
        Assert.False(File.Exists(run.Work + "/made.txt"), run.Log);
        await run.ResultAsync("Touch it.", new AgentCall { AllowedTools = [allowed] });
        Assert.True(File.Exists(run.Work + "/made.txt"), run.Log);
    }

    [Theory, MemberData(nameof(All))]
    public async Task Session_goes_on_with_a_second_prompt(string agent)
    {
        await using var run = await AgentRun.OfAsync(agent);
        run.Model.Script = [ModelStep.Say("Seven.")];
        var first = await run.ResultAsync("Remember the number seven.");
        run.Model.Requests.Clear();
        run.Model.Script = [ModelStep.Say("It was seven.")];
        var second = await run.ResultAsync("Which number was it?", new AgentCall { Session = first.Session, Resume = true });
        Assert.True((AgentEnd.Completed, "It was seven.", first.Session) == (second.Why, second.Answer, second.Session), run.Log);
        var asked = run.Model.Requests.Last(r => r.Tools.Count > 0);
        Assert.Equal(["Remember the number seven.", "Which number was it?"], asked.UserTexts.Where(t => t.Contains("number", StringComparison.Ordinal)).Select(t => t.Trim()));
    }

    [Theory]
    [InlineData("claude"), InlineData("opencode"), InlineData("gemini")]
    public async Task Limit_of_turns_ends_a_model_that_never_does(string agent)
    {
        await using var run = await AgentRun.OfAsync(agent);
        run.Model.Script = [.. Enumerable.Range(1, 20).Select(i => ModelStep.Run($"echo {i}"))];
        var call = new AgentCall { MaxTurns = 3, PermissionMode = agent == "gemini" ? "yolo" : null, AllowedTools = agent == "claude" ? ["Bash"] : [] };
        var result = await run.ResultAsync("Count.", call);
        Assert.True(result.Why == AgentEnd.TurnLimit, run.Log);
        Assert.InRange(run.Model.Requests.Count(r => r.Tools.Count > 0), 2, 4);
        Assert.NotNull(result.Session);
    }

    [Theory, MemberData(nameof(All))]
    public async Task Key_that_is_refused_is_signed_out(string agent)
    {
        await using var run = await AgentRun.OfAsync(agent);
        run.Model.Script = [ModelStep.RefuseKey()];
        var result = await run.ResultAsync("Say hello.");
        Assert.True(result.Why == AgentEnd.SignedOut, run.Log);
        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains("API key", result.Error, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("claude"), InlineData("opencode"), InlineData("codex")]
    public async Task Service_that_takes_no_more_is_a_rate_limit(string agent)
    {
        await using var run = await AgentRun.OfAsync(agent);
        run.Model.Script = [ModelStep.RateLimit()];
        var result = await run.ResultAsync("Say hello.");
        Assert.True(result.Why == AgentEnd.RateLimited, run.Log);
        Assert.NotEqual(0, run.ExitCode);
    }

    [Theory]
    [InlineData("claude"), InlineData("codex")]
    public async Task Account_without_credit_is_out_of_budget(string agent)
    {
        await using var run = await AgentRun.OfAsync(agent);
        run.Model.Script = [ModelStep.OutOfCredit()];
        Assert.True((await run.ResultAsync("Say hello.")).Why == AgentEnd.OutOfBudget, run.Log);
    }

    [Theory, MemberData(nameof(All))]
    public async Task Prompt_of_a_mebibyte_arrives_byte_for_byte(string agent)
    {
        await using var run = await AgentRun.OfAsync(agent);
        run.Model.Script = [ModelStep.Say("Read.")];
        var prompt = Prompts.OfAMebibyte();
        var result = await run.ResultAsync(prompt);
        Assert.True(result.Why == AgentEnd.Completed, run.Log);
        Assert.True(run.Model.Heard(prompt), Said(run));
    }

    [Theory]
    [InlineData("claude"), InlineData("codex"), InlineData("gemini")]
    public async Task Every_mode_with_a_model_and_a_file_is_accepted(string agent)
    {
        await using var run = await AgentRun.OfAsync(agent);
        await File.WriteAllTextAsync(run.Work + "/about.txt", "about", AgentRun.Cancel);
        run.Model.Script = [ModelStep.Say("Yes.")];
        foreach (var mode in run.Profile.PermissionModes)
        {
            // Claude Code skips permissions for no root, which tests often are; that is its own to say.
            if (agent == "claude" && run.Profile.SkipsPermissions(mode))
                continue;
            var model = agent == "gemini" ? "gemini-2.5-pro" : "m2";
            var result = await run.ResultAsync("Say yes.", new AgentCall { PermissionMode = mode, Model = model, Attachments = [run.Work + "/about.txt"] });
            Assert.True((AgentEnd.Completed, "Yes.") == (result.Why, result.Answer), $"{mode}: {run.Log}");
            Assert.Equal(model, run.Model.Requests.Last(r => r.Tools.Count > 0).Model);
        }
    }

    [Fact]
    public async Task File_is_attached_to_the_message_of_opencode()
    {
        await using var run = await AgentRun.OfAsync("opencode");
        await File.WriteAllTextAsync(run.Work + "/about.txt", "the seventh of May", AgentRun.Cancel);
        var result = await run.ResultAsync("What is it about?", new AgentCall { Model = "double/m2", Attachments = [run.Work + "/about.txt"] });
        Assert.True(result.Why == AgentEnd.Completed, run.Log);
        Assert.Contains(run.Model.Requests, r => r.Model == "m2" && r.Body.Contains("the seventh of May", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Warm_server_works_in_the_folder_of_the_task()
    {
        await using var run = await AgentRun.OfAsync("opencode");
        await using var server = await run.ServeAsync();
        run.Model.Script = [ModelStep.Run("touch made.txt"), ModelStep.Say("Done.")];
        var result = await run.ResultAsync("Touch it.", new AgentCall { Server = server.Address });
        // Its client can lose the end of its output (docs/agents.md): what is certain is the session, and what was done.
        Assert.True(result is { Why: AgentEnd.Completed, Session: not null }, run.Log);
        Assert.True(File.Exists(run.Work + "/made.txt"), run.Log);
    }

    [Fact]
    public async Task Server_that_is_not_there_is_a_crash()
    {
        await using var run = await AgentRun.OfAsync("opencode");
        using var door = Door.Closed("127.0.0.1");
        var result = await run.ResultAsync("Say hello.", new AgentCall { Server = $"http://127.0.0.1:{door.Port}" });
        Assert.True(result.Why == AgentEnd.Crashed, run.Log);
        Assert.NotNull(result.Error);
    }

    private static string Said(AgentRun run) => string.Join('\n', run.Model.Requests.SelectMany(r => r.UserTexts).Select(t => $"{t.Length}: {t[..Math.Min(200, t.Length)]}"));
}

/// <summary>Prompts that would not survive a shell, a command line or a careless copy.</summary>
internal static class Prompts
{
    /// <summary>1 MiB as UTF-8, every metacharacter of a shell among it; plain text stands at both ends, since agents have commands of their own.</summary>
    public static string OfAMebibyte()
    {
        const string Hostile = "$(id) `id` ${HOME} \"'\"'\\ ; | & && || > >> < << <<< * ? [a-z] {1..3} ~ # ! % ^ = : , \t \\n \\0 \\\\ $'x' $((1+1)) %s \u00fc\u00df\u4e2d\u6587\U0001F600\u202e\u200b\ufeff e\u0301 EOF\n";
        var text = new StringBuilder("Read this:\n");
        while (Encoding.UTF8.GetByteCount(text.ToString()) + 2048 < 1 << 20)
        {
            for (var i = 0; i < 8; i++)
                text.Append(Hostile);
        }

        text.Append('x', (1 << 20) - Encoding.UTF8.GetByteCount(text.ToString()) - 5);
        return text.Append(" end.").ToString();
    }
}
