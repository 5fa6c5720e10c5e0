using System.Globalization;
using RemoteDispatch.Agents;

namespace RemoteDispatch.Health;

/// <summary>Which AI agents are there, and do they look signed in?</summary>
internal static class AgentFindings
{
    public static Finding Agent(HostFacts facts, AgentProfile agent)
    {
        var answer = facts.Answer(agent.Name);
        if (Read(facts, agent) is not { } found)
        {
            var doubt = facts["login.silent"] is null ? "" : string.Create(CultureInfo.InvariantCulture, $"; the login shell gave no answer within {facts.Patience.TotalSeconds:0} s");
            return Finding.Skip($"not there{doubt}", $"Install {agent.Program} there, for the user of the connection.");
        }

        if (ToolFindings.Silent(facts, answer, $"Run '{found.Path} {string.Join(' ', agent.VersionArguments)}' there by hand: does it wait for a person?") is { } silent)
            return silent;
        if (found.Version is null)
            return Finding.Fail($"{found.Path} ended with code {answer.Code} and said no version: {answer.Last}", $"Run '{found.Path}' there by hand.", answer.Took);
        var signs = found.SignedIn switch
        {
            SignIn.Yes => $"looks signed in ({found.Proof})",
            SignIn.Unknown => "may be signed in by the keychain",
            _ => "does not look signed in",
        };
        return Finding.Pass($"{found.Version} at {found.Path}{(found.NeedsLoginShell ? " (PATH of the login shell)" : "")}, {signs}", answer.Took);
    }

    /// <summary>The agent as it was found; null where it was not.</summary>
    public static HostAgent? Read(HostFacts facts, AgentProfile agent)
    {
        var answer = facts.Answer(agent.Name);
        if (answer.Path is not { } path)
            return null;
        var proof = facts[$"{agent.Name}.signed"];
        var signed = proof switch { null or "no" => SignIn.No, "unknown" => SignIn.Unknown, _ => SignIn.Yes };
        var version = answer.IsGood ? ToolFindings.Version(answer) : null;
        return new HostAgent(agent.Name, path, version, signed, signed == SignIn.Yes ? proof : null, facts[$"{agent.Name}.way"] != "path");
    }
}
