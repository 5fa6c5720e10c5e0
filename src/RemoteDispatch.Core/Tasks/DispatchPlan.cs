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
    /// <summary>Plans a dispatch.</summary>
    public static DispatchPlan Of(DispatchHost host, TaskRequest request)
    {
        request.Validate();
        if (request.AgentForwarding != AgentForwarding.None)
            Dispatcher.CheckAgentWay(host);
        var root = host.WorkspaceRoot ?? "~/.remote-dispatch/tasks";
        return new DispatchPlan(host, HopsTo(host).ToArray(), $"{root}/{request.Id?.Value ?? "<new id>"}", request);
    }

    /// <summary>The plan in one sentence. Variables are named, their values are not shown.</summary>
    public override string ToString()
    {
        var more = new List<string>();
        if (Request.WorkingDirectory is { } folder)
            more.Add($"in {Text.OneLine(folder, 100)}");
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
        var how = more.Count > 0 ? $" {string.Join(", ", more)}" : "";
        return $"{string.Join(" > ", Hops)}, workspace {Workspace}: {Request.Summary}{how}";
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
