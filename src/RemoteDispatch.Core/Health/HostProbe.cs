using RemoteDispatch.Agents;
using RemoteDispatch.Hosts;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Health;

/// <summary>Connects once, asks everything in one round trip, and makes checks of the answers.</summary>
/// <param name="workspaces">The way to the hosts.</param>
/// <param name="agents">The agents that are looked for.</param>
internal sealed class HostProbe(WorkspaceClient workspaces, IReadOnlyList<AgentProfile> agents)
{
    private readonly IReadOnlyList<KnownCheck> _catalog = CheckCatalog.With(agents);

    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: there is no check of a name.</exception>
    public async Task<HostHealth> CheckAsync(DispatchHost host, HostCheckOptions options, CancellationToken cancellationToken)
    {
        var selected = options.Select(_catalog);
        var time = workspaces.Options.Time;
        var start = time.GetTimestamp();
        try
        {
            var place = await workspaces.SettleAsync(host, cancellationToken).ConfigureAwait(false);
            var sent = time.GetUtcNow();
            var lines = await workspaces.FactsAsync(place, root => FactsRequest.Of(root, selected.Select(s => s.Check), agents, options.AnswerTimeout), cancellationToken).ConfigureAwait(false);
            var facts = new HostFacts(lines, host, place, sent, time.GetUtcNow()) { Patience = options.AnswerTimeout };
            return Health(facts, selected, time.GetElapsedTime(start));
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
                Checks = selected.Skip(1).Select(s => new HostCheck(s.Check.Name, CheckStatus.Skip, false, TimeSpan.Zero, "not connected"))
                    .Prepend(new HostCheck(CheckCatalog.Connect, CheckStatus.Fail, true, duration, e.Message, e.Remedy)).ToArray(),
            };
        }
    }

    private HostHealth Health(HostFacts facts, IReadOnlyList<(KnownCheck Check, bool IsRequired)> selected, TimeSpan duration)
    {
        bool IsAsked(string name) => selected.Any(s => s.Check.Name == name);
        var clock = IsAsked("clock") ? HostClock.Compare(facts) : null;
        return new HostHealth
        {
            Host = facts.Place,
            Preflight = workspaces.PreflightOf(facts.Place),
            Checks = selected.Select(s => Check(s.Check, s.IsRequired)).ToArray(),
            System = facts["host.system"],
            Release = facts["host.release"],
            User = facts["host.user"],
            LoginShell = facts["host.shell"],
            FreeBytes = PlaceReadings.FreeBytes(facts),
            FreeInodes = PlaceReadings.FreeInodes(facts),
            MemoryTotalBytes = MachineReadings.MemoryTotalBytes(facts),
            MemoryAvailableBytes = MachineReadings.MemoryAvailableBytes(facts),
            LoadAverage = MachineReadings.LoadAverage(facts),
            Processors = MachineReadings.Processors(facts),
            ClockOffset = clock?.Offset,
            ClockUncertainty = clock?.Uncertainty,
            Gpus = MachineReadings.Gpus(facts),
            Agents = agents.Select(a => AgentFindings.Read(facts, a)).OfType<HostAgent>().ToArray(),
            ForwardedKeys = ToolFindings.ForwardedKeys(facts),
            KillsAtLogout = IsAsked("survival") ? PlaceReadings.KillsAtLogout(facts) : null,
            TasksRunning = (int?)facts.Count("tasks.running"),
            TasksLeft = (int?)facts.Count("tasks.left"),
            Duration = duration,
        };

        HostCheck Check(KnownCheck check, bool isRequired)
        {
            var finding = check.Judge(facts);
            var remedy = finding.Status == CheckStatus.Fail || (isRequired && finding.Status == CheckStatus.Skip) ? finding.Remedy : null;
            return new HostCheck(check.Name, finding.Status, isRequired, finding.Took ?? duration, finding.Detail, remedy);
        }
    }
}
