using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json.Nodes;
using RemoteDispatch.Cli.Output;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Cli.Verbs;

/// <summary><c>list</c>: the tasks that were sent from here, or those that hosts know.</summary>
internal static class ListVerb
{
    private static readonly Option<string[]> Hosts = Common.Hosts("Ask this host for all tasks it knows, whoever sent them; may be given several times.");
    private static readonly Option<TaskState[]> States = new("--state")
    {
        Description = "Only tasks in this state; may be given several times.", HelpName = "STATE", CustomParser = ParseStates,
    };
    private static readonly Option<bool> Cached = new("--cached") { Description = "Connect to no host: show what was last known." };

    public static Verb Create() => new(
        "list", "Lists the tasks that were sent from here, after a look at those that have not ended.", ListAsync,
        "rdispatch list", "rdispatch list --host gpu1 --state Running", "rdispatch list --host 'web[1-20]'", "rdispatch list --cached --json | jq '.[].id'")
    {
        Hosts, States, Cached,
    };

    private static async Task<int> ListAsync(Invocation run)
    {
        var hosts = run.Get(Hosts) is { Length: > 0 } named ? run.Expand(named) : null;
        var found = hosts is null || run.Get(Cached) ? await KnownAsync(run, hosts).ConfigureAwait(false)
            : await AskAsync(run, hosts).ConfigureAwait(false);
        var states = run.Get(States) is { Length: > 0 } wanted ? wanted.ToHashSet() : null;
        found = [.. found.Where(o => o.Task is null || states?.Contains(o.Task.State) is not false)
            .OrderBy(o => o.Task?.Dispatched ?? o.Task?.Started).ThenBy(o => o.Task?.Id, StringComparer.Ordinal)];
        if (run.IsJson)
            run.Screen.Document(new JsonArray([.. found.Select(o => o.ToJson(amongSeveral: false))]));
        else
            TaskText.ToTable(found.Select(o => o.Task).OfType<RemoteTask>(), run.Time).ShowOn(run.Screen);
        // A host that does not answer costs its own tasks their news; a host that was asked by name and does not answer is a failure.
        return found.Where(o => o.Task is null).Select(o => o.ExitCode).FirstOrDefault();
    }

    /// <summary>The ledger; what has not ended is looked at.</summary>
    private static async Task<Outcome[]> KnownAsync(Invocation run, IReadOnlyList<Place>? hosts)
    {
        var names = hosts?.Select(place => place.Find().Name).ToHashSet();
        var tasks = run.Dispatcher.Options.Ledger.List(e => run.Screen.Warn(e.Message))
            .Where(t => names is null || names.Contains(t.HostName)).ToArray();
        var open = run.Get(Cached) ? [] : tasks.Where(t => !t.State.IsFinal()).ToArray();
        var looks = await run.Dispatcher.LookAsync(open, run.Token).ConfigureAwait(false);
        foreach (var (host, failure) in looks.Where(l => l.Failure is not null).Select(l => (l.Task.HostName, l.Failure!)).DistinctBy(f => f.HostName))
            run.Screen.Warn($"the tasks of host '{host}' are shown as they were last known: {failure.Message}");
        var news = open.Zip(looks).ToDictionary(pair => pair.First, pair => pair.Second);
        return [.. tasks.Select(task => !news.TryGetValue(task, out var look) ? Outcome.Done(task)
            : look.Failure is { } failure ? Outcome.Failed(Failure.Of(failure.About(task.HostName, task.Id)), task) : Outcome.Done(look.Task))];
    }

    /// <summary>What the hosts themselves know.</summary>
    private static async Task<Outcome[]> AskAsync(Invocation run, IReadOnlyList<Place> hosts)
    {
        var answers = await Task.WhenAll(hosts.Select(AskOneAsync)).ConfigureAwait(false);
        return [.. answers.SelectMany(a => a)];

        async Task<IEnumerable<Outcome>> AskOneAsync(Place place)
        {
            try
            {
                var tasks = await run.Dispatcher.ListAsync(place.Find(), run.Token).ConfigureAwait(false);
                return tasks.Select(Outcome.Done);
            }
            catch (DispatchException e)
            {
                var failure = Failure.Of(e.About(place.Name, null));
                run.Screen.Fail(failure);
                return [Outcome.Failed(failure)];
            }
        }
    }

    private static TaskState[] ParseStates(ArgumentResult result)
    {
        var states = new List<TaskState>();
        foreach (var token in result.Tokens)
        {
            if (Enum.TryParse<TaskState>(token.Value, ignoreCase: true, out var state) && Enum.IsDefined(state) && !char.IsAsciiDigit(token.Value[0]))
                states.Add(state);
            else
                result.AddError($"'{token.Value}' is no state: it is one of {string.Join(", ", Enum.GetNames<TaskState>())}.");
        }

        return [.. states];
    }
}
