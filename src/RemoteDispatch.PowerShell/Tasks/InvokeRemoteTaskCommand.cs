using System.Management.Automation;
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
    private readonly List<(TaskRequest Request, List<DispatchHost> Hosts)> _jobs = [];
    private TaskRequest? _request;
    private int _hosts;
    private bool _hasInput;

    /// <inheritdoc/>
    protected override int Throttle => ThrottleLimit;

    /// <inheritdoc/>
    protected override string? Activity => Wait ? "Waiting for tasks" : "Sending tasks";

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        try
        {
            CheckAgentSet();
            _request = new TaskRequest
            {
                Command = IsFile ? ReadText(FilePath, "script") : IsAgent ? Prompt ?? (PromptFile is null ? "" : ReadText(PromptFile, "prompt")) : Command,
                Agent = ReadAgent(),
                Attachments = [.. Attachment.Select(ReadAttachment)],
                Title = IsFile ? Path.GetFileName(FilePath) : null,
                Arguments = ArgumentList,
                Id = Id is null ? null : TaskId.Parse(Id),
                WorkingDirectory = WorkingDirectory,
                Repository = ReadRepository(),
                Environment = VariableBinding.Read(Environment),
                Credentials = CredentialBinding.Fetch(this, CredentialName, Credential, ForwardDefaultCredential, ScopedToken.Length > 0 ? [ScopedTokenRequest.Variable] : []),
                ScopedToken = ReadToken(),
                LoginShell = LoginShell,
                Runner = Runner,
                Sandbox = ReadSandbox(),
                AgentForwarding = RequireAgent || KeepAgent ? AgentForwarding.Required : ForwardAgent ? AgentForwarding.Forward : AgentForwarding.None,
                SeparateError = SeparateError,
                ReportToolUse = ReportToolUse,
                TimeLimit = TimeLimit,
                StallLimit = StallLimit,
            };
            RemoteDispatch.Tasks.Dispatcher.CheckAgent(_request, Dispatcher.Options.AgentFolder);
            // Prompts from the pipeline are still to come.
            (IsAgent && !HasPrompt ? _request with { Command = "to come" } : _request).Validate();
        }
        catch (DispatchException e)
        {
            ThrowTerminatingError(Failures.ToErrorRecord(e, Id ?? (IsFile ? FilePath : IsAgent ? Agent : Command)));
        }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (IsAgent && InputObject is { } input)
        {
            _hasInput = true;
            Do(input, () => TakeInput(input));
        }
        else if (!IsAgent || HasPrompt)
            Dispatch(_request!);
    }

    private void Dispatch(TaskRequest request)
    {
        if (Capability.Length > 0)
        {
            Do(Capability, () =>
            {
                // Many prompts may come before the first one is sent: each is known by its id until the ledger has it.
                if (First == 0 && !IsWhatIf)
                    request = request with { Id = request.Id ?? TaskId.New(Dispatcher.Options.Time) };
                foreach (var host in FindCapable(request))
                    Send(request, host, isAgreed: First > 0);
            });
            return;
        }

        if (MyInvocation.BoundParameters.ContainsKey(nameof(HostName)))
            DoEach(HostName, host => Send(request, host, isAgreed: false));
        else
            Do(request.Summary, () => Send(request, TaskTarget.Of(request) is { } target ? Dispatcher.FindTarget(target) : Session.Inventory.Resolve(DispatchHost.LocalName), isAgreed: false));
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        base.EndProcessing();
        if (IsAgent && !HasPrompt && !_hasInput)
            ThrowTerminatingError(Failures.ToErrorRecord(new DispatchException(FailureReason.InvalidInput, "There is no prompt.", "Give it with -Prompt or -PromptFile, or pass it in the pipeline."), Agent));
        foreach (var (request, hosts) in _jobs)
        {
            var job = new DispatchJob(Dispatcher, request, hosts, ThrottleLimit, request.Summary) { Collects = !NoCollect };
            JobRepository.Add(job);
            job.Begin();
            WriteObject(job);
        }
    }

    /// <summary>The hosts that the capabilities mean. Choosing among them asks them, and so is agreed to first: a dry run opens no connection.</summary>
    private IReadOnlyList<DispatchHost> FindCapable(TaskRequest request)
    {
        if (First == 0)
        {
            var host = Dispatcher.ChooseHost(Capability, request.Id);
            WriteVerbose($"Host {host.Name} has {string.Join(", ", Capability)}, and the fewest tasks of this ledger that run or wait.");
            return [host];
        }

        var hosts = Session.Inventory.Having(Capability);
        var names = string.Join(", ", hosts.Select(h => h.Name));
        var plan = $"the {(First == 1 ? "healthy host" : $"{First} healthy hosts")} with the fewest running tasks of {names}: {request.Summary}";
        return ShouldProcess($"Send to {plan}", $"Send to {plan}?", "Invoke-RemoteTask") ? Await(stop => Dispatcher.PickAsync(hosts, First, stop)) : [];
    }

    private void Send(TaskRequest request, DispatchHost host, bool isAgreed)
    {
        var plan = DispatchPlan.Of(host, request, Dispatcher.Options.AgentFolder);
        if (!isAgreed && !ShouldProcess($"Send to host {host.Name}: {plan}", $"Send to host {host.Name}: {plan}?", "Invoke-RemoteTask"))
            return;
        if (plan.SkipsPermissions && !MayRun($"Host {host.Name}: {plan.Request.Agent!.Name} runs with its own permission system switched off ({PermissionMode}): whatever the prompt, or a text that it reads, makes it do is done without a question.", Force))
            return;
        if (!AsJob)
        {
            Interlocked.Increment(ref _hosts);
            Start(host.Name, () => DispatchAsync(request, host));
        }
        else if (_jobs.Find(j => ReferenceEquals(j.Request, request)) is { Hosts: { } hosts })
            hosts.Add(host);
        else
            _jobs.Add((request, [host]));
    }

    private async Task DispatchAsync(TaskRequest request, DispatchHost host)
    {
        var task = await Dispatcher.DispatchAsync(host, request, new DispatchOptions { IsAwaited = Wait || KeepAgent }, StopToken).ConfigureAwait(false);
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

        return NoCollect ? task : await Dispatcher.CollectEndedLogAsync(task, StopToken).ConfigureAwait(false);
    }

    private void Show(LogLines batch)
    {
        // With one host there is nothing to tell apart; from the second on each line says whose it is.
        var prefix = Volatile.Read(ref _hosts) > 1 ? $"{batch.Task.HostName}: " : "";
        string[] tags = batch.Stream == LogStreams.Error ? ["PSHOST", "RemoteTaskLog", "RemoteTaskError"] : ["PSHOST", "RemoteTaskLog"];
        foreach (var line in batch.Lines)
            WriteInformation(new HostInformationMessage { Message = prefix + line }, tags);
    }

    private bool IsFile => ParameterSetName is FileSet or FileJobSet or FileAnySet or FileAnyJobSet;

    /// <summary>What parameter sets say of commands: the one for prompts has to take prompts of a pipeline for all of these.</summary>
    private void CheckAgentSet()
    {
        if (!IsAgent)
            return;
        if (Wait && AsJob)
            throw new DispatchException(FailureReason.InvalidInput, "-Wait and -AsJob are one too many.", "A job waits in the background: leave -Wait out.");
        if (Capability.Length > 0 && MyInvocation.BoundParameters.ContainsKey(nameof(HostName)))
            throw new DispatchException(FailureReason.InvalidInput, "-HostName and -Capability are one too many.", "Leave one of them out.");
        if (First > 0 && Capability.Length == 0)
            throw new DispatchException(FailureReason.InvalidInput, "-First chooses among the hosts that have a -Capability.", "Name a capability, or leave -First out.");
        if (Agent.Length == 0)
            throw new DispatchException(FailureReason.InvalidInput, "There is no agent for the prompt.", "Name one: -Agent claude, or -Agent auto for the first that the host has.");
    }

    private TaskAttachment ReadAttachment(string path)
    {
        var full = GetUnresolvedProviderPathFromPSPath(path);
        return Await(stop => TaskAttachment.ReadAsync(full, stop));
    }

    private string ReadText(string file, string what) => TextFile.Read(GetUnresolvedProviderPathFromPSPath(file), what);
}
