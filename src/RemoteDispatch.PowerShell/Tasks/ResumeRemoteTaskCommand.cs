using System.Collections;
using System.Management.Automation;
using RemoteDispatch.Agents;
using RemoteDispatch.PowerShell.Binding;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.PowerShell.Tasks;

/// <summary>Goes on in the session of an agent's task, in the place where that worked: a new task with another prompt, linked to the first.</summary>
[Cmdlet(VerbsLifecycle.Resume, "RemoteTask", SupportsShouldProcess = true, DefaultParameterSetName = PromptSet)]
[OutputType(typeof(RemoteTask))]
public sealed class ResumeRemoteTaskCommand : TaskCommand
{
    private const string PromptSet = "Prompt";
    private const string FileSet = "File";

    private TaskRequest? _request;
    private IReadOnlyList<AgentProfile> _profiles = [];

    /// <summary>The prompt. It reaches the agent over its stdin, byte for byte.</summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = PromptSet)]
    [ValidateNotNullOrEmpty]
    public string Prompt { get; set; } = "";

    /// <summary>A file of this machine with the prompt, in UTF-8.</summary>
    [Parameter(Mandatory = true, ParameterSetName = FileSet)]
    [ValidateNotNullOrEmpty]
    public string PromptFile { get; set; } = "";

    /// <summary>The id of the new task. The same id with the same request is the same task, and never runs twice.</summary>
    [Parameter]
    public string? NewId { get; set; }

    /// <summary>Another model than before, in the agent's own words.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Model { get; set; }

    /// <summary>Another limit of turns than before.</summary>
    [Parameter]
    [ValidateRange(1, 100000)]
    public int? MaxTurns { get; set; }

    /// <summary>Another permission mode than before, in the agent's own word.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PermissionModeCompleter))]
    public string? PermissionMode { get; set; }

    /// <summary>Tools that the agent may use without being asked, in its own words; not taken from before.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] AllowedTool { get; set; } = [];

    /// <summary>Tools that the agent may not use, in its own words; not taken from before.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] DeniedTool { get; set; } = [];

    /// <summary>Variables for the task. They are recorded in the workspace: no place for secrets.</summary>
    [Parameter]
    public IDictionary? Environment { get; set; }

    /// <summary>Variables of this environment that the task gets as secrets; those of the first task were kept nowhere.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(CredentialNameCompleter))]
    public string[] CredentialName { get; set; } = [];

    /// <summary>Secrets for the task: @{ NAME = value }, each a SecureString, a PSCredential or 'vault:name' of SecretManagement.</summary>
    [Parameter]
    [ValidateNotNull]
    public IDictionary? Credential { get; set; }

    /// <summary>Give the task those of the usual API keys that this environment has.</summary>
    [Parameter]
    public SwitchParameter ForwardDefaultCredential { get; set; }

    /// <summary>Forward the SSH agent of this session to the task.</summary>
    [Parameter]
    public SwitchParameter ForwardAgent { get; set; }

    /// <summary>How long it may run (90s, 10m, 2h); the host itself ends it then.</summary>
    [Parameter]
    [Duration]
    public TimeSpan? TimeLimit { get; set; }

    /// <summary>Do not ask before an agent runs with its own permission system switched off.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Wait for the end, and collect the log.</summary>
    [Parameter]
    public SwitchParameter Wait { get; set; }

    /// <inheritdoc/>
    protected override string? Activity => Wait ? "Waiting for tasks" : "Sending tasks";

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        try
        {
            _request = new TaskRequest
            {
                Command = ParameterSetName == FileSet ? TextFile.Read(GetUnresolvedProviderPathFromPSPath(PromptFile), "prompt") : Prompt,
                Id = NewId is null ? null : TaskId.Parse(NewId),
                Agent = new AgentRequest
                {
                    Name = AgentRequest.Auto,
                    Call = new AgentCall { Model = Model, MaxTurns = MaxTurns, PermissionMode = PermissionMode, AllowedTools = AllowedTool, DeniedTools = DeniedTool },
                },
                Environment = VariableBinding.Read(Environment),
                Credentials = CredentialBinding.Fetch(this, CredentialName, Credential, ForwardDefaultCredential, []),
                AgentForwarding = ForwardAgent ? AgentForwarding.Forward : AgentForwarding.None,
                TimeLimit = TimeLimit,
            };
            _request.Validate();
            _profiles = Dispatcher.Agents;
        }
        catch (DispatchException e)
        {
            ThrowTerminatingError(Failures.ToErrorRecord(e, NewId ?? PromptFile));
        }
    }

    private protected override bool MayProcess(TaskIdentity id, string target) => ShouldProcess(target, $"Go on with the prompt '{_request!.Summary}'{PermissionsOf(id)}");

    /// <summary>What a dry run says of the permissions: those that were asked for, else those of the first task, as far as this machine remembers it.</summary>
    private string PermissionsOf(TaskIdentity id)
    {
        var modes = id.Remembered(Dispatcher).Select(t => t.Agent).OfType<TaskAgent>().Select(a => (a.Name, Mode: PermissionMode ?? a.PermissionMode))
            .DefaultIfEmpty((Name: AgentRequest.Auto, Mode: PermissionMode)).Where(m => m.Mode is not null).ToArray();
        if (modes.Length == 0)
            return "";
        var skips = modes.Any(m => _profiles.Any(p => (m.Name == AgentRequest.Auto || m.Name.Equals(p.Name, StringComparison.OrdinalIgnoreCase)) && p.SkipsPermissions(m.Mode)));
        return $", permission mode {modes[0].Mode}{(skips ? ", WHICH SKIPS ITS PERMISSIONS" : "")}";
    }

    /// <summary>An id with wildcards means the agents' tasks that are like it.</summary>
    private protected override bool IsMeant(RemoteTask task) => task.Agent is not null;

    private protected override async Task WorkAsync(RemoteTask task)
    {
        var (host, request) = await Dispatcher.ResumeAsync(task, _request!, StopToken).ConfigureAwait(false);
        if (RemoteDispatch.Tasks.Dispatcher.SkipsPermissions(request, Dispatcher.Options.AgentFolder)
            && !await AskAsync(() => MayRun($"Host {host.Name}: {request.Agent!.Name} runs with its own permission system switched off ({request.Agent.Call.PermissionMode}).", Force)).ConfigureAwait(false))
            return;
        var resumed = await Dispatcher.DispatchAsync(host, request, new DispatchOptions { IsAwaited = Wait }, StopToken).ConfigureAwait(false);
        if (Wait)
            resumed = await Dispatcher.CollectEndedLogAsync(await Dispatcher.WaitAsync(resumed, null, StopToken).ConfigureAwait(false), StopToken).ConfigureAwait(false);
        await SayAsync(() => WriteObject(resumed)).ConfigureAwait(false);
    }
}
