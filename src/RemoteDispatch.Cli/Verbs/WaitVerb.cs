using System.CommandLine;

namespace RemoteDispatch.Cli.Verbs;

/// <summary><c>wait</c>: until tasks have ended.</summary>
internal static class WaitVerb
{
    private static readonly Argument<string[]> Ids = Common.Ids();
    private static readonly Option<TimeSpan?> Timeout = Common.Span("--timeout", "How long to wait. It is the wait's limit: the task goes on.");
    private static readonly Option<string[]> Hosts = Common.Hosts("The host that knows the task; needed where it was not sent from here.");

    private static readonly Option<bool> KeepAgent = new("--keep-agent")
    {
        Description = "Forward the SSH agent of this machine to the tasks meanwhile; they must have been dispatched with one.",
    };

    public static Verb Create() => new(
        "wait", "Waits until tasks have ended, and ends with the exit code of the first that did not succeed.", WaitAsync,
        "rdispatch wait build-17", "rdispatch wait build-17 build-18 --timeout 10m",
        "rdispatch wait build-17 --keep-agent")
    {
        Ids, Timeout, KeepAgent, Common.NoCollect, Hosts,
    };

    private static async Task<int> WaitAsync(Invocation run)
    {
        var tasks = await run.SelectAsync(run.Get(Ids), run.Get(Hosts)).ConfigureAwait(false);
        // Waiting costs nothing: a task that is queued behind others would be looked at too late.
        return await run.ShowEachTaskAsync(tasks, async task =>
        {
            try
            {
                task = await (run.Get(KeepAgent)
                    ? run.Dispatcher.KeepAgentAsync(task, run.Get(Timeout), run.Token)
                    : run.Dispatcher.WaitAsync(task, run.Get(Timeout), run.Token)).ConfigureAwait(false);
                return Outcome.Ended(await run.CollectAsync(task).ConfigureAwait(false));
            }
            catch (OperationCanceledException) when (run.IsInterrupted)
            {
                return Outcome.Failed(run.Get(KeepAgent) ? run.InterruptedWithAgent(task) : run.Interrupted(task));
            }
        }, run.ShowLine, int.MaxValue).ConfigureAwait(false);
    }
}
