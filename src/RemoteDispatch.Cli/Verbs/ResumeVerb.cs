using System.CommandLine;
using RemoteDispatch.Agents;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Cli.Verbs;

/// <summary><c>resume</c>: goes on in the session of an agent's task, with another prompt.</summary>
internal static class ResumeVerb
{
    private static readonly Argument<string> Id = new("ID") { Description = "The id of the task to go on with." };
    private static readonly Option<string?> Host = new("--host") { Description = "The host that knows the task; needed where it was not sent from here.", HelpName = "NAME" };
    private static readonly Option<string?> NewId = new("--new-id") { Description = "The id of the new task. Dispatched again with it, the same task never runs twice.", HelpName = "ID" };

    public static Verb Create()
    {
        var verb = new Verb(
            "resume", "Goes on in the session of an agent's task, in the place where that worked: a new task with another prompt.", ResumeAsync,
            "rdispatch resume fix-login -- 'Now add a test for it'", "git diff | rdispatch resume fix-login --file - --wait --env-secret ANTHROPIC_API_KEY",
            "rdispatch resume fix-login --max-turns 30 --timeout 2h -- Continue")
        {
            Id, Host, NewId, RunOptions.Wait, Common.NoCollect, RunOptions.Timeout, RunOptions.StallLimit, RunOptions.Environment, RunOptions.Runner, RunOptions.ReportToolUse, RunOptions.File, RunOptions.Command,
        };
        foreach (var option in PromptOptions.OfARun.Concat(CredentialOptions.All).Concat(AgentOptions.All))
            verb.Add(option);
        verb.Validators.Add(RunOptions.ValidateWhat);
        return verb;
    }

    private static async Task<int> ResumeAsync(Invocation run)
    {
        var request = await RunOptions.ToRequestAsync(run, run.Get(NewId), new AgentRequest { Name = AgentRequest.Auto, Call = PromptOptions.Call(run) }).ConfigureAwait(false);
        var task = await run.SelectOneAsync(run.Get(Id), run.Get(Host)).ConfigureAwait(false);
        return await run.ShowEachAsync([task], first => ResumeOneAsync(run, first, request), run.Get(RunOptions.Wait) ? null : run.ShowLine).ConfigureAwait(false);
    }

    private static async Task<Outcome> ResumeOneAsync(Invocation run, RemoteTask first, TaskRequest request)
    {
        var (host, resumed) = await run.Dispatcher.ResumeAsync(first, request, run.Token).ConfigureAwait(false);
        await PromptOptions.AskAsync(run, resumed).ConfigureAwait(false);
        return await RunVerb.RunOneAsync(run, host.Name, host, resumed, run.Get(RunOptions.Wait) ? RunVerb.PrinterFor(run, host.Name, 1) : null).ConfigureAwait(false);
    }
}
