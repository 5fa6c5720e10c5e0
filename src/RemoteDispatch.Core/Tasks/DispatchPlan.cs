using RemoteDispatch.Agents;
using RemoteDispatch.Credentials;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Tasks;

/// <summary>What a dispatch would do, found out without doing it: no connection is opened, nothing is written.</summary>
/// <param name="Host">The host.</param>
/// <param name="Hops">The way there, hop by hop, as people read it; the last is the shell.</param>
/// <param name="Workspace">The task's directory on the host; its id is still open where none was given.</param>
/// <param name="Request">What would run.</param>
public sealed record DispatchPlan(DispatchHost Host, IReadOnlyList<string> Hops, string Workspace, TaskRequest Request)
{
    /// <summary>Would an AI agent run with its own permission system switched off?</summary>
    public bool SkipsPermissions { get; init; }

    /// <summary>Plans a dispatch.</summary>
    /// <param name="host">The host.</param>
    /// <param name="request">What would run.</param>
    /// <param name="agentFolder">Where the user's files about AI agents are; null for the user's own place.</param>
    public static DispatchPlan Of(DispatchHost host, TaskRequest request, string? agentFolder = null)
    {
        request.Validate();
        Dispatcher.CheckAgent(request, agentFolder);
        if (request.AgentForwarding != AgentForwarding.None)
            Dispatcher.CheckAgentWay(host);
        var root = host.WorkspaceRoot ?? "~/.remote-dispatch/tasks";
        return new DispatchPlan(host, HopsTo(host).ToArray(), $"{root}/{request.Id?.Value ?? "<new id>"}", request)
        {
            SkipsPermissions = Dispatcher.SkipsPermissions(request, agentFolder),
        };
    }

    /// <summary>The plan in one sentence. Variables are named, their values are not shown.</summary>
    public override string ToString()
    {
        var more = new List<string>();
        if (Request.Agent is { } agent)
            more.Add(Describe(agent));
        if (Request.Attachments.Count > 0)
            more.Add($"with the files {string.Join(", ", Request.Attachments.Select(a => Text.OneLine(a.Name, 60)))}");
        if (Request.Repository is { } repository)
            more.Add(repository.ToString());
        if (Request.WorkingDirectory is { } folder)
            more.Add($"in {(Request.Repository is null ? "" : "its folder ")}{Text.OneLine(folder, 100)}");
        if (Request.TimeLimit is { } limit)
            more.Add($"for at most {Duration.Show(limit)}");
        if (Request.StallLimit is { } silence)
            more.Add(silence > TimeSpan.Zero ? $"stalled when silent for {Duration.Show(silence)}" : "never stalled");
        if (Request.Runner != TaskRunner.Auto)
            more.Add($"kept by {Request.Runner}");
        if (Request.LoginShell)
            more.Add("through the login shell");
        if (Request.Sandbox is { } sandbox)
            more.Add(sandbox.ToString());
        if (Request.SeparateError)
            more.Add("stderr kept apart");
        if (Request.ReportToolUse)
            more.Add("reporting tool use");
        if (Request.Environment.Count > 0)
            more.Add($"with {string.Join(", ", Request.Environment.Keys)}");
        // Those of the host's entry too, whether or not their values can be had.
        string[] names = [.. Request.Credentials.Select(g => g.Name), .. ForwardedCredentials.Names(Host.ForwardCredentials, [.. Request.CredentialNames, .. Request.Environment.Keys])];
        if (names.Length > 0)
            more.Add($"with the credentials {string.Join(", ", names)}");
        if (Request.ScopedToken is { } token)
            more.Add($"with a token for {token}");
        if (Request.AgentForwarding != AgentForwarding.None)
            more.Add("with your SSH agent");
        else if (Host.ForwardAgent)
            more.Add("with your SSH agent, which the host's entry forwards");
        if (Host.WorkerLimit != WorkerLimit.None)
            more.Add($"waiting for room where the host has none ({Host.WorkerLimit})");
        var how = more.Count > 0 ? $" {string.Join(", ", more)}" : "";
        return $"{string.Join(" > ", Hops)}, workspace {Workspace}: {Request.Summary}{how}";
    }

    private string Describe(AgentRequest agent)
    {
        var call = agent.Call;
        var more = new List<string>();
        if (agent.Resumes is not null)
            more.Add($"going on with the task {agent.Resumes}");
        if (call.Model is not null)
            more.Add($"model {Text.OneLine(call.Model, 100)}");
        if (call.MaxTurns is { } turns)
            more.Add(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"at most {turns} turns"));
        if (call.PermissionMode is { } mode)
            more.Add($"permission mode {Text.OneLine(mode, 60)}{(SkipsPermissions ? ", WHICH SKIPS ITS PERMISSIONS" : "")}");
        if (call.AllowedTools.Count > 0)
            more.Add($"allowed {Text.OneLine(string.Join(", ", call.AllowedTools), 200)}");
        if (call.DeniedTools.Count > 0)
            more.Add($"denied {Text.OneLine(string.Join(", ", call.DeniedTools), 200)}");
        var name = agent.Name == AgentRequest.Auto ? "as the prompt of the first agent that is there" : $"as the prompt of {agent.Name}";
        return more.Count > 0 ? $"{name} ({string.Join("; ", more)})" : name;
    }

    private static IEnumerable<string> HopsTo(DispatchHost host)
    {
        yield return host.Transport switch
        {
            Transport.Local => "this machine",
            Transport.Wsl => $"wsl {host.Address.Host}",
            Transport.Tailscale => $"tailscale ssh {host.Address}",
            _ => $"ssh {host.Address}",
        };
        if (host.Container != ContainerChoice.None)
            yield return $"container {host.Container}";
        yield return "sh";
    }
}
