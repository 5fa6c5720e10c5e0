using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Text;
using RemoteDispatch.Hosts;
using RemoteDispatch.PowerShell.Logs;
using RemoteDispatch.PowerShell.Binding;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.PowerShell.Tasks;

/// <summary>
/// Sends a task to hosts. It returns as soon as the task is proved to run; with -Wait, when it has ended.
/// </summary>
[Cmdlet(VerbsLifecycle.Invoke, "RemoteTask", SupportsShouldProcess = true, DefaultParameterSetName = CommandSet)]
[OutputType(typeof(RemoteTask), typeof(Job))]
public sealed class InvokeRemoteTaskCommand : DispatchCmdlet
{
    private const string CommandSet = "Command";
    private const string FileSet = "File";
    private const string CommandJobSet = "CommandAsJob";
    private const string FileJobSet = "FileAsJob";
    private const string CommandAnySet = "CommandByCapability";
    private const string CommandAnyJobSet = "CommandByCapabilityAsJob";
    private const string FileAnySet = "FileByCapability";
    private const string FileAnyJobSet = "FileByCapabilityAsJob";

    private readonly List<DispatchHost> _jobHosts = [];
    private TaskRequest? _request;

    /// <summary>The command; it arrives byte for byte.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = CommandSet)]
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = CommandJobSet)]
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = CommandAnySet)]
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = CommandAnyJobSet)]
    [ValidateNotNullOrEmpty]
    public string Command { get; set; } = "";

    /// <summary>A script of this machine. It is sent as it is, and run by what its first line names after #!, else by sh.</summary>
    [Parameter(Mandatory = true, ParameterSetName = FileSet)]
    [Parameter(Mandatory = true, ParameterSetName = FileJobSet)]
    [Parameter(Mandatory = true, ParameterSetName = FileAnySet)]
    [Parameter(Mandatory = true, ParameterSetName = FileAnyJobSet)]
    [Alias("ScriptPath")]
    [ValidateNotNullOrEmpty]
    public string FilePath { get; set; } = "";

    /// <summary>What the script gets as $1, $2, …</summary>
    [Parameter(ParameterSetName = FileSet)]
    [Parameter(ParameterSetName = FileJobSet)]
    [Parameter(ParameterSetName = FileAnySet)]
    [Parameter(ParameterSetName = FileAnyJobSet)]
    [Alias("Args")]
    public string[] ArgumentList { get; set; } = [];

    /// <summary>Names, addresses, sets of them, or hosts; without it, this machine.</summary>
    [Parameter(Position = 1, ParameterSetName = CommandSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Parameter(Position = 1, ParameterSetName = CommandJobSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Parameter(Position = 0, ParameterSetName = FileSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Parameter(Position = 0, ParameterSetName = FileJobSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("ComputerName", "Cn")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(HostNameCompleter))]
    public HostIdentity[] HostName { get; set; } = [new(DispatchHost.LocalName)];

    /// <summary>Instead of names: the hosts of the inventory that have all of these capabilities.</summary>
    [Parameter(Mandatory = true, ParameterSetName = CommandAnySet)]
    [Parameter(Mandatory = true, ParameterSetName = CommandAnyJobSet)]
    [Parameter(Mandatory = true, ParameterSetName = FileAnySet)]
    [Parameter(Mandatory = true, ParameterSetName = FileAnyJobSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(CapabilityCompleter))]
    public string[] Capability { get; set; } = [];

    /// <summary>Of these hosts, only so many: the healthy ones with the fewest running tasks.</summary>
    [Parameter(ParameterSetName = CommandAnySet)]
    [Parameter(ParameterSetName = CommandAnyJobSet)]
    [Parameter(ParameterSetName = FileAnySet)]
    [Parameter(ParameterSetName = FileAnyJobSet)]
    [ValidateRange(1, 1000)]
    public int First { get; set; }

    /// <summary>The task's id. The same id with the same request is the same task, and never runs twice.</summary>
    [Parameter]
    [Alias("TaskId")]
    public string? Id { get; set; }

    /// <summary>Where it runs: a folder on the host; without it, the home.</summary>
    [Parameter]
    public string? WorkingDirectory { get; set; }

    /// <summary>Variables for the task. They are recorded in the workspace: no place for secrets.</summary>
    [Parameter]
    public IDictionary? Environment { get; set; }

    /// <summary>Run through the user's login shell, for hosts whose PATH is set in a profile.</summary>
    [Parameter]
    public SwitchParameter LoginShell { get; set; }

    /// <summary>What keeps it alive on the host; with Tmux, Enter-RemoteTask can attach to it.</summary>
    [Parameter]
    public TaskRunner Runner { get; set; }

    /// <summary>How long it may run (90s, 10m, 2h); the host itself ends it then.</summary>
    [Parameter]
    [Duration]
    public TimeSpan? TimeLimit { get; set; }

    /// <summary>Wait for the end, show the log meanwhile, and collect it.</summary>
    [Parameter(ParameterSetName = CommandSet)]
    [Parameter(ParameterSetName = FileSet)]
    [Parameter(ParameterSetName = CommandAnySet)]
    [Parameter(ParameterSetName = FileAnySet)]
    public SwitchParameter Wait { get; set; }

    /// <summary>Return a job that waits for the tasks: Receive-Job gives them as they end, Stop-Job stops them.</summary>
    [Parameter(Mandatory = true, ParameterSetName = CommandJobSet)]
    [Parameter(Mandatory = true, ParameterSetName = FileJobSet)]
    [Parameter(Mandatory = true, ParameterSetName = CommandAnyJobSet)]
    [Parameter(Mandatory = true, ParameterSetName = FileAnyJobSet)]
    public SwitchParameter AsJob { get; set; }

    /// <summary>How many hosts are worked on at once.</summary>
    [Parameter]
    [ValidateRange(1, 1000)]
    public int ThrottleLimit { get; set; } = 32;

    /// <inheritdoc/>
    protected override int Throttle => ThrottleLimit;

    /// <inheritdoc/>
    protected override string? Activity => Wait ? "Waiting for tasks" : "Sending tasks";

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        try
        {
            _request = new TaskRequest
            {
                Command = IsFile ? ReadScript() : Command,
                Title = IsFile ? Path.GetFileName(FilePath) : null,
                Arguments = ArgumentList,
                Id = Id is null ? null : TaskId.Parse(Id),
                WorkingDirectory = WorkingDirectory,
                Environment = ReadEnvironment(),
                LoginShell = LoginShell,
                Runner = Runner,
                TimeLimit = TimeLimit,
            };
            _request.Validate();
        }
        catch (DispatchException e)
        {
            ThrowTerminatingError(Failures.ToErrorRecord(e, Id ?? (IsFile ? FilePath : Command)));
        }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (Capability.Length > 0)
        {
            Do(Capability, () =>
            {
                foreach (var host in FindCapable())
                    Send(host, isAgreed: First > 0);
            });
            return;
        }

        DoEach(HostName, host => Send(host, isAgreed: false));
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        base.EndProcessing();
        if (!AsJob || _jobHosts.Count == 0)
            return;
        var job = new DispatchJob(Dispatcher, _request!, _jobHosts, ThrottleLimit, _request!.Summary);
        JobRepository.Add(job);
        job.Begin();
        WriteObject(job);
    }

    /// <summary>The hosts that the capabilities mean. Choosing among them asks them, and so is agreed to first: a dry run opens no connection.</summary>
    private IReadOnlyList<DispatchHost> FindCapable()
    {
        var hosts = Session.Inventory.Having(Capability);
        if (First == 0)
            return hosts;
        var names = string.Join(", ", hosts.Select(h => h.Name));
        var plan = $"the {(First == 1 ? "healthy host" : $"{First} healthy hosts")} with the fewest running tasks of {names}: {_request!.Summary}";
        return ShouldProcess($"Send to {plan}", $"Send to {plan}?", "Invoke-RemoteTask") ? Await(stop => Dispatcher.PickAsync(hosts, First, stop)) : [];
    }

    private void Send(DispatchHost host, bool isAgreed)
    {
        var plan = DispatchPlan.Of(host, _request!);
        if (!isAgreed && !ShouldProcess($"Send to host {host.Name}: {plan}", $"Send to host {host.Name}: {plan}?", "Invoke-RemoteTask"))
            return;
        if (AsJob)
            _jobHosts.Add(host);
        else
            Start(host.Name, () => DispatchAsync(host));
    }

    private async Task DispatchAsync(DispatchHost host)
    {
        var task = await Dispatcher.DispatchAsync(host, _request!, StopToken).ConfigureAwait(false);
        if (Wait)
            task = await FollowAsync(task).ConfigureAwait(false);
        await SayAsync(() => WriteObject(task)).ConfigureAwait(false);
    }

    /// <summary>Shows the log as people would see it at the host, beside the output: that is the tasks alone.</summary>
    private async Task<RemoteTask> FollowAsync(RemoteTask task)
    {
        await foreach (var batch in LogLines.ReadAsync(Dispatcher, task, new LogQuery { Follow = true }, StopToken).ConfigureAwait(false))
        {
            task = batch.Task;
            if (batch.Lines.Count > 0)
                await SayAsync(() => Show(batch)).ConfigureAwait(false);
        }

        return await Dispatcher.CollectLogAsync(task, cancellationToken: StopToken).ConfigureAwait(false);
    }

    private void Show(LogLines batch)
    {
        foreach (var line in batch.Lines)
            WriteInformation(new HostInformationMessage { Message = $"{batch.Task.HostName}: {line}" }, ["PSHOST", "RemoteTaskLog"]);
    }

    private bool IsFile => ParameterSetName is FileSet or FileJobSet or FileAnySet or FileAnyJobSet;

    private string ReadScript()
    {
        var path = GetUnresolvedProviderPathFromPSPath(FilePath);
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new DispatchException(FailureReason.LocalFile, $"The script '{path}' cannot be sent: {e.Message}", "Name a script of this machine, in UTF-8.", e);
        }
    }

    private SortedDictionary<string, string> ReadEnvironment()
    {
        var variables = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry entry in Environment ?? new Hashtable())
            variables[Convert.ToString(entry.Key, CultureInfo.InvariantCulture)!] = Convert.ToString(entry.Value, CultureInfo.InvariantCulture) ?? "";
        return variables;
    }
}
