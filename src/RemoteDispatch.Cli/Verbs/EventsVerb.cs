using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using RemoteDispatch.Cli.Json;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Cli.Verbs;

/// <summary><c>events</c>: what a task reported of itself.</summary>
internal static class EventsVerb
{
    private static readonly Argument<string> Id = new("ID") { Description = "The task's id." };
    private static readonly Option<bool> Follow = new("--follow", "-f") { Description = "Go on to the end of the task." };
    private static readonly Option<long?> Tail = Common.Number("--tail", "Only the last events.", "N", 0);
    private static readonly Option<long?> Offset = Common.Number("--offset", "Begin at this byte: the 'next' of the last event that is known.", "BYTES", 0);
    private static readonly Option<TaskEventKind[]> Kinds = new("--kind")
    {
        Description = $"Only events of this kind: {string.Join(", ", Words())}; may be given several times.", HelpName = "KIND",
        CustomParser = result => [.. result.Tokens.Select(t => KindOf(result, t.Value))],
    };

    private static readonly Option<string?> Host = new("--host") { Description = "The host that knows the task.", HelpName = "NAME" };
    private static readonly Option<bool> NoRedaction = new("--no-redaction") { Description = "Show the values of the task's credentials where it reported them; else each of their bytes is a star." };

    public static Verb Create()
    {
        var verb = new Verb(
            "events", "Shows what a task reported of itself through 'rd', one line for each: the time, what it is about, the text. Ends with 0 when all was delivered, however the task ended.", EventsAsync,
            "rdispatch events -f build-17", "rdispatch events build-17 --tail 5 --kind tool", "rdispatch events build-17 --json")
        {
            Id, Follow, Tail, Offset, Kinds, NoRedaction, Host,
        };
        verb.Validators.Add(result =>
        {
            if (result.GetResult(Tail) is not null && result.GetResult(Offset) is not null)
                result.AddError("--tail and --offset both say where to begin: give one of them.");
        });
        return verb;
    }

    private static async Task<int> EventsAsync(Invocation run)
    {
        var task = await run.SelectOneAsync(run.Get(Id), run.Get(Host)).ConfigureAwait(false);
        var query = new EventQuery
        {
            Follow = run.Get(Follow), Tail = run.Get(Tail), Offset = run.Get(Offset) ?? 0, Kinds = run.Get(Kinds) ?? [], NoRedaction = run.Get(NoRedaction),
        };
        try
        {
            await foreach (var chunk in run.Dispatcher.ReadEventsAsync(task, query, run.Token).ConfigureAwait(false))
            {
                foreach (var one in chunk.Events)
                    Show(run, one);
            }

            return ExitCodes.Success;
        }
        catch (OperationCanceledException) when (run.IsInterrupted)
        {
            var failure = run.Interrupted(task);
            run.Screen.Fail(failure);
            return failure.ExitCode;
        }
        catch (DispatchException e)
        {
            throw e.About(task.HostName, task.Id);
        }
    }

    private static void Show(Invocation run, TaskEvent one)
    {
        if (run.IsJson)
            run.Screen.Document(EventDocument.Of(one));
        else
            run.Screen.Line($"{one.Time?.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)}\t{Word(one.Kind)}\t{one.Summary}");
    }

    private static TaskEventKind KindOf(ArgumentResult result, string word)
    {
        if (Words().Contains(word, StringComparer.OrdinalIgnoreCase))
            return Enum.Parse<TaskEventKind>(word, ignoreCase: true);
        result.AddError($"'{word}' is no kind of event: take {string.Join(", ", Words())}.");
        return default;
    }

    private static IEnumerable<string> Words() => Enum.GetValues<TaskEventKind>().Select(Word);

    private static string Word(TaskEventKind kind) => kind.ToString().ToLowerInvariant();
}
