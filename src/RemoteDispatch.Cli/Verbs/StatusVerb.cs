using System.CommandLine;
using RemoteDispatch.Cli.Output;

namespace RemoteDispatch.Cli.Verbs;

/// <summary><c>status</c>: everything that is known of a task.</summary>
internal static class StatusVerb
{
    private static readonly Argument<string[]> Ids = Common.Ids();
    private static readonly Option<string[]> Hosts = Common.Hosts("The host that knows the task; needed where it was not sent from here.");

    public static Verb Create() => new(
        "status", "Looks at tasks and shows everything that is known of them.", StatusAsync,
        "rdispatch status build-17", "rdispatch status build-17 --host gpu1 --json | jq -r .state")
    {
        Ids, Hosts,
    };

    private static async Task<int> StatusAsync(Invocation run)
    {
        var tasks = await run.SelectAsync(run.Get(Ids), run.Get(Hosts)).ConfigureAwait(false);
        return await run.ShowEachTaskAsync(tasks, async task =>
        {
            try
            {
                return Outcome.Done(await run.Dispatcher.LookAsync(task, run.Token).ConfigureAwait(false));
            }
            catch (DispatchException e)
            {
                // Nobody could look: the last known state stays, and is shown as that.
                return Outcome.Failed(Failure.Of(e.About(task.HostName, task.Id)), task);
            }
        }, outcome =>
        {
            if (outcome.Task is { } task)
                run.Screen.Line(string.Join('\n', TaskText.Details(task, run.Time)) + (tasks.Count > 1 ? "\n" : ""));
        }).ConfigureAwait(false);
    }
}
