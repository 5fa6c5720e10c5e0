using System.CommandLine;
using System.Text.Json.Nodes;
using RemoteDispatch.Cli.Json;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Cli.Verbs;

/// <summary><c>hosts pin</c>: which key each host may show.</summary>
internal static class HostsPinVerb
{
    private static readonly Argument<string> Set = new("SET") { Description = "A name; with --trust and --none also a set of names ('web[1-20]', '@gpu')." };
    private static readonly Argument<string?> Fingerprint = new("FINGERPRINT")
    {
        Description = "The fingerprint of the only key that it may show, SHA256:…", Arity = ArgumentArity.ZeroOrOne, DefaultValueFactory = _ => null,
    };
    private static readonly Option<bool> Trust = new("--trust") { Description = "Ask the host for its key now, and pin that." };
    private static readonly Option<bool> None = new("--none") { Description = "Take the pin away: your known_hosts decides again." };

    public static Verb Create()
    {
        var verb = new Verb(
            "pin", "Pins hosts to one host key each, or to another one than before.", PinAsync,
            "rdispatch hosts pin gpu1 SHA256:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA", "rdispatch hosts pin 'web[1-20]' --trust")
        {
            Set, Fingerprint, Trust, None,
        };
        verb.Validators.Add(result =>
        {
            var ways = (result.GetValue(Fingerprint) is null ? 0 : 1) + (result.GetValue(Trust) ? 1 : 0) + (result.GetValue(None) ? 1 : 0);
            if (ways != 1)
                result.AddError("One of FINGERPRINT, --trust and --none is needed.");
        });
        return verb;
    }

    /// <summary>The host, pinned to the key that it shows now; the fingerprint is shown, so that it can be compared.</summary>
    internal static async Task<DispatchHost> TrustAsync(Invocation run, DispatchHost host)
    {
        var key = await run.Dispatcher.ReadHostKeyAsync(host, run.Token).ConfigureAwait(false);
        run.Screen.Say($"{host.Name}: pinned to host key {key}");
        return host with { HostKeyFingerprint = key.Fingerprint };
    }

    private static async Task<int> PinAsync(Invocation run)
    {
        var names = run.Inventory.Sets().ExpandEntries(run.Get(Set));
        var given = run.Get(None) || run.Get(Trust) ? null : run.Get(Fingerprint);
        if (given is not null && names.Count > 1)
        {
            throw new DispatchException(
                FailureReason.InvalidInput, $"The set '{run.Get(Set)}' has {names.Count} hosts, and a fingerprint is that of one.",
                "Name one host, or pin each to the key that it shows: --trust.");
        }

        var outcomes = new (JsonObject Json, int Code)[names.Count];
        var options = new ParallelOptions { MaxDegreeOfParallelism = Results.DefaultThrottle };
        await Parallel.ForAsync(0, names.Count, options, async (at, _) => outcomes[at] = await PinOneAsync(run, names[at], given).ConfigureAwait(false)).ConfigureAwait(false);
        if (run.IsJson)
            run.Screen.Document(outcomes is [var only] ? only.Json : new JsonArray([.. outcomes.Select(o => o.Json)]));
        return outcomes.Select(o => o.Code).FirstOrDefault(c => c != ExitCodes.Success);
    }

    /// <summary>Pins one host; one that fails stops no other.</summary>
    private static async Task<(JsonObject Json, int Code)> PinOneAsync(Invocation run, string name, string? fingerprint)
    {
        try
        {
            if (run.Get(Trust))
                fingerprint = (await TrustAsync(run, run.Inventory.Find(name) ?? throw HostInventory.NotFound(name)).ConfigureAwait(false)).HostKeyFingerprint;
            var pinned = await run.Inventory.ChangeAsync(name, host => host with { HostKeyFingerprint = fingerprint }, run.Token).ConfigureAwait(false);
            if (!run.IsJson)
                HostsVerb.Show(run, pinned, fingerprint is null ? "unpinned" : $"pinned {fingerprint}");
            return (HostDocument.Of(pinned), ExitCodes.Success);
        }
        catch (DispatchException e)
        {
            var failure = Failure.Of(e.About(name, null));
            run.Screen.Fail(failure);
            return (failure.ToJson(), failure.ExitCode);
        }
    }
}
