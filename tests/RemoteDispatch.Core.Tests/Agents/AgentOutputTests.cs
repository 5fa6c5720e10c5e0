using System.Runtime.CompilerServices;
using System.Text;
using RemoteDispatch.Agents;

namespace RemoteDispatch.Core.Tests.Agents;

/// <summary>The exit record decides and the profile explains it, from what the real agents have printed (<c>Recorded</c>), and from what a hostile one could.</summary>
public sealed class AgentOutputTests
{
    [Theory]
    [InlineData("claude-completed", 0, AgentEnd.Completed, "It is written: “b.txt”.", null)]
    [InlineData("claude-turn-limit", 1, AgentEnd.TurnLimit, null, "Reached maximum number of turns (2)")]
    [InlineData("claude-budget", 1, AgentEnd.OutOfBudget, null, "Reached maximum budget ($0.001)")]
    [InlineData("claude-refused-key", 1, AgentEnd.SignedOut, null, "Invalid API key · Fix external API key")]
    [InlineData("claude-signed-out", 1, AgentEnd.SignedOut, null, "Not logged in · Please run /login")]
    [InlineData("claude-no-credit", 1, AgentEnd.OutOfBudget, null, "Credit balance is too low")]
    [InlineData("claude-rate-limit", 1, AgentEnd.RateLimited, null, "API Error: Request rejected (429) · This request would exceed your account's rate limit. Please try again later.")]
    [InlineData("claude-service-fails", 1, AgentEnd.Crashed, null, "API Error: 500 Internal server error. This is a server-side issue, usually temporary — try again in a moment. If it persists, check your inference gateway (127.0.0.1:8080).")]
    [InlineData("opencode-completed", 0, AgentEnd.Completed, "ok", null)]
    [InlineData("opencode-refused-key", 1, AgentEnd.SignedOut, null, "Incorrect API key provided. You can find your API key at https://platform.openai.com/account/api-keys.")]
    [InlineData("opencode-rate-limit", 1, AgentEnd.RateLimited, null, "Rate limit reached for this model on requests per min (RPM). Please try again in 1s.")]
    [InlineData("codex-completed", 0, AgentEnd.Completed, "Hello.", null)]
    [InlineData("codex-refused-key", 1, AgentEnd.SignedOut, null, "unexpected status 401 Unauthorized: Incorrect API key provided. You can find your API key at https://platform.openai.com/account/api-keys., url: http://127.0.0.1:8080/v1/responses")]
    [InlineData("codex-rate-limit", 1, AgentEnd.RateLimited, null, "exceeded retry limit, last status: 429 Too Many Requests")]
    [InlineData("codex-no-credit", 1, AgentEnd.OutOfBudget, null, "Quota exceeded. Check your plan and billing details.")]
    [InlineData("gemini-completed", 0, AgentEnd.Completed, "ok", null)]
    [InlineData("gemini-refused-key", 144, AgentEnd.SignedOut, null, "[API Error: {\"error\":{\"code\":400,\"message\":\"API key not valid. Please pass a valid API key.\",\"status\":\"INVALID_ARGUMENT\"}}]")]
    public void Recorded_output_is_understood(string name, int exit, AgentEnd why, string? answer, string? error)
    {
        var result = Result(name[..name.IndexOf('-', StringComparison.Ordinal)], Recorded(name), new AgentExit(exit));
        Assert.Equal((why, answer, error), (result.Why, result.Answer, result.Error));
        Assert.NotNull(result.Session);
    }

    [Fact]
    public void What_a_run_took_is_what_the_agent_counted()
    {
        var claude = Result("claude", Recorded("claude-completed"), new AgentExit(0));
        Assert.Equal((2L, 200L, 14L, 0.00135m, "claude-opus-4-8[1m]"), (claude.Turns, claude.InputTokens, claude.OutputTokens, claude.CostUsd, claude.Model));
        var opencode = Result("opencode", Recorded("opencode-completed"), new AgentExit(0));
        Assert.Equal((2L, 200L, 14L, 0m, (string?)null), (opencode.Turns, opencode.InputTokens, opencode.OutputTokens, opencode.CostUsd, opencode.Model));
        var codex = Result("codex", Recorded("codex-completed"), new AgentExit(0));
        Assert.Equal(((long?)null, 100L, 7L, (decimal?)null), (codex.Turns, codex.InputTokens, codex.OutputTokens, codex.CostUsd));
        var gemini = Result("gemini", Recorded("gemini-completed"), new AgentExit(0));
        Assert.Equal((200L, 14L, "gemini-2.5-flash"), (gemini.InputTokens, gemini.OutputTokens, gemini.Model));
    }

    [Fact]
    public void Limit_that_an_agent_does_not_tell_of_is_seen_by_its_turns()
    {
        var log = Recorded("opencode-turn-limit");
        var turns = (int)Result("opencode", log, new AgentExit(0)).Turns!;
        Assert.Equal(AgentEnd.TurnLimit, Result("opencode", log, new AgentExit(0), new AgentCall { MaxTurns = turns }).Why);
        Assert.Equal(AgentEnd.Completed, Result("opencode", log, new AgentExit(0), new AgentCall { MaxTurns = turns + 1 }).Why);
        Assert.Equal(AgentEnd.Completed, Result("opencode", log, new AgentExit(0)).Why);
    }

    [Theory, InlineData("claude"), InlineData("opencode"), InlineData("codex"), InlineData("gemini")]
    public void What_an_agent_says_of_its_success_never_makes_a_failure_one(string agent)
    {
        var log = Recorded($"{agent}-completed");
        Assert.Equal(AgentEnd.Crashed, Result(agent, log, new AgentExit(1)).Why);
        Assert.Equal(AgentEnd.Crashed, Result(agent, log, new AgentExit(null)).Why);
        Assert.Equal(AgentEnd.Crashed, Result(agent, log, new AgentExit(137) { Question = "Which one?" }).Why);
        Assert.Equal(AgentEnd.TimedOut, Result(agent, log, new AgentExit(143) { TimedOut = true }).Why);
        Assert.Equal(AgentEnd.Stopped, Result(agent, log, new AgentExit(143) { Stopped = true }).Why);
        Assert.Equal(AgentEnd.Crashed, Result(agent, "", new AgentExit(2)).Why);
    }

    [Fact]
    public void Blocked_is_an_end_with_a_question()
    {
        var blocked = Result("claude", Recorded("claude-completed"), new AgentExit(0) { Question = "Which database?" });
        Assert.Equal((AgentEnd.Blocked, "Which database?"), (blocked.Why, blocked.Question));
        Assert.Null(Result("claude", Recorded("claude-completed"), new AgentExit(1) { Question = "Which database?" }).Question);
    }

    [Fact]
    public void Time_limit_while_the_service_takes_no_more_says_so()
    {
        var result = Result("claude", """{"type":"system","subtype":"api_retry","attempt":3,"max_retries":10,"error_status":429,"error":"rate_limit","session_id":"s"}""", new AgentExit(143) { TimedOut = true });
        Assert.Equal((AgentEnd.TimedOut, "rate_limit"), (result.Why, result.Error));
    }

    [Theory, InlineData(1), InlineData(7), InlineData(4096)]
    public void Log_may_be_cut_anywhere_and_have_no_last_line_end(int piece)
    {
        var bytes = Encoding.UTF8.GetBytes(Recorded("claude-completed").TrimEnd().ReplaceLineEndings("\r\n"));
        var output = new AgentOutput(Profile("claude"));
        foreach (var part in bytes.Chunk(piece))
            output.Read(part);
        Assert.Equal((AgentEnd.Completed, "It is written: “b.txt”."), Both(output.Finish(new AgentExit(0))));
    }

    [Fact]
    public void Last_result_wins_and_a_success_takes_back_a_failure()
    {
        var failed = Recorded("claude-rate-limit");
        var good = Recorded("claude-completed");
        Assert.Equal((AgentEnd.Completed, null), (Result("claude", failed + good, new AgentExit(0)).Why, Result("claude", failed + good, new AgentExit(0)).Error));
        Assert.Equal((AgentEnd.RateLimited, (string?)null), Both(Result("claude", good + failed, new AgentExit(1))));
    }

    [Theory]
    [InlineData("""{"type":"result","is_error":false,"result":"\ud800 half"}"""), InlineData("{\"type\":\"result\",\"is_error\":false,\"result\":{\"a\":[]}}")]
    [InlineData("""{"type":"result","is_error":false,"result":7e99999,"num_turns":1e400,"total_cost_usd":-1,"usage":{"output_tokens":99999999999999999999999}}""")]
    [InlineData("""{"type":{"type":"result"}}"""), InlineData("{"), InlineData("{}"), InlineData("{\"\\ud800\":1,\"type\":\"result\"}"), InlineData("{\"type\":\"result\"")]
    [InlineData("""{"type":"result","is_error":false,"session_id":"--dangerously-skip-permissions"}"""), InlineData("""{"type":"result","is_error":false,"session_id":"a b; rm -rf /"}""")]
    [InlineData("[[[[[["), InlineData("\0\0\0"), InlineData("null"), InlineData("""{"type":"result","usage":[1,2],"errors":"x"}""")]
    public void Hostile_line_is_passed_over(string line)
    {
        foreach (var agent in new[] { "claude", "opencode", "codex", "gemini" })
        {
            var result = Result(agent, line + "\n", new AgentExit(0));
            Assert.Equal((AgentEnd.Completed, null, null), (result.Why, result.Session, result.OutputTokens));
            Assert.True(result.Turns is null or >= 0);
            Assert.True(result.CostUsd is null or >= 0);
        }
    }

    [Fact]
    public void Bytes_that_are_no_text_and_depth_without_end_are_passed_over()
    {
        var output = new AgentOutput(Profile("claude"));
        output.Read([0xff, 0xfe, (byte)'\n', (byte)'{', (byte)'"', 0xff, (byte)'"', (byte)':', (byte)'1', (byte)'}', (byte)'\n']);
        output.Read(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"a\":", 100_000)) + "\n"));
        output.Read(Encoding.UTF8.GetBytes(Recorded("claude-completed")));
        Assert.Equal(AgentEnd.Completed, output.Finish(new AgentExit(0)).Why);
    }

    [Fact]
    public void Gigabyte_without_a_line_end_costs_no_more_memory_than_a_line()
    {
        var output = new AgentOutput(Profile("claude"));
        var block = new byte[1 << 20];
        block.AsSpan().Fill((byte)'{');
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var i = 0; i < 1024; i++)
            output.Read(block);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 64 << 20);
        output.Read(Encoding.UTF8.GetBytes("\n" + Recorded("claude-completed")));
        Assert.Equal((AgentEnd.Completed, "It is written: “b.txt”."), Both(output.Finish(new AgentExit(0))));
    }

    [Fact]
    public void Answer_without_end_keeps_its_own_end()
    {
        var output = new AgentOutput(Profile("gemini"));
        var line = Encoding.UTF8.GetBytes($$"""{"type":"message","role":"assistant","content":"{{new string('a', 1 << 16)}}😀"}""" + "\n");
        for (var i = 0; i < 100; i++)
            output.Read(line);
        output.Read("""{"type":"message","role":"assistant","content":" the end"}"""u8);
        var answer = output.Finish(new AgentExit(0)).Answer!;
        Assert.InRange(answer.Length, AgentOutput.LongestAnswer - 1, AgentOutput.LongestAnswer);
        Assert.EndsWith("😀 the end", answer, StringComparison.Ordinal);
    }

    [Fact]
    public void Lines_of_others_explain_nothing_that_the_agent_has_explained_or_that_succeeded()
    {
        const string Noise = "npm warn: Invalid auth method selected. API_KEY_INVALID\n";
        Assert.Equal(AgentEnd.Completed, Result("gemini", Noise + Recorded("gemini-completed"), new AgentExit(0)).Why);
        Assert.Equal(AgentEnd.SignedOut, Result("gemini", "Invalid auth method selected.\n", new AgentExit(41)).Why);
    }

    private static AgentProfile Profile(string agent) => AgentProfiles.Find("/no/such/folder", agent);

    private static (AgentEnd Why, string? Answer) Both(AgentResult result) => (result.Why, result.Answer);

    private static AgentResult Result(string agent, string log, AgentExit exit, AgentCall? call = null)
    {
        var output = new AgentOutput(Profile(agent), call);
        output.Read(Encoding.UTF8.GetBytes(log));
        return output.Finish(exit);
    }

    private static string Recorded(string name, [CallerFilePath] string here = "") => File.ReadAllText(Path.Combine(Path.GetDirectoryName(here)!, "Recorded", name + ".log"));
}
