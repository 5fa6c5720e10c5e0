using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using RemoteDispatch.Agents;

namespace RemoteDispatch.Core.Tests.Agents;

/// <summary>A file of the user's adds agents and changes known ones without compiling, and one that cannot be used is named.</summary>
public sealed partial class AgentProfileFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rd-agents-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Template_of_the_documentation_is_a_whole_agent()
    {
        Write(Template());
        var agent = AgentProfiles.Find(_folder, "aider");
        var call = new AgentCall { Model = "gpt", MaxTurns = 4, PermissionMode = "all", Attachments = ["/srv/a.txt"] };
        Assert.Equal(["--batch", "--model=gpt", "--yes-always", "--read=/srv/a.txt"], agent.Words(call));
        Assert.Equal("4", agent.Environment(call)["AIDER_MAX_REFLECTIONS"]);
        Assert.True(agent.SkipsPermissions("all"));
        var output = new AgentOutput(agent);
        output.Read("thinking\nTokens: 5\n"u8);
        Assert.Equal((AgentEnd.Completed, "thinking\nTokens: 5"), (output.Finish(new AgentExit(0)).Why, output.Finish(new AgentExit(0)).Answer));
        output.Read(Encoding.UTF8.GetBytes("litellm.RateLimitError: slow down\n"));
        Assert.Equal((AgentEnd.RateLimited, "litellm.RateLimitError: slow down"), (output.Finish(new AgentExit(1)).Why, output.Finish(new AgentExit(1)).Error));
    }

    [Fact]
    public void Entry_of_a_known_name_changes_what_it_names_and_leaves_the_rest()
    {
        Write("""{"agents": [{"name": "opencode", "program": "opencode-nightly", "server": "http://127.0.0.1:4096", "maxTurns": null}]}""");
        var agent = AgentProfiles.Find(_folder, "opencode");
        Assert.Equal(("opencode-nightly", "http://127.0.0.1:4096", false, true), (agent.Program, agent.Server, agent.HasTurnLimit, agent.CanResume));
        Assert.Contains("OPENAI_API_KEY", agent.SignInVariables);
        Assert.Equal("opencode", AgentProfiles.Find("/no/such/folder", "opencode").Program);
    }

    [Fact]
    public void Agent_like_another_has_its_program_and_what_it_changes()
    {
        Write("""{"agents": [{"name": "claude-vertex", "like": "claude", "environment": {"CLAUDE_CODE_USE_VERTEX": "1"}}]}""");
        var agent = AgentProfiles.Find(_folder, "claude-vertex");
        Assert.Equal(("claude-vertex", "claude"), (agent.Name, agent.Program));
        Assert.Equal(AgentProfiles.Find(_folder, "claude").Words(new AgentCall()), agent.Words(new AgentCall()));
        Assert.Equal(["CLAUDE_CODE_USE_VERTEX"], agent.Environment(new AgentCall()).Keys);
        Assert.Equal(["claude", "opencode", "codex", "gemini", "claude-vertex"], AgentProfiles.Read(_folder).Select(a => a.Name));
    }

    [Fact]
    public void Agent_that_is_only_looked_for_says_so_when_it_is_to_run()
    {
        Write("""{"agents": [{"name": "goose"}]}""");
        var agent = AgentProfiles.Find(_folder, "goose");
        Assert.False(agent.CanRun);
        Assert.Contains("\"start\"", Refusal.Of(FailureReason.InvalidInput, () => agent.Words(new AgentCall())).Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"start\": \"-p\""), InlineData("\"start\": [\"a\\u0000b\"]"), InlineData("\"start\": [\"a\\nb\"]"), InlineData("\"start\": [\"{prompt}\"]"), InlineData("\"start\": [7]")]
    [InlineData("\"model\": [\"--model\", \"{modle}\"]"), InlineData("\"maxTurns\": {\"environment\": {\"A B\": \"{turns}\"}}"), InlineData("\"maxTurns\": {\"files\": {\"/etc/passwd\": \"x\"}}")]
    [InlineData("\"maxTurns\": {\"files\": {\"{workspace}/files/../x\": \"x\"}}"), InlineData("\"maxTurns\": {\"files\": {\"{workspace}/exit\": \"x\"}}"), InlineData("\"environment\": {\"RD_ROOT\": \"x\"}"), InlineData("\"environment\": {\"A\": \"a\\u0000b\"}")]
    [InlineData("\"environment\": {\"OPENAI_API_KEY\": \"sk\"}"), InlineData("\"environment\": {\"MY_PASSWORD\": \"sk\"}"), InlineData("\"skips\": [\"yolo\"]"), InlineData("\"modes\": {\"a\": 7}")]
    [InlineData("\"output\": [{\"answer\": \"a\"}]"), InlineData("\"output\": [{\"when\": {\"a\": 1}, \"anwser\": \"a\"}]"), InlineData("\"output\": [{\"when\": {\"a\": 1}, \"end\": \"Stopped\"}]")]
    [InlineData("\"output\": [{\"when\": {\"a\": null}}]"), InlineData("\"output\": [7]"), InlineData("\"exits\": {\"0\": \"Completed\"}"), InlineData("\"exits\": {\"1\": \"Fine\"}")]
    [InlineData("\"like\": \"nobody\""), InlineData("\"server\": \"file:///etc/passwd\""), InlineData("\"report\": \"no list\""), InlineData("\"countsTurns\": \"yes\"")]
    public void Member_that_cannot_be_used_is_an_error_that_names_the_file(string member)
    {
        Write($$"""{"agents": [{"name": "a", {{member}}}]}""");
        Assert.Contains("mine.json", Refusal.Of(FailureReason.DamagedFile, () => AgentProfiles.Read(_folder)).Message, StringComparison.Ordinal);
    }

    private static string Template([CallerFilePath] string here = "")
    {
        var text = File.ReadAllText(Path.Combine(Path.GetDirectoryName(here)!, "../../../docs/agents.md"));
        return Fence().Matches(text).Select(m => m.Groups[1].Value).Single(t => t.Contains("\"aider\"", StringComparison.Ordinal));
    }

    private void Write(string text) => File.WriteAllText(Path.Combine(_folder, "mine.json"), text);

    [GeneratedRegex("```json\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Fence();
}
