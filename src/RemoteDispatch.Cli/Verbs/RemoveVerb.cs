using System.CommandLine;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Cli.Verbs;

/// <summary><c>rm</c>: removes workspaces, after their logs were collected.</summary>
internal static class RemoveVerb
{
    private static readonly Argument<string[]> Ids = Common.Ids();
    private static readonly Option<bool> KeepLog = new("--keep-log") { Description = "Leave the log on the host, and remove the rest." };
    private static readonly Option<bool> Force = new("--force") { Description = "Stop the task first where it runs." };
    private static readonly Option<string[]> Hosts = Common.Hosts("The host that knows the task; needed where it was not sent from here.");

    public static Verb Create() => new(
        "rm", "Removes the workspaces of ended tasks from their hosts. The logs are collected to this machine first.", RemoveAsync,
        "rdispatch rm build-17", "rdispatch rm build-17 build-18 --force", "rdispatch rm build-17 --keep-log", "rdispatch rm 'build-*' --host gpu1")
    {
        Ids, KeepLog, Force, Hosts,
    };

    private static async Task<int> RemoveAsync(Invocation run)
    {
        var options = new RemoveOptions { KeepLog = run.Get(KeepLog), Force = run.Get(Force) };
        var tasks = await run.SelectAsync(run.Get(Ids), run.Get(Hosts)).ConfigureAwait(false);
        return await run.ShowEachTaskAsync(
            tasks, async task => Outcome.Done(await run.Dispatcher.RemoveAsync(task, options, run.Token).ConfigureAwait(false)),
            outcome => Show(run, outcome)).ConfigureAwait(false);
    }

    private static void Show(Invocation run, Outcome outcome)
    {
        if (outcome.Task is { } task)
            run.Screen.Line($"{task.Id}\t{task.HostName}\tremoved\t{task.LogPath}");
    }
}
