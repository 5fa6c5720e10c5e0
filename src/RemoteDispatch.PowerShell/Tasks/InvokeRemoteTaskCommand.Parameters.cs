using System.Collections;
using System.Management.Automation;
using RemoteDispatch.Hosts;
using RemoteDispatch.PowerShell.Binding;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.PowerShell.Tasks;

public sealed partial class InvokeRemoteTaskCommand
{
    private const string CommandSet = "Command";
    private const string FileSet = "File";
    private const string CommandJobSet = "CommandAsJob";
    private const string FileJobSet = "FileAsJob";
    private const string CommandAnySet = "CommandByCapability";
    private const string CommandAnyJobSet = "CommandByCapabilityAsJob";
    private const string FileAnySet = "FileByCapability";
    private const string FileAnyJobSet = "FileByCapabilityAsJob";

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

    /// <summary>Names, addresses, sets of them, or hosts; without it, the host that the text names (# target:NAME on its first line), else this machine.</summary>
    [Parameter(Position = 1, ParameterSetName = CommandSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Parameter(Position = 1, ParameterSetName = CommandJobSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Parameter(Position = 0, ParameterSetName = FileSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Parameter(Position = 0, ParameterSetName = FileJobSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Parameter(Position = 0, ParameterSetName = AgentSet)]
    [Alias("ComputerName", "Cn")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(HostNameCompleter))]
    public HostIdentity[] HostName { get; set; } = [new(DispatchHost.LocalName)];

    /// <summary>Instead of names: the host of the inventory that has all of these capabilities, and the fewest tasks of yours that run or wait.</summary>
    [Parameter(Mandatory = true, ParameterSetName = CommandAnySet)]
    [Parameter(Mandatory = true, ParameterSetName = CommandAnyJobSet)]
    [Parameter(Mandatory = true, ParameterSetName = FileAnySet)]
    [Parameter(Mandatory = true, ParameterSetName = FileAnyJobSet)]
    [Parameter(ParameterSetName = AgentSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(CapabilityCompleter))]
    public string[] Capability { get; set; } = [];

    /// <summary>So many hosts that have the capabilities: the healthy ones with the fewest running tasks, by their own word.</summary>
    [Parameter(ParameterSetName = CommandAnySet)]
    [Parameter(ParameterSetName = CommandAnyJobSet)]
    [Parameter(ParameterSetName = FileAnySet)]
    [Parameter(ParameterSetName = FileAnyJobSet)]
    [Parameter(ParameterSetName = AgentSet)]
    [ValidateRange(1, 1000)]
    public int First { get; set; }

    /// <summary>The task's id. The same id with the same request is the same task, and never runs twice.</summary>
    [Parameter]
    [Alias("TaskId")]
    public string? Id { get; set; }

    /// <summary>Where it runs: a folder on the host; without it, the home. With -Repository, a folder of that.</summary>
    [Parameter]
    public string? WorkingDirectory { get; set; }

    /// <summary>Variables for the task. They are recorded in the workspace: no place for secrets.</summary>
    [Parameter]
    public IDictionary? Environment { get; set; }

    /// <summary>Variables of this environment that the task gets as secrets: by name, so that no value is typed.</summary>
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

    /// <summary>Run through the user's login shell, for hosts whose PATH is set in a profile.</summary>
    [Parameter]
    public SwitchParameter LoginShell { get; set; }

    /// <summary>What keeps it alive on the host; with Tmux, Enter-RemoteTask can attach to it.</summary>
    [Parameter]
    public TaskRunner Runner { get; set; }

    /// <summary>Forward the SSH agent of this session to the task, whenever somebody is connected for it; root on the host can use it then.</summary>
    [Parameter]
    public SwitchParameter ForwardAgent { get; set; }

    /// <summary>The same, and do not start the task unless an agent with a key answers on the host.</summary>
    [Parameter]
    public SwitchParameter RequireAgent { get; set; }

    /// <summary>The same, and stay connected until the task has ended: by a job of this session, where nothing else waits for it.</summary>
    [Parameter]
    public SwitchParameter KeepAgent { get; set; }

    /// <summary>Keep the task's stderr apart from its stdout, in a log of its own; else both are in one log, in true order.</summary>
    [Parameter]
    public SwitchParameter SeparateError { get; set; }

    /// <summary>Give the task settings with which Claude Code reports each use of a tool as an event: claude --settings "$REMOTE_DISPATCH_CLAUDE_SETTINGS".</summary>
    [Parameter]
    public SwitchParameter ReportToolUse { get; set; }

    /// <summary>How long it may run (90s, 10m, 2h); the host itself ends it then.</summary>
    [Parameter]
    [Duration]
    public TimeSpan? TimeLimit { get; set; }

    /// <summary>How long it may be silent before a watch flags it as stalled (Watch-RemoteTask); 0 for ever.</summary>
    [Parameter]
    [Duration]
    public TimeSpan? StallLimit { get; set; }

    /// <summary>Wait for the end, show the log meanwhile, and collect it.</summary>
    [Parameter(ParameterSetName = CommandSet)]
    [Parameter(ParameterSetName = FileSet)]
    [Parameter(ParameterSetName = CommandAnySet)]
    [Parameter(ParameterSetName = FileAnySet)]
    [Parameter(ParameterSetName = AgentSet)]
    public SwitchParameter Wait { get; set; }

    /// <summary>Return a job that waits for the tasks: Receive-Job gives them as they end, Stop-Job stops them.</summary>
    [Parameter(Mandatory = true, ParameterSetName = CommandJobSet)]
    [Parameter(Mandatory = true, ParameterSetName = FileJobSet)]
    [Parameter(Mandatory = true, ParameterSetName = CommandAnyJobSet)]
    [Parameter(Mandatory = true, ParameterSetName = FileAnyJobSet)]
    [Parameter(ParameterSetName = AgentSet)]
    public SwitchParameter AsJob { get; set; }

    /// <summary>Do not copy the log to this machine at the end, with -Wait or -AsJob.</summary>
    [Parameter]
    public SwitchParameter NoCollect { get; set; }

    /// <summary>How many hosts are worked on at once.</summary>
    [Parameter]
    [ValidateRange(1, 1000)]
    public int ThrottleLimit { get; set; } = 32;
}
