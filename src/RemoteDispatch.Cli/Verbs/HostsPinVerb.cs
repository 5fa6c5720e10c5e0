using System.CommandLine;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Cli.Verbs;

/// <summary><c>hosts pin</c>: which key a host may show.</summary>
internal static class HostsPinVerb
{
    private static readonly Argument<string> Name = new("NAME") { Description = "The host's name." };
    private static readonly Argument<string?> Fingerprint = new("FINGERPRINT")
    {
        Description = "The fingerprint of the only key that it may show, SHA256:…", Arity = ArgumentArity.ZeroOrOne, DefaultValueFactory = _ => null,
    };
    private static readonly Option<bool> Trust = new("--trust") { Description = "Ask the host for its key now, and pin that." };
    private static readonly Option<bool> None = new("--none") { Description = "Take the pin away: your known_hosts decides again." };

    public static Verb Create()
    {
        var verb = new Verb(
            "pin", "Pins a host to one host key, or to another one than before.", PinAsync,
            "rdispatch hosts pin gpu1 SHA256:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA", "rdispatch hosts pin gpu1 --trust")
        {
            Name, Fingerprint, Trust, None,
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
        var name = run.Get(Name);
        var fingerprint = run.Get(None) || run.Get(Trust) ? null : run.Get(Fingerprint);
        if (run.Get(Trust))
            fingerprint = (await TrustAsync(run, run.Inventory.Find(name) ?? throw HostInventory.NotFound(name)).ConfigureAwait(false)).HostKeyFingerprint;
        var pinned = await run.Inventory.ChangeAsync(name, host => host with { HostKeyFingerprint = fingerprint }, run.Token).ConfigureAwait(false);
        HostsVerb.Show(run, pinned, fingerprint is null ? "unpinned" : $"pinned {fingerprint}");
        return ExitCodes.Success;
    }
}
