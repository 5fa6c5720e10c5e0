using RemoteDispatch.Connections;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Tasks;

public sealed partial class Dispatcher
{
    /// <summary>
    /// Waits until a task has ended, and forwards this user's SSH agent to its host meanwhile: what the task does with it works again, if it
    /// did not, from now on. When the wait is over, and nobody else uses the connection, it is closed.
    /// </summary>
    /// <param name="task">The task; it must have been given an agent when it was dispatched.</param>
    /// <param name="timeout">How long; null for as long as the task runs.</param>
    /// <param name="cancellationToken">Lets go of the agent, never of the task.</param>
    /// <returns>The task as it ended.</returns>
    /// <exception cref="DispatchException">
    /// <see cref="FailureReason.CredentialUnavailable"/>: no agent with a key answers here, or the host forwards none;
    /// <see cref="FailureReason.InvalidInput"/>: the task was not given one; or as <see cref="WaitAsync"/>.
    /// </exception>
    public async Task<RemoteTask> KeepAgentAsync(RemoteTask task, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        var since = Options.Time.GetTimestamp();
        var host = HostOf(task) with { ForwardAgent = true };
        CheckAgentWay(host);
        try
        {
            if (!task.State.IsFinal())
                await CheckAgentHereAsync(host, cancellationToken).ConfigureAwait(false);
            task = task with { Host = task.Host with { ForwardAgent = true } };
            task = await SeeAsync(task, cancellationToken).ConfigureAwait(false);
            if (task.State == TaskState.Running && await _workspaces.AgentOfAsync(host, task.Id, cancellationToken).ConfigureAwait(false) is not "yes" and var lack)
            {
                // It may have ended between the two, and its link with it.
                task = await SeeAsync(task, cancellationToken).ConfigureAwait(false);
                if (!task.State.IsFinal())
                    throw lack == "none" ? NotForwarded(task) : NotGiven(task);
            }

            Tell(host.Name, "agent_kept", since, $"task={task.Id}");
            return await WaitAsync(task, timeout, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await _workspaces.CloseUnusedAsync(host).ConfigureAwait(false);
        }
    }

    /// <summary>Can an agent be forwarded that way at all?</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: no.</exception>
    internal static void CheckAgentWay(DispatchHost host)
    {
        var why = host.Transport == Transport.Wsl ? "WSL has no agent forwarding"
            : host.Container.Name is { } container ? $"its tasks run in the container '{container}', where the agent's socket is not" : null;
        if (why is not null)
        {
            throw new DispatchException(
                FailureReason.InvalidInput, $"No SSH agent can be forwarded to host '{host.Name}': {why}.",
                "Send the task without it, to the host itself, or give it a key or a token of its own.") { Host = host.Name };
        }
    }

    /// <summary>The host with the agent that the request asks for; whatever is missing here is told before anything is sent.</summary>
    private async Task<DispatchHost> WithAgentAsync(DispatchHost host, TaskRequest request, CancellationToken cancellationToken)
    {
        if (request.AgentForwarding == AgentForwarding.None)
            return host;
        CheckAgentWay(host);
        if (request.AgentForwarding == AgentForwarding.Required)
            await CheckAgentHereAsync(host, cancellationToken).ConfigureAwait(false);
        return host with { ForwardAgent = true };
    }

    /// <summary>What a launch says of the agent to the host that it was settled on: the words of <c>rd_agent_fit</c>.</summary>
    private static string[] AgentWords(DispatchHost place, TaskRequest request)
    {
        if (request.AgentForwarding != AgentForwarding.None)
            CheckAgentWay(place);
        else if (!place.ForwardAgent || place.Transport == Transport.Wsl || place.Container != ContainerChoice.None)
            return [];
        return request.AgentForwarding switch
        {
            AgentForwarding.Required => ["agent:asked", "agent:required", "agent"],
            AgentForwarding.Forward => ["agent:asked", "agent"],
            _ => ["agent"],
        };
    }

    private async Task CheckAgentHereAsync(DispatchHost host, CancellationToken cancellationToken)
    {
        // The one that ssh would forward: ssh_config may name another than the environment does.
        var settings = host.Transport == Transport.Local ? null
            : await SshSettings.AskAsync(host.Address, Options.Connections.SshOptions ?? SshOptions.FromEnvironment(), cancellationToken).ConfigureAwait(false);
        var keys = await SshAgent.CountKeysAsync(settings?.Agent, cancellationToken).ConfigureAwait(false);
        if (keys > 0)
            return;
        var isNamed = !string.IsNullOrEmpty(settings?.Agent ?? Environment.GetEnvironmentVariable("SSH_AUTH_SOCK"));
        throw keys == 0
            ? NoAgent("the SSH agent of this machine has no key", "Give it one: ssh-add.")
            : NoAgent(
                isNamed ? "no SSH agent answers on this machine, where SSH_AUTH_SOCK or ssh_config says that there is one" : "there is no SSH agent on this machine (SSH_AUTH_SOCK is not set)",
                "Start one and give it a key: eval \"$(ssh-agent)\"; ssh-add.");

        DispatchException NoAgent(string why, string remedy) => new(
            FailureReason.CredentialUnavailable, $"No SSH agent can be forwarded to host '{host.Name}': {why}. Nothing was sent.", remedy) { Host = host.Name };
    }

    private static DispatchException NotForwarded(RemoteTask task) => new(
        FailureReason.CredentialUnavailable, $"The task '{task.Id}' cannot be given an SSH agent: host '{task.HostName}' forwards none, its SSH server does not allow it.",
        "Allow it there: AllowAgentForwarding yes in sshd_config, and neither restrict nor no-agent-forwarding before the key in authorized_keys.") { Host = task.HostName, TaskId = task.Id };

    private static DispatchException NotGiven(RemoteTask task) => new(
        FailureReason.InvalidInput, $"The task '{task.Id}' on host '{task.HostName}' was dispatched without an SSH agent.",
        "It can have none any more. Dispatch a task that needs one with -ForwardAgent, --forward-agent.") { Host = task.HostName, TaskId = task.Id };
}
