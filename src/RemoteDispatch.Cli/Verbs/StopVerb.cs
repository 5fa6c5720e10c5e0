using System.CommandLine;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Cli.Verbs;

/// <summary><c>stop</c>: ends tasks with everything they started.</summary>
internal static class StopVerb
{
    private static readonly Argument<string[]> Ids = Common.Ids();
    private static readonly Option<TimeSpan?> Grace = Common.Span("--grace", "Between TERM and KILL. [default: 10s]");
    private static readonly Option<string[]> Hosts = Common.Hosts("The host that knows the task; needed where it was not sent from here.");

    public static Verb Create() => new(
        "stop", "Ends tasks and every process that belongs to them: TERM, a grace period, then KILL, and a look that nothing is left.", StopAsync,
        "rdispatch stop build-17", "rdispatch stop build-17 build-18 --grace 0s", "rdispatch stop 'build-*'")
    {
        Ids, Grace, Hosts,
    };

    private static async Task<int> StopAsync(Invocation run)
    {
        // Of all that are like a pattern, only those that have not ended: to stop the others would ask each host that there ever was.
        var tasks = await run.SelectAsync(run.Get(Ids), run.Get(Hosts), task => !task.State.IsFinal()).ConfigureAwait(false);
        return await run.ShowEachTaskAsync(
            tasks, async task => Outcome.Done(await run.Dispatcher.StopAsync(task, run.Get(Grace), run.Token).ConfigureAwait(false)),
            run.ShowLine).ConfigureAwait(false);
    }
}
