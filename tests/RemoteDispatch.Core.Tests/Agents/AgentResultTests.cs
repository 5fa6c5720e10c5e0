using RemoteDispatch.Agents;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Core.Tests.Agents;

public sealed class AgentResultTests
{
    [Theory]
    [InlineData(AgentEnd.Completed, "\n  It is done.  \nAll of it.", null, null, "Completed: It is done.")]
    [InlineData(AgentEnd.Completed, null, null, null, "Completed")]
    [InlineData(AgentEnd.Blocked, "I ask.", "which stage?\nor none?", null, @"Blocked: which stage?\nor none?")]
    [InlineData(AgentEnd.RateLimited, "half", null, "too many requests", "RateLimited: too many requests")]
    [InlineData(AgentEnd.Completed, "\u001b[2Jgone\u202e", null, null, @"Completed: \u001b[2Jgone\u202e")]
    public void Result_prints_in_one_line_that_moves_no_cursor(AgentEnd why, string? answer, string? question, string? error, string shown) =>
        Assert.Equal(shown, new AgentResult { Why = why, Answer = answer, Question = question, Error = error }.ToString());

    [Fact]
    public void Result_of_a_long_answer_is_cut() =>
        Assert.Equal("Completed: ".Length + 200, new AgentResult { Why = AgentEnd.Completed, Answer = new string('x', 5000) }.ToString().Length);

    [Fact]
    public void Agent_is_summed_up_with_what_it_was_given_and_what_it_may_do()
    {
        var agent = new TaskAgent { Name = "claude" };
        Assert.Equal(("claude", "claude"), (agent.Summary, agent.ToString()));
        agent = agent with { Model = "opus", MaxTurns = 5, PermissionMode = "plan", Resumes = "first" };
        Assert.Equal("claude (going on with the task first; model opus; at most 5 turns; permission mode plan)", agent.Summary);
        agent = new TaskAgent { Name = "claude", PermissionMode = "bypassPermissions", SkipsPermissions = true };
        Assert.Equal("claude (permission mode bypassPermissions, WHICH SKIPS ITS PERMISSIONS)", agent.Summary);
    }
}
