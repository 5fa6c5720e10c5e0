using System.CommandLine;
using System.IO.Enumeration;
using System.Text.Json.Nodes;
using RemoteDispatch.Cli.Json;
using RemoteDispatch.Cli.Output;
using RemoteDispatch.Tasks;
using RemoteDispatch.Watching;

namespace RemoteDispatch.Cli.Verbs;

/// <summary><c>watch</c>: follows the state of everything in the ledger.</summary>
internal static class WatchVerb
{
    private static readonly Argument<string[]> Ids = new("ID")
    {
        Description = "Only these tasks, by id or by a pattern in quotes ('build-*'); without it, all.", Arity = ArgumentArity.ZeroOrMore, DefaultValueFactory = _ => [],
    };
    private static readonly Option<string[]> Hosts = Common.Hosts("Only tasks on these hosts.");
    private static readonly Option<bool> Once = new("--once") { Description = "Look at every host once, do what there is to do, and end: for cron and for Task Scheduler." };
    private static readonly Option<bool> UntilEnded = new("--until-ended") { Description = "End when all tasks have ended." };
    private static readonly Option<TimeSpan?> StallLimit = Common.Span("--stall-limit", "How long a task may be silent (no log, no processor time, no process that comes or goes) that was given no limit of its own; 0 for ever. [default: 30m]");
    private static readonly Option<bool> StopStalled = new("--stop-stalled") { Description = "Stop tasks that are stalled." };

    public static Verb Create()
    {
        var verb = new Verb(
            "watch", "Follows the state of all tasks that were sent from here, and of those that are sent meanwhile: says what changes, collects the logs of those that end, flags those that are silent, and tells others.",
            WatchAsync, "rdispatch watch", "rdispatch watch 'build-*' --until-ended --stall-limit 10m --stop-stalled", "rdispatch watch --once --slack-webhook-env SLACK_WEBHOOK")
        {
            Ids, Hosts, Once, UntilEnded, StallLimit, StopStalled,
        };
        foreach (var option in NotifyOptions.All)
            verb.Add(option);
        verb.Validators.Add(result =>
        {
            if (result.GetValue(Once) && result.GetValue(UntilEnded))
                result.AddError("--once and --until-ended are one too many.");
            NotifyOptions.Validate(result);
        });
        return verb;
    }

    private static async Task<int> WatchAsync(Invocation run)
    {
        var notifiers = await NotifyOptions.CreateAsync(run).ConfigureAwait(false);
        try
        {
            var options = new WatchOptions
            {
                Until = run.Get(Once) ? WatchUntil.Once : run.Get(UntilEnded) ? WatchUntil.AllEnded : WatchUntil.Endless,
                StallLimit = run.Get(StallLimit) ?? new WatchOptions().StallLimit,
                StopStalled = run.Get(StopStalled),
                Filter = Filter(run),
                Notifiers = notifiers,
                NotifyOn = NotifyOptions.KindsOf(run),
                Warn = run.Screen.Warn,
            };
            await foreach (var change in new TaskWatch(run.Dispatcher, options).RunAsync(run.Token).ConfigureAwait(false))
                Show(run, change);
            return ExitCodes.Success;
        }
        catch (OperationCanceledException) when (run.IsInterrupted)
        {
            // To be ended is how a watch ends: nothing went wrong.
            return ExitCodes.Success;
        }
        finally
        {
            foreach (var notifier in notifiers.OfType<IDisposable>())
                notifier.Dispose();
        }
    }

    private static Func<RemoteTask, bool>? Filter(Invocation run)
    {
        var ids = run.Get(Ids);
        HashSet<string>? hosts = run.Get(Hosts) is { Length: > 0 } sets
            ? new(run.Expand(sets).Select(p => p.Find().Name), StringComparer.OrdinalIgnoreCase) : null;
        return ids.Length == 0 && hosts is null ? null : task => (hosts is null || hosts.Contains(task.HostName))
            && (ids.Length == 0 || ids.Any(id => FileSystemName.MatchesSimpleExpression(id, task.Id, ignoreCase: false)));
    }

    private static void Show(Invocation run, TaskChange change)
    {
        if (run.IsJson)
        {
            run.Screen.Document(new JsonObject
            {
                ["at"] = TaskDocument.Stamp(change.At),
                ["kind"] = change.Kind.ToString(),
                ["host"] = change.HostName,
                ["detail"] = change.Detail,
                ["task"] = change.Task is { } task ? TaskDocument.Of(task) : null,
            });
            return;
        }

        var state = change.Task is { } one ? $"{one.State}{(one.ExitCode is { } code and not 0 ? $" ({code})" : "")}" : "-";
        run.Screen.Line(string.Join('\t', new[] { TaskText.Local(change.At, run.Time), change.Kind.ToString(), change.Id ?? "-", change.HostName, state, change.Detail ?? change.Task?.Reason ?? "" }
            .Select(PlainText.OneLine)));
    }
}
