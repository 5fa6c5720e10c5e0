using System.CommandLine;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Cli.Verbs;

/// <summary><c>clean</c>: removes what ended long ago.</summary>
internal static class CleanVerb
{
    private static readonly Option<TimeSpan?> Age = Common.Span("--older-than", "Those whose tasks have ended longer ago than that, or whose launch died then; by the host's own clock.");
    private static readonly Option<string[]> Hosts = Common.Hosts("Only on this host; may be given several times. [default: the inventory's hosts, this machine, and those that tasks were sent to]");
    private static readonly Option<bool> KeepLog = new("--keep-log") { Description = "Leave the logs on the host, and remove the rest." };
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Ask the hosts, show what would be removed, and remove nothing." };

    public static Verb Create()
    {
        Age.Required = true;
        return new Verb(
            "clean", "Removes the workspaces of all tasks that ended long ago, whoever sent them. The logs are collected to this machine first.", CleanAsync,
            "rdispatch clean --older-than 7d", "rdispatch clean --older-than 30d --host '@gpu' --dry-run")
        {
            Age, Hosts, KeepLog, DryRun,
        };
    }

    private static async Task<int> CleanAsync(Invocation run)
    {
        var age = run.Get(Age)!.Value;
        var options = new RemoveOptions { KeepLog = run.Get(KeepLog), Abandoned = true };
        var answers = await run.ListWorkspacesAsync(run.Get(Hosts)).ConfigureAwait(false);
        var selected = answers.SelectMany(a => a.Failure is { } failure ? [new Selected(null, failure)]
            : a.Found.Where(w => w.HasEndedBefore(age)).Select(w => new Selected(w.Task, null))).ToArray();
        var word = run.Get(DryRun) ? "would be removed" : "removed";
        return await run.ShowEachTaskAsync(
            selected, async task => Outcome.Done(run.Get(DryRun) ? task : await run.Dispatcher.RemoveAsync(task, options, run.Token).ConfigureAwait(false)),
            outcome => Show(run, outcome, word)).ConfigureAwait(false);
    }

    private static void Show(Invocation run, Outcome outcome, string word)
    {
        if (outcome.Task is { } task)
            run.Screen.Line($"{task.Id}\t{task.HostName}\t{word}\t{task.LogPath}");
    }
}
