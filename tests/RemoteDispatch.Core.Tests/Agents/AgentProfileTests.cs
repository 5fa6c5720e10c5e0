using RemoteDispatch.Agents;

namespace RemoteDispatch.Core.Tests.Agents;

/// <summary>What is asked of an agent becomes the words, variables and files that its profile has for it, and nothing else.</summary>
public sealed class AgentProfileTests
{
    private const string Id = "0b9e1c50-4c1e-4d5c-9a39-1f2e3d4c5b6a";

    [Fact]
    public void Words_are_those_of_the_profile()
    {
        var all = new AgentCall { Model = "opus", MaxTurns = 50, Session = Id, PermissionMode = "ACCEPTEDITS", AllowedTools = ["Bash(git *)", "Edit"], DeniedTools = ["WebFetch"], Attachments = ["{workspace}/attached/a.txt", "{workspace}/attached/b.txt"] };
        Assert.Equal(
            [
                "--print", "--output-format", "stream-json", "--verbose", $"--session-id={Id}", "--model=opus", "--max-turns=50", "--permission-mode=acceptEdits",
                "--allowed-tools=Bash(git *)", "--allowed-tools=Edit", "--disallowed-tools=WebFetch", "--add-dir={workspace}/attached",
            ],
            Profile("claude").Words(all));
        Assert.Contains("--allowed-tools=Bash(rd *)", Profile("claude").Words(all with { Reports = true }));
        Assert.Equal(["--print", "--output-format", "stream-json", "--verbose", $"--resume={Id}"], Profile("claude").Words(new AgentCall { Session = Id, Resume = true }));
        Assert.Equal(["exec", "--json", "--skip-git-repo-check", "--model=m", "--sandbox=read-only", "-"], Profile("codex").Words(new AgentCall { Model = "m", PermissionMode = "read-only" }));
        Assert.Equal(["exec", "--json", "--skip-git-repo-check", "--model=m", "resume", Id, "-"], Profile("codex").Words(new AgentCall { Model = "m", Session = Id, Resume = true }));
        Assert.Equal(["run", "--format=json", "--session=ses_1", "--attach=http://127.0.0.1:4096", "--dir={directory}"], Profile("opencode").Words(new AgentCall { Session = "ses_1", Resume = true, Server = "http://127.0.0.1:4096" }));
    }

    [Fact]
    public void Variables_of_several_options_are_laid_into_one()
    {
        var opencode = Profile("opencode");
        var variables = opencode.Environment(new AgentCall { MaxTurns = 7, AllowedTools = ["bash"], DeniedTools = ["web\"fetch", "edit"] });
        Assert.Equal("""{"agent":{"build":{"steps":7},"plan":{"steps":7}}}""", variables["OPENCODE_CONFIG_CONTENT"]);
        Assert.Equal("""{"bash":"allow","web\"fetch":"deny","edit":"deny"}""", variables["OPENCODE_PERMISSION"]);
        Assert.Equal("1", variables["OPENCODE_DISABLE_AUTOUPDATE"]);
        // Nothing of one call is left in the next.
        Assert.Equal(["OPENCODE_DISABLE_AUTOUPDATE"], opencode.Environment(new AgentCall()).Keys);
        Assert.Equal(["1"], Profile("claude").Environment(new AgentCall()).Values.Distinct());
    }

    [Fact]
    public void File_of_an_option_is_named_with_its_content()
    {
        var (path, text) = Assert.Single(Profile("gemini").Files(new AgentCall { MaxTurns = 3 }));
        Assert.Equal(("{workspace}/files/gemini-settings.json", """{"model":{"maxSessionTurns":3}}"""), (path, text));
        Assert.Empty(Profile("gemini").Files(new AgentCall()));
    }

    [Fact]
    public void Placeholder_in_a_value_is_no_placeholder()
    {
        var words = Profile("claude").Words(new AgentCall { Model = "{turns}{session}{options}", MaxTurns = 2, Session = Id });
        Assert.Contains("--model={turns}{session}{options}", words);
    }

    [Theory]
    [InlineData("claude", "bypassPermissions"), InlineData("opencode", "auto"), InlineData("codex", "danger-full-access"), InlineData("codex", "bypass"), InlineData("gemini", "YOLO")]
    public void Mode_that_skips_permissions_is_known_and_no_other_does(string agent, string mode)
    {
        var profile = Profile(agent);
        Assert.True(profile.SkipsPermissions(mode));
        Assert.False(profile.SkipsPermissions(null));
        Assert.Contains(profile.PermissionModes, m => !profile.SkipsPermissions(m));
        // No word of a start skips them.
        Assert.DoesNotContain(profile.Words(new AgentCall()), w => w.Contains("danger", StringComparison.Ordinal) || w.Contains("yolo", StringComparison.Ordinal) || w == "--auto");
    }

    [Fact]
    public void What_an_agent_does_not_have_is_refused_with_what_it_has()
    {
        Refuses("codex", new AgentCall { MaxTurns = 5 }, "'codex' has no limit of turns.", "time limit");
        Refuses("codex", new AgentCall { AllowedTools = ["Bash"] }, "'codex' has no list of allowed tools.", "read-only, workspace-write, danger-full-access, bypass");
        Refuses("gemini", new AgentCall { DeniedTools = ["Bash"] }, "'gemini' has no list of denied tools.", "tools to allow");
        Refuses("claude", new AgentCall { PermissionMode = "yolo" }, "'claude' has no permission mode 'yolo'.", "acceptEdits");
        Refuses("claude", new AgentCall { Server = "http://127.0.0.1:1" }, "'claude' has no warm server.", "Leave the server out.");
        Refuses("opencode", new AgentCall { Session = "ses_1" }, "'opencode' makes the ids of its sessions itself.", "Leave");
        Refuses("opencode", new AgentCall { Resume = true }, "not known", "log");
        Refuses("opencode", new AgentCall { Server = "http://127.0.0.1:1", MaxTurns = 5 }, "settings of its own", "without the server");
        Refuses("opencode", new AgentCall { Server = "http://user:pw@127.0.0.1:1" }, "no address of a server", "http://127.0.0.1:4096");
        Refuses("claude", new AgentCall { MaxTurns = 0 }, "at least 1", "Leave");
        Refuses("claude", new AgentCall { Attachments = ["a.txt"] }, "no absolute path", "root");
    }

    [Theory, InlineData("--dangerously-skip-permissions"), InlineData("-p"), InlineData(""), InlineData(" "), InlineData("a\nb"), InlineData("a\0b"), InlineData("half"), InlineData("other half")]
    public void Value_that_could_be_an_option_or_no_word_is_refused(string value)
    {
        // Halves of a pair do not survive as arguments of a test.
        value = value switch { "half" => "a\ud800", "other half" => "\ude00a", _ => value };
        foreach (var call in new[] { new AgentCall { Model = value }, new AgentCall { AllowedTools = [value] }, new AgentCall { DeniedTools = [value] }, new AgentCall { Session = value }, new AgentCall { PermissionMode = value } })
        {
            Refusal.Of(FailureReason.InvalidInput, () => Profile("claude").CheckCall(call));
            Refusal.Of(FailureReason.InvalidInput, () => Profile("claude").Words(call));
            Refusal.Of(FailureReason.InvalidInput, () => Profile("claude").Environment(call));
        }
    }

    [Fact]
    public void Session_of_an_agent_that_takes_one_is_an_id_of_its_own()
    {
        var session = AgentProfile.NewSession();
        Assert.True(Guid.TryParseExact(session, "D", out _));
        Assert.NotEqual(session, AgentProfile.NewSession());
        Assert.Equal([true, false, false, true], new[] { "claude", "opencode", "codex", "gemini" }.Select(a => Profile(a).ChoosesSession));
        Assert.All(AgentProfiles.Read("/no/such/folder"), p => Assert.True(p.CanRun && p.CanResume));
    }

    [Fact]
    public void Agent_that_is_not_there_is_refused_with_those_that_are()
    {
        var refusal = Refusal.Of(FailureReason.InvalidInput, () => AgentProfiles.Find("/no/such/folder", "clod"));
        Assert.Contains("claude, opencode, codex, gemini", refusal.Remedy, StringComparison.Ordinal);
        Assert.Equal("claude", AgentProfiles.Find("/no/such/folder", "Claude").Name);
    }

    private static void Refuses(string agent, AgentCall call, string message, string remedy)
    {
        var refusal = Refusal.Of(FailureReason.InvalidInput, () => Profile(agent).CheckCall(call));
        Assert.Contains(message, refusal.Message, StringComparison.Ordinal);
        Assert.Contains(remedy, refusal.Remedy, StringComparison.Ordinal);
    }

    private static AgentProfile Profile(string agent) => AgentProfiles.Find("/no/such/folder", agent);
}
