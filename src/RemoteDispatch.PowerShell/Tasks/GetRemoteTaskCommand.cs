using System.Management.Automation;
using RemoteDispatch.Hosts;
using RemoteDispatch.PowerShell.Binding;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.PowerShell.Tasks;

/// <summary>
/// Gets tasks: those that were sent from here, or with -HostName those that a host itself knows. Tasks that may have changed are
/// looked at, one round trip per host; where a host cannot be asked, the last known state stays, beside one error.
/// </summary>
[Cmdlet(VerbsCommon.Get, "RemoteTask")]
[OutputType(typeof(RemoteTask))]
public sealed class GetRemoteTaskCommand : DispatchCmdlet
{
    private readonly List<TaskIdentity> _ids = [];
    private readonly List<HostIdentity> _hosts = [];

    /// <summary>Ids, with wildcards; all without it.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("TaskId")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(TaskIdCompleter))]
    [ValidateNotNullOrEmpty]
    public TaskIdentity[] Id { get; set; } = [];

    /// <summary>Ask these hosts what they know, whoever sent it.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("Name", "ComputerName", "Cn")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(HostNameCompleter))]
    public HostIdentity[] HostName { get; set; } = [];

    /// <summary>Only tasks in one of these states.</summary>
    [Parameter]
    public TaskState[] State { get; set; } = [];

    /// <summary>What is known here; ask nobody.</summary>
    [Parameter]
    public SwitchParameter Cached { get; set; }

    /// <inheritdoc/>
    protected override string? Activity => "Looking at tasks";

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        _ids.AddRange(Id);
        _hosts.AddRange(HostName);
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        var hosts = new List<DispatchHost>();
        DoEach(_hosts, hosts.Add);
        if (_hosts.Count > 0 && !Cached)
            hosts.ForEach(host => Start(host.Name, () => ListAsync(host)));
        else
            Start("ledger", () => LookAsync(_hosts.Count > 0 ? hosts.Select(h => h.Name).ToHashSet() : null));

        SayUntilDone();
    }

    private async Task ListAsync(DispatchHost host)
    {
        IReadOnlyList<RemoteTask> tasks;
        try
        {
            tasks = await Dispatcher.ListAsync(host, StopToken).ConfigureAwait(false);
        }
        catch (DispatchException e)
        {
            await SayAsync(() => WriteError(Failures.ToErrorRecord(e, host.Name))).ConfigureAwait(false);
            tasks = [.. Dispatcher.Options.Ledger.List().Where(t => t.HostName == host.Name)];
        }

        var meant = tasks.Where(IsMeant).ToArray();
        foreach (var id in Missing(meant))
            await SayAsync(() => WriteError(Failures.ToErrorRecord(Dispatcher.NotOnHost(host.Name, id), id))).ConfigureAwait(false);
        await EmitAsync(meant).ConfigureAwait(false);
    }

    private async Task LookAsync(HashSet<string>? hosts)
    {
        var damaged = new List<DispatchException>();
        var known = Dispatcher.Options.Ledger.List(damaged.Add).Where(t => IsMeant(t) && hosts?.Contains(t.HostName) is not false).ToArray();
        foreach (var failure in damaged)
            await SayAsync(() => WriteError(Failures.ToErrorRecord(failure, null))).ConfigureAwait(false);
        foreach (var id in Missing(known))
            await SayAsync(() => WriteError(Failures.ToErrorRecord(Dispatcher.NotSentFromHere(id), id))).ConfigureAwait(false);

        var open = Cached ? [] : known.Where(t => !t.State.IsFinal()).ToArray();
        var looks = await Dispatcher.LookAsync(open, StopToken).ConfigureAwait(false);
        foreach (var failure in looks.Where(l => l.Failure is not null).DistinctBy(l => l.Task.HostName))
            await SayAsync(() => WriteError(Failures.ToErrorRecord(failure.Failure!, failure.Task.HostName))).ConfigureAwait(false);
        var news = looks.ToDictionary(l => (l.Task.Id, l.Task.HostName), l => l.Task);
        await EmitAsync(known.Select(t => news.GetValueOrDefault((t.Id, t.HostName), t))).ConfigureAwait(false);
    }

    private ValueTask EmitAsync(IEnumerable<RemoteTask> tasks)
    {
        var wanted = tasks.Where(t => State.Length == 0 || State.Contains(t.State)).OrderBy(t => t.Dispatched ?? t.Started).ToArray();
        return SayAsync(() => WriteObject(wanted, enumerateCollection: true));
    }

    private bool IsMeant(RemoteTask task) =>
        _ids.Count == 0 || _ids.Any(id => id.IsMeant(task));

    /// <summary>Ids that were given in full, and that none of the tasks has.</summary>
    private IEnumerable<string> Missing(IReadOnlyList<RemoteTask> tasks) =>
        _ids.Select(id => id.Id).Where(id => !WildcardPattern.ContainsWildcardCharacters(id) && !tasks.Any(t => t.Id == id));
}
