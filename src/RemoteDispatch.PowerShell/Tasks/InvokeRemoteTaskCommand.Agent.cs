using System.Management.Automation;
using RemoteDispatch.Agents;
using RemoteDispatch.PowerShell.Binding;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.PowerShell.Tasks;

public sealed partial class InvokeRemoteTaskCommand
{
    private const string AgentSet = "Agent";

    /// <summary>The AI agent that gets the prompt: claude, opencode, codex, gemini, one of your own profiles, or auto for the first that the host has.</summary>
    // Not mandatory: what fits no other set (-AsJob with -Wait) would be asked for an agent.
    [Parameter(ParameterSetName = AgentSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(AgentNameCompleter))]
    public string Agent { get; set; } = "";

    /// <summary>The prompt. It reaches the agent over its stdin, byte for byte.</summary>
    [Parameter(ParameterSetName = AgentSet)]
    [ValidateNotNullOrEmpty]
    public string? Prompt { get; set; }

    /// <summary>A file of this machine with the prompt, in UTF-8.</summary>
    [Parameter(ParameterSetName = AgentSet)]
    [ValidateNotNullOrEmpty]
    public string? PromptFile { get; set; }

    /// <summary>From the pipeline: prompts, each a task of its own; or hosts, where -Prompt or -PromptFile is given.</summary>
    [Parameter(ParameterSetName = AgentSet, ValueFromPipeline = true)]
    public PSObject? InputObject { get; set; }

    /// <summary>The model, in the agent's own words.</summary>
    [Parameter(ParameterSetName = AgentSet)]
    [ValidateNotNullOrEmpty]
    public string? Model { get; set; }

    /// <summary>After how many turns the agent stops.</summary>
    [Parameter(ParameterSetName = AgentSet)]
    [ValidateRange(1, 100000)]
    public int? MaxTurns { get; set; }

    /// <summary>What the agent may do without being asked, in its own word (acceptEdits, plan, auto, yolo, …).</summary>
    [Parameter(ParameterSetName = AgentSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PermissionModeCompleter))]
    public string? PermissionMode { get; set; }

    /// <summary>Tools that the agent may use without being asked, in its own words.</summary>
    [Parameter(ParameterSetName = AgentSet)]
    [ValidateNotNullOrEmpty]
    public string[] AllowedTool { get; set; } = [];

    /// <summary>Tools that the agent may not use, in its own words.</summary>
    [Parameter(ParameterSetName = AgentSet)]
    [ValidateNotNullOrEmpty]
    public string[] DeniedTool { get; set; } = [];

    /// <summary>The address of a warm server of the agent on the host (opencode serve).</summary>
    [Parameter(ParameterSetName = AgentSet)]
    [ValidateNotNullOrEmpty]
    public string? AgentServer { get; set; }

    /// <summary>Leave the prompt alone: no text around it that says who the agent works as and how it reports.</summary>
    [Parameter(ParameterSetName = AgentSet)]
    public SwitchParameter NoFrame { get; set; }

    /// <summary>A template for the text around the prompt.</summary>
    [Parameter(ParameterSetName = AgentSet)]
    [ValidateNotNullOrEmpty]
    public string? FrameFile { get; set; }

    /// <summary>Do not ask before an agent runs with its own permission system switched off.</summary>
    [Parameter(ParameterSetName = AgentSet)]
    public SwitchParameter Force { get; set; }

    /// <summary>Files of this machine that lie in the task's folder $REMOTE_DISPATCH_WORKSPACE/files when it begins.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] Attachment { get; set; } = [];

    private bool IsAgent => ParameterSetName == AgentSet;

    /// <summary>Is the prompt given by a parameter, so that the pipeline brings hosts?</summary>
    private bool HasPrompt => Prompt is not null || PromptFile is not null;

    private AgentRequest? ReadAgent()
    {
        if (!IsAgent)
            return null;
        if (Prompt is not null && PromptFile is not null)
            throw new DispatchException(FailureReason.InvalidInput, "-Prompt and -PromptFile are one too many.", "Leave one of them out.");
        if (NoFrame && FrameFile is not null)
            throw new DispatchException(FailureReason.InvalidInput, "-NoFrame and -FrameFile contradict each other.", "Leave one of them out.");
        return new AgentRequest
        {
            Name = Agent,
            Call = new AgentCall { Model = Model, MaxTurns = MaxTurns, PermissionMode = PermissionMode, AllowedTools = AllowedTool, DeniedTools = DeniedTool, Server = AgentServer },
            Frame = NoFrame ? null : FrameFile is { } path ? AgentFrame.ReadFile(GetUnresolvedProviderPathFromPSPath(path)) : AgentFrame.Template(Dispatcher.Options.AgentFolder),
        };
    }

    /// <summary>An object of the pipeline: a host, or a prompt.</summary>
    private void TakeInput(PSObject input)
    {
        if (HasPrompt)
        {
            if (Capability.Length > 0)
                throw new DispatchException(FailureReason.InvalidInput, "Hosts from the pipeline and -Capability are one too many.", "Leave one of them out.");
            if (LanguagePrimitives.TryConvertTo<HostIdentity>(input, out var host))
                DoEach([host], h => Send(_request!, h, isAgreed: false));
            else
                throw NoInput(input, "no host", "Pass hosts or their names; the prompt is given by the parameter.");
            return;
        }

        var prompt = input.BaseObject as string ?? throw NoInput(input, "no prompt", "Pass strings, each a whole prompt (Get-Content -Raw), or give the prompt with -Prompt and hosts in the pipeline.");
        SendPrompt(prompt);
    }

    private void SendPrompt(string prompt)
    {
        var request = _request! with { Command = prompt };
        request.Validate();
        Dispatch(request);
    }

    private static DispatchException NoInput(PSObject input, string what, string remedy) =>
        new(FailureReason.InvalidInput, $"{input.BaseObject.GetType().Name} from the pipeline is {what}.", remedy);
}
