using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Text;
using RemoteDispatch.Credentials;
using RemoteDispatch.Hosts;
using RemoteDispatch.PowerShell.Logs;
using RemoteDispatch.PowerShell.Binding;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.PowerShell.Tasks;

/// <summary>
/// Sends a task to hosts. It returns as soon as the task is proved to run; with -Wait, when it has ended. Its parameters have a file of their own.
/// </summary>
[Cmdlet(VerbsLifecycle.Invoke, "RemoteTask", SupportsShouldProcess = true, DefaultParameterSetName = CommandSet)]
[OutputType(typeof(RemoteTask), typeof(Job))]
public sealed partial class InvokeRemoteTaskCommand : DispatchCmdlet
{
    private readonly List<DispatchHost> _jobHosts = [];
    private TaskRequest? _request;
    private int _hosts;

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
                Credentials = CredentialBinding.Fetch(this, CredentialName, Credential, ForwardDefaultCredential, ScopedToken.Length > 0 ? [ScopedTokenRequest.Variable] : []),
                ScopedToken = ReadToken(),
                LoginShell = LoginShell,
                Runner = Runner,
                Sandbox = ReadSandbox(),
                AgentForwarding = RequireAgent || KeepAgent ? AgentForwarding.Required : ForwardAgent ? AgentForwarding.Forward : AgentForwarding.None,
                ReportToolUse = ReportToolUse,
                TimeLimit = TimeLimit,
                StallLimit = StallLimit,
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
        {
            Interlocked.Increment(ref _hosts);
            Start(host.Name, () => DispatchAsync(host));
        }
    }

    private async Task DispatchAsync(DispatchHost host)
    {
        var task = await Dispatcher.DispatchAsync(host, _request!, StopToken).ConfigureAwait(false);
        if (task.Sandbox is { Kind: SandboxKind.Environment })
            await SayAsync(() => WriteWarning($"Host '{task.HostName}': {TaskSandbox.NoBoundary}")).ConfigureAwait(false);
        if (Wait)
            task = await FollowAsync(task).ConfigureAwait(false);
        else if (KeepAgent)
            await SayAsync(() => KeepAgentOf(task)).ConfigureAwait(false);
        await SayAsync(() => WriteObject(task)).ConfigureAwait(false);
    }

    private void KeepAgentOf(RemoteTask task)
    {
        var job = new AgentJob(Dispatcher, task);
        JobRepository.Add(job);
        job.Begin();
        WriteVerbose($"The job {job.Name} keeps the SSH agent connected to the task {task.Id} until that ends.");
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
        // With one host there is nothing to tell apart; from the second on each line says whose it is.
        var prefix = Volatile.Read(ref _hosts) > 1 ? $"{batch.Task.HostName}: " : "";
        foreach (var line in batch.Lines)
            WriteInformation(new HostInformationMessage { Message = prefix + line }, ["PSHOST", "RemoteTaskLog"]);
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
