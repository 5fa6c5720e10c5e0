using System.CommandLine;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Cli.Verbs;

/// <summary><c>save</c>: copies logs to this machine.</summary>
internal static class SaveVerb
{
    private static readonly Argument<string[]> Ids = Common.Ids();

    private static readonly Option<string?> Destination = new("--destination", "-d")
    {
        Description = "The folder for the files, HOST/ID.STARTED.log; else that of the collected logs (REMOTE_DISPATCH_LOG_DIR).", HelpName = "FOLDER",
    };

    private static readonly Option<string?> Output = new("--output", "-o")
    {
        Description = "The file, for one task. One that is there must be an older copy of the same log.", HelpName = "FILE",
    };

    private static readonly Option<bool> Force = new("--force") { Description = "Replace whatever is in the file's place, and fetch all of the log." };

    private static readonly Option<bool> NoRedaction = new("--no-redaction")
    {
        Description = "Leave the values of the task's credentials in the copy; else each of their bytes is a star.",
    };

    private static readonly Option<string[]> Hosts = Common.Hosts("The host that knows the task; needed where it was not sent from here.");

    public static Verb Create()
    {
        var verb = new Verb(
            "save", "Copies logs to this machine, as they are now, and prints where. Of a log that was copied before only what is new is fetched.", SaveAsync,
            "rdispatch save build-17", "rdispatch save build-17 --output build.log", "rdispatch save 'build-*' --destination ./logs")
        {
            Ids, Destination, Output, Force, NoRedaction, Hosts,
        };
        verb.Validators.Add(result =>
        {
            if (result.GetResult(Destination) is not null && result.GetResult(Output) is not null)
                result.AddError("--destination and --output both say where to: give one of them.");
        });
        return verb;
    }

    private static async Task<int> SaveAsync(Invocation run)
    {
        var options = new CollectOptions { Path = run.Get(Output), Folder = run.Get(Destination), Force = run.Get(Force), NoRedaction = run.Get(NoRedaction) };
        var tasks = await run.SelectAsync(run.Get(Ids), run.Get(Hosts)).ConfigureAwait(false);
        return await run.ShowEachTaskAsync(
            tasks, async task => Outcome.Done(await run.Dispatcher.CollectLogAsync(task, options, run.Token).ConfigureAwait(false)),
            outcome => Show(run, outcome)).ConfigureAwait(false);
    }

    private static void Show(Invocation run, Outcome outcome)
    {
        if (outcome.Task is { } task)
            run.Screen.Line($"{task.Id}\t{task.HostName}\t{task.LogPath}");
    }
}
