using System.CommandLine;
using System.Text.Json.Nodes;
using RemoteDispatch.Cli.Json;
using RemoteDispatch.Cli.Output;
using RemoteDispatch.Health;

namespace RemoteDispatch.Cli.Verbs;

/// <summary><c>check</c>: are hosts fit for tasks?</summary>
internal static class CheckVerb
{
    private static readonly Argument<string[]> Names = new("SET")
    {
        Description = "A name of the inventory, an address, or a set of them ('web*', '@gpu'); several may follow each other.", Arity = ArgumentArity.OneOrMore,
    };

    private static readonly Option<string[]> Checks = new("--check") { Description = "Only this check; may be given several times. [default: all]", HelpName = "CHECK" };
    private static readonly Option<string[]> Required = new("--require")
    {
        Description = "This check must pass, beside those that must anyway; may be given several times.", HelpName = "CHECK",
    };

    public static Verb Create() => new(
        "check", "Asks hosts what they are and whether they are fit for tasks.", CheckAsync,
        "rdispatch check local", "rdispatch check '@gpu'", "rdispatch check gpu1 gpu2 --check disk --require gpu",
        "rdispatch check gpu1 gpu2 --json | jq '.[] | select(.healthy | not)'")
    {
        Names, Checks, Required,
    };

    private static async Task<int> CheckAsync(Invocation run)
    {
        var options = new HostCheckOptions { Checks = run.Get(Checks) ?? [], Required = run.Get(Required) ?? [] };
        options.Validate(run.Dispatcher.CheckNames);
        var checks = await Task.WhenAll(run.Expand(run.Get(Names)).Select(place => CheckOneAsync(run, place, options))).ConfigureAwait(false);
        if (run.IsJson)
            run.Screen.Document(new JsonArray([.. checks.Select(c => c.Health is { } health ? HostDocument.Of(health) : c.Failure!.ToJson())]));
        else
            Show(run, [.. checks.Select(c => c.Health).OfType<HostHealth>()]);
        // What is wrong with a host that was asked is the answer: for people it stands there, once.
        foreach (var failure in checks.SelectMany(c => c.Failure is { } one ? [one] : run.IsJson ? FailuresOf(c.Health!) : []))
            run.Screen.Fail(failure);
        return checks.Select(c => c.Failure?.ExitCode ?? (c.Health!.Healthy ? ExitCodes.Success : ExitCodes.Unhealthy)).FirstOrDefault(c => c != 0);
    }

    private static async Task<(HostHealth? Health, Failure? Failure)> CheckOneAsync(Invocation run, Place place, HostCheckOptions options)
    {
        try
        {
            return (await run.Dispatcher.CheckAsync(place.Find(), options, run.Token).ConfigureAwait(false), null);
        }
        catch (DispatchException e)
        {
            return (null, Failure.Of(e.About(place.Name, null)));
        }
    }

    private static void Show(Invocation run, IReadOnlyCollection<HostHealth> healths)
    {
        if (healths.Count == 0)
            return;
        run.Screen.Line(string.Join('\n', HealthText.Verdicts(healths)) + '\n');
        HealthText.Checks(healths, run.IsVerbose).ShowOn(run.Screen);
    }

    private static IEnumerable<Failure> FailuresOf(HostHealth health) => health.Checks.Where(c => c.Required && c.Status != CheckStatus.Pass).Select(check => new Failure
    {
        Reason = "Unhealthy",
        Message = $"{health.HostName}: {check.Name}: {check.Detail}",
        Remedy = check.Remedy ?? "Look into it on the host.",
        ExitCode = ExitCodes.Unhealthy,
        Host = health.HostName,
    });
}
