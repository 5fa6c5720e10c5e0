using System.Globalization;
using System.Text;
using RemoteDispatch.Agents;
using RemoteDispatch.Connections;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Health;

/// <summary>The one request of a check: <c>facts.sh</c>, the agents that are looked for, and the questions, in a subshell that takes all of it away again.</summary>
internal static class FactsRequest
{
    public static string Of(string root, IEnumerable<KnownCheck> checks, IReadOnlyList<AgentProfile> agents, TimeSpan patience)
    {
        var asked = checks.ToArray();
        var wanted = agents.Where(a => asked.Any(c => c.Name == a.Name)).ToArray();
        var script = new StringBuilder("(\n").Append(ShellText.Load("facts.sh"));
        if (wanted.Length > 0)
            AddAgents(script, wanted);
        var seconds = (long)Math.Max(1, Math.Ceiling(patience.TotalSeconds));
        script.Append(ShellCall.To("rd_facts").With(HostChannel.NewNonce()).With(seconds).With(root).With(asked.Select(c => c.Question).OfType<string>().Distinct()));
        return script.Append("\n)").ToString();
    }

    /// <summary>The request of a search: where agents are, and nothing more. None of them is started.</summary>
    public static string OfPlaces(string root, IReadOnlyList<AgentProfile> agents, TimeSpan patience)
    {
        var script = new StringBuilder("(\n").Append(ShellText.Load("facts.sh"));
        AddAgents(script, [.. agents]);
        script.Append(ShellCall.To("rd_facts").With(HostChannel.NewNonce()).With((long)patience.TotalSeconds).With(root).With("rd_about_places"));
        return script.Append("\n)").ToString();
    }

    private static void AddAgents(StringBuilder script, AgentProfile[] agents)
    {
        script.Append(ShellText.Load("agents.sh"));
        script.Append(CultureInfo.InvariantCulture, $"RD_NAMES={ShellQuote.Quote(Words(agents.SelectMany(a => a.SignInVariables)))}\n");
        script.Append(CultureInfo.InvariantCulture, $"RD_FOLDERS={ShellQuote.Quote(Words(agents.SelectMany(a => a.FolderVariables)))}\n");
        script.Append("rd_each() {\n");
        foreach (var agent in agents)
        {
            var proofs = agent.Proofs.ToArray();
            script.Append(ShellCall.To("\"$1\"").With(agent.Name).With(agent.Program).With(proofs.Length).With(proofs).With(agent.VersionArguments)).Append('\n');
        }

        script.Append("}\n");
    }

    private static string Words(IEnumerable<string> names) => string.Join(' ', names.Distinct());
}
