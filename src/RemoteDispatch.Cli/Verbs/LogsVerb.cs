using System.CommandLine;
using System.CommandLine.Parsing;
using RemoteDispatch.Cli.Logs;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Cli.Verbs;

/// <summary><c>logs</c>: what a task printed, byte for byte.</summary>
internal static class LogsVerb
{
    private static readonly Argument<string> Id = new("ID") { Description = "The task's id." };
    private static readonly Option<bool> Follow = new("--follow", "-f") { Description = "Go on to the end of the task." };
    private static readonly Option<LogStreams?> Stream = new("--stream")
    {
        Description = "output, error or both, of a task whose stderr is kept apart ('run --separate-error'): each goes to the stream of its name. [default: both]",
        HelpName = "STREAM", CustomParser = ParseStream,
    };

    private static readonly Option<long?> Tail = Common.Number("--tail", "Only the last lines.", "N", 0);
    private static readonly Option<long?> Offset = Common.Number("--offset", "Begin at this byte.", "BYTES", 0);
    private static readonly Option<string?> Host = new("--host") { Description = "The host that knows the task.", HelpName = "NAME" };

    private static readonly Option<bool> NoRedaction = new("--no-redaction") { Description = "Show the values of the task's credentials where it printed them; else each of their bytes is a star." };

    public static Verb Create()
    {
        var verb = new Verb(
            "logs", "Shows what a task has printed, byte for byte. Ends with 0 when the log was delivered, however the task ended.", LogsAsync,
            "rdispatch logs -f build-17", "rdispatch logs build-17 --tail 20", "rdispatch logs build-17 --offset 4096 --json", "rdispatch logs dump-3 --stream error")
        {
            Id, Follow, Stream, Tail, Offset, NoRedaction, Common.NoCollect, Host,
        };
        verb.Validators.Add(result =>
        {
            if (result.GetResult(Tail) is not null && result.GetResult(Offset) is not null)
                result.AddError("--tail and --offset both say where to begin: give one of them.");
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
        var task = await run.SelectOneAsync(run.Get(Id), run.Get(Host)).ConfigureAwait(false);
        ILogPrinter printer = run.IsJson ? new JsonLog(run.Screen, task.SeparateError) : new RawLog(run.Screen);
        var query = new LogQuery { Stream = run.Get(Stream) ?? LogStreams.Both, Follow = run.Get(Follow), Tail = run.Get(Tail), Offset = run.Get(Offset) ?? 0, NoRedaction = run.Get(NoRedaction) };
        try
        {
            await foreach (var chunk in run.Dispatcher.ReadLogAsync(task, query, run.Token).ConfigureAwait(false))
            {
                printer.Add(chunk);
                task = chunk.Task;
            }

            printer.Finish();
            if (query.Follow)
                await run.CollectAsync(task).ConfigureAwait(false);
            return ExitCodes.Success;
        }
        catch (OperationCanceledException) when (run.IsInterrupted)
        {
            printer.Finish();
            var failure = run.Interrupted(task);
            run.Screen.Fail(failure);
            return failure.ExitCode;
        }
        catch (DispatchException e)
        {
            throw e.About(task.HostName, task.Id);
        }
    }
}
