using System.Globalization;
using System.Text.RegularExpressions;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Health;

/// <summary>Which programs are there, and do they answer?</summary>
internal static partial class ToolFindings
{
    /// <summary>An engine: its program, and whether what stands behind it answers.</summary>
    public static Finding Engine(HostFacts facts, string name, string remedy)
    {
        var answer = facts.Answer(name);
        if (answer.Path is null)
            return Finding.Skip("not there", $"Install {name} there, and see that its user may use it.");
        if (Silent(facts, answer, remedy) is { } silent)
            return silent;
        // It may also warn of something, before or after.
        var said = answer.Says.LastOrDefault(l => char.IsAsciiDigit(l[0])) ?? answer.Last;
        return answer.IsGood ? Finding.Pass($"{said} at {answer.Path}", answer.Took)
            : Finding.Fail(answer.Last.Length > 0 ? answer.Last : $"{answer.Path} ended with code {answer.Code}", remedy, answer.Took);
    }

    /// <summary>A program that says its version.</summary>
    public static Finding Tool(HostFacts facts, string name)
    {
        var answer = facts.Answer(name);
        if (answer.Path is null)
            return Finding.Skip("not there", $"Install {name} there.");
        return Silent(facts, answer) ?? (answer.IsGood && Version(answer) is { } version
            ? Finding.Pass($"{version} at {answer.Path}", answer.Took)
            : Finding.Fail($"{answer.Path} ended with code {answer.Code}: {answer.Last}", $"Run '{name}' there by hand.", answer.Took));
    }

    /// <summary>The container that the host's entry names. Whoever has come this far is in it.</summary>
    public static Finding Container(HostFacts facts)
    {
        const string Remedy = "Name a container in the host's entry: Set-DispatchHost -Container NAME.";
        if (facts.Place.Container.Name is { } name)
            return Finding.Pass($"{name} runs, and was entered");
        return Finding.Skip(facts.Asked.Container == ContainerChoice.Auto ? "none there has the label remote-dispatch" : "the host's entry names none", Remedy);
    }

    /// <summary>Source: ssh-add(1): 0 with a line for each key, 1 where there is none, 2 where no agent answers.</summary>
    public static Finding AgentForwarding(HostFacts facts)
    {
        var answer = facts.Answer("agent-forwarding");
        const string Remedy = "Forward an agent that holds a key: start one here, ssh-add the key, and allow it for this host (Set-DispatchHost -ForwardAgent).";
        if (answer.Path is null)
            return Finding.Skip("no agent is forwarded", Remedy);
        if (Silent(facts, answer, Remedy) is { } silent)
            return silent;
        return (answer.Code, answer.Says.Count) switch
        {
            (0, > 0) => Finding.Pass(string.Create(CultureInfo.InvariantCulture, $"{answer.Says.Count} {(answer.Says.Count == 1 ? "key" : "keys")} through {answer.Path}"), answer.Took),
            (1, _) => Finding.Fail("the agent answers and holds no key", "Add one here: ssh-add.", answer.Took),
            (127, _) => Finding.Fail("ssh-add is not there to ask with", "Install the OpenSSH client there.", answer.Took),
            _ => Finding.Fail($"{answer.Path} is named, and no agent answers there: {answer.Last}", Remedy, answer.Took),
        };
    }

    /// <summary>How many keys can be used; null where no agent answers.</summary>
    public static int? ForwardedKeys(HostFacts facts) => facts.Answer("agent-forwarding") is { IsSilent: false } answer
        ? answer.Code switch { 0 => answer.Says.Count, 1 => 0, _ => null } : null;

    /// <summary>The finding of a program that gave no answer in time; null where it did.</summary>
    public static Finding? Silent(HostFacts facts, ProgramAnswer answer, string? remedy = null) => answer.IsSilent
        ? Finding.Fail(
            string.Create(CultureInfo.InvariantCulture, $"no answer within {facts.Patience.TotalSeconds:0} s"),
            remedy ?? "Run it there by hand: does it wait for something, or for a disk that does not answer?", answer.Took)
        : null;

    /// <summary>The first version number in what a program printed.</summary>
    public static string? Version(ProgramAnswer answer) =>
        answer.Says.Select(l => VersionPattern().Match(l)).FirstOrDefault(m => m.Success)?.Value;

    [GeneratedRegex(@"(?<![\w.])v?\d{1,6}\.\d[\w.+-]{0,40}")]
    private static partial Regex VersionPattern();
}
