using System.Globalization;
using RemoteDispatch.Hosts;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Health;

/// <summary>Connects once, asks everything in one round trip, and makes checks of the answers.</summary>
internal sealed class HostProbe(WorkspaceClient workspaces)
{
    private const long LeastFreeKib = 100 << 10;

    private static readonly string[] AskedOnceConnected = ["workspace", "detach", "disk"];
    private static readonly string[] Tools = ["docker", "podman", "tmux", "git"];

    public async Task<HostHealth> CheckAsync(DispatchHost host, CancellationToken cancellationToken)
    {
        var time = workspaces.Options.Time;
        var start = time.GetTimestamp();
        try
        {
            var place = await workspaces.SettleAsync(host, cancellationToken).ConfigureAwait(false);
            var facts = await workspaces.FactsAsync(place, cancellationToken).ConfigureAwait(false);
            var duration = time.GetElapsedTime(start);
            return new HostHealth
            {
                Host = place,
                Preflight = workspaces.PreflightOf(place),
                Checks = Checks(place, facts, duration).ToArray(),
                System = Text.OneLine(facts.GetValueOrDefault("system", ""), 200),
                Duration = duration,
            };
        }
        catch (DispatchException e)
        {
            var duration = time.GetElapsedTime(start);
            return new HostHealth
            {
                Host = host,
                Preflight = e.Preflight,
                Failure = e.About(host.Name, null),
                Duration = duration,
                Checks = AskedOnceConnected.Select(n => new HostCheck(n, CheckStatus.Skip, false, TimeSpan.Zero, "not connected"))
                    .Prepend(new HostCheck("connect", CheckStatus.Fail, true, duration, e.Message, e.Remedy)).ToArray(),
            };
        }
    }

    private static IEnumerable<HostCheck> Checks(DispatchHost place, IReadOnlyDictionary<string, string> facts, TimeSpan duration)
    {
        string? Fact(string name) => facts.TryGetValue(name, out var value) ? Text.OneLine(value, 200) : null;

        var where = place.Container.Name is { } container ? $" in container {container}" : "";
        yield return new HostCheck("connect", CheckStatus.Pass, true, duration, $"as {Fact("user")} on {Fact("system")}{where}");

        yield return Fact("workspace-refused") is { } refused
            ? new HostCheck("workspace", CheckStatus.Fail, true, duration, refused, "Mend that on the host, or name another workspace root.")
            : new HostCheck("workspace", CheckStatus.Pass, true, duration, Fact("root") ?? "");

        yield return facts.GetValueOrDefault("unfit", "").Split('\t') is [var why, var remedy]
            ? new HostCheck("detach", CheckStatus.Fail, true, duration, Text.OneLine(why, 300), Text.OneLine(remedy, 300))
            : Fact("detach") is { } way
            ? new HostCheck("detach", CheckStatus.Pass, true, duration, $"by setsid ({way}){(Fact("scope") == "yes" ? ", in a scope of the user's own systemd manager" : "")}")
            : new HostCheck("detach", CheckStatus.Fail, true, duration, "neither setsid nor perl is there", "Install util-linux or busybox: a task could not outlive its connection.");

        if (long.TryParse(Fact("free-kib"), NumberStyles.None, CultureInfo.InvariantCulture, out var free))
        {
            var detail = string.Create(CultureInfo.InvariantCulture, $"{free / 1024.0 / 1024:0.0} GiB free");
            yield return free >= LeastFreeKib
                ? new HostCheck("disk", CheckStatus.Pass, true, duration, detail)
                : new HostCheck("disk", CheckStatus.Fail, true, duration, detail, "Free some space: remove old workspaces with Remove-RemoteTaskWorkspace.");
        }

        foreach (var tool in Tools)
        {
            yield return Fact("tool-" + tool) is { } path
                ? new HostCheck(tool, CheckStatus.Pass, false, duration, path)
                : new HostCheck(tool, CheckStatus.Skip, false, duration, "not there");
        }
    }
}
