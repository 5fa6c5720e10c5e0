using System.CommandLine;
using System.CommandLine.Parsing;
using RemoteDispatch.Cli.Logs;
using RemoteDispatch.Cli.Output;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Cli.Verbs;

/// <summary><c>logs</c>: what tasks printed, byte for byte; of several, line by line as they come.</summary>
internal static class LogsVerb
{
    private static readonly Argument<string[]> Ids = Common.Ids();
    private static readonly Option<bool> Follow = new("--follow", "-f") { Description = "Go on to the end of the task, and end with its exit code." };
    private static readonly Option<LogStreams?> Stream = new("--stream")
    {
        Description = "output, error or both, of a task whose stderr is kept apart ('run --separate-error'): each goes to the stream of its name. [default: both]",
        HelpName = "STREAM", CustomParser = ParseStream,
    };

    private static readonly Option<long?> Tail = Common.Number("--tail", "Only the last lines.", "N", 0);
    private static readonly Option<long?> Offset = Common.Number("--offset", "Begin at this byte.", "BYTES", 0);
    private static readonly Option<LogTime?> Since = new("--since")
    {
        Description = "Only what was printed since then, to within ten seconds: a duration before now by the host's clock (10m), or a time (2026-11-21T14:30).", HelpName = "TIME",
        CustomParser = result =>
        {
            if (!LogTime.TryParse(result.Tokens[0].Value, out var time))
                result.AddError($"'{result.Tokens[0].Value}' is neither a duration nor a time: write 90s, 10m, 2h or 2026-11-21T14:30.");
            return time;
        },
    };

    private static readonly Option<bool> NoPrefix = new("--no-prefix") { Description = "Of several tasks, do not put HOST/ID before each line." };
    private static readonly Option<string[]> Hosts = Common.Hosts("The host that knows the task; needed where it was not sent from here.");
    private static readonly Option<bool> NoRedaction = new("--no-redaction") { Description = "Show the values of the task's credentials where it printed them; else each of their bytes is a star." };

    public static Verb Create()
    {
        var verb = new Verb(
            "logs",
            "Shows what tasks have printed, byte for byte; of several tasks line by line, each behind HOST/ID. With --follow it ends as 'wait' does: with the exit code of the first task that did not succeed.",
            LogsAsync,
            "rdispatch logs -f build-17", "rdispatch logs build-17 --tail 20", "rdispatch logs build-17 --since 10m", "rdispatch logs build-17 --offset 4096 --json",
            "rdispatch logs -f build-17 build-18 --tail 0", "rdispatch logs dump-3 --stream error")
        {
            Ids, Follow, Stream, Tail, Offset, Since, NoPrefix, NoRedaction, Common.NoCollect, Hosts,
        };
        verb.Validators.Add(result =>
        {
            if (new Option[] { Tail, Offset, Since }.Count(o => result.GetResult(o) is not null) > 1)
                result.AddError("--tail, --offset and --since all say where to begin: give one of them.");
        });
        return verb;
    }

    private static LogStreams? ParseStream(ArgumentResult result)
    {
        var word = result.Tokens[0].Value;
        if (Enum.GetNames<LogStreams>().Contains(word, StringComparer.OrdinalIgnoreCase))
            return Enum.Parse<LogStreams>(word, ignoreCase: true);
        result.AddError($"'{word}' is no stream: take output, error or both.");
        return null;
    }

    private static async Task<int> LogsAsync(Invocation run)
    {
        var selected = await run.SelectAsync(run.Get(Ids), run.Get(Hosts)).ConfigureAwait(false);
        var areSeveral = selected.Count(s => s.Task is not null) > 1;
        // Following costs nothing, and one that is queued behind others would be heard too late.
        return await run.ShowEachTaskAsync(
            selected, task => ShowAsync(run, task, PrinterFor(run, task, areSeveral)), null, run.Get(Follow) ? int.MaxValue : Results.DefaultThrottle, isStreamed: true).ConfigureAwait(false);
    }

    private static ILogPrinter PrinterFor(Invocation run, RemoteTask task, bool isOneOfSeveral) => (run.IsJson, isOneOfSeveral) switch
    {
        (true, _) => new JsonLog(run.Screen, task.SeparateError, isOneOfSeveral ? task : null),
        (_, true) => new PrefixedLog(run.Screen, run.Get(NoPrefix) ? "" : $"{task.HostName}/{task.Id}: "),
        _ => new RawLog(run.Screen),
    };

    private static async Task<Outcome> ShowAsync(Invocation run, RemoteTask task, ILogPrinter printer)
    {
        var query = new LogQuery { Stream = run.Get(Stream) ?? LogStreams.Both, Follow = run.Get(Follow), Tail = run.Get(Tail), Offset = run.Get(Offset) ?? 0, Since = run.Get(Since), NoRedaction = run.Get(NoRedaction) };
        try
        {
            try
            {
                await foreach (var chunk in run.Dispatcher.ReadLogAsync(task, query, run.Token).ConfigureAwait(false))
                {
                    printer.Add(chunk);
                    task = chunk.Task;
                }
            }
            catch (Exception e) when (e is not OutputClosedException)
            {
                // What has come of a line is shown, and then why no more comes.
                printer.Finish();
                throw;
            }

            printer.Finish();
            if (query.Follow)
                task = await run.CollectAsync(task).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (run.IsInterrupted)
        {
            return Outcome.Failed(run.Interrupted(task));
        }
        catch (DispatchException e)
        {
            return Outcome.Failed(Failure.Of(e.About(task.HostName, task.Id)));
        }

        if (!query.Follow)
            return Outcome.Done(task);
        // Where stderr is kept apart, it is the task's own.
        if (task.State == TaskState.Failed && !task.SeparateError)
            run.Screen.Say($"rdispatch: the task '{task.Id}' on host '{task.HostName}' failed with exit code {task.ExitCode}.");
        return Outcome.Ended(task);
    }
}
