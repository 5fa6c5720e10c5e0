using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace RemoteDispatch.Health;

/// <summary>How an AI agent's command line is found and asked, as data: <c>agents.json</c>, and files of the same form.</summary>
/// <param name="Name">What its check is called.</param>
/// <param name="Program">The program.</param>
/// <param name="VersionArguments">What makes it print its version and end.</param>
/// <param name="Files">Files that its sign-in writes: <c>~/PATH</c>, or <c>$VARIABLE/PATH</c> below a folder that a variable names.</param>
/// <param name="Variables">Variables that are its sign-in, or name it.</param>
/// <param name="Keychains">Systems (as <c>uname -s</c> calls them) with a keychain, where nobody can tell.</param>
internal sealed partial record AgentProgram(
    string Name, string Program, IReadOnlyList<string> VersionArguments,
    IReadOnlyList<string> Files, IReadOnlyList<string> Variables, IReadOnlyList<string> Keychains)
{
    /// <summary>What <c>rd_signed</c> looks at, in its words.</summary>
    public IEnumerable<string> Proofs => Files.Select(f => f[0] == '~' ? $"home {f[2..]}" : $"below {f[1..]}")
        .Concat(Variables.Select(v => $"set {v}")).Concat(Keychains.Select(k => $"keychain {k}"));

    /// <summary>The variables that name folders in <see cref="Files"/>.</summary>
    public IEnumerable<string> FolderVariables => Files.Where(f => f[0] == '$').Select(f => f[1..f.IndexOf('/', StringComparison.Ordinal)]);

    /// <exception cref="FormatException">It cannot be used.</exception>
    public static AgentProgram Read(JsonNode? node)
    {
        var entry = node as JsonObject ?? throw new FormatException("an agent is an object: {\"name\": …, \"program\": …}");
        var name = (string?)entry["name"] ?? throw new FormatException("an agent has no name");
        if (!NamePattern().IsMatch(name))
            throw new FormatException($"{Text.Show(name)} is no name for an agent: use small letters, digits and '-'");
        var program = (string?)entry["program"] ?? name;
        if (!ProgramPattern().IsMatch(program))
            throw new FormatException($"{Text.Show(program)} is no name of a program");
        var signs = entry["signedIn"] as JsonObject;
        return new AgentProgram(
            name, program, entry["version"] is { } version ? Words(version) : ["--version"],
            Words(signs?["files"], FilePattern(), "file: write ~/PATH or $VARIABLE/PATH"),
            Words(signs?["variables"], VariablePattern(), "name of a variable"),
            Words(signs?["keychains"], ProgramPattern(), "system"));
    }

    private static string[] Words(JsonNode? node, Regex? pattern = null, string what = "")
    {
        var words = (node as JsonArray ?? []).Select(w => (string?)w ?? "").ToArray();
        var wrong = words.FirstOrDefault(w => pattern?.IsMatch(w) == false || w.Any(char.IsControl));
        return wrong is null ? words : throw new FormatException($"{Text.Show(wrong)} is no {(what.Length > 0 ? what : "argument")}");
    }

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9-]{0,31}\z")]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"\A[A-Za-z0-9_][A-Za-z0-9._+-]{0,63}\z")]
    private static partial Regex ProgramPattern();

    [GeneratedRegex(@"\A(~|\$(?!RD_|rd_|REMOTE_DISPATCH_)[A-Za-z_][A-Za-z0-9_]{0,63})/[^/\p{C}][^\p{C}]{0,255}\z")]
    private static partial Regex FilePattern();

    // Not those of the contract, nor of the shell functions: RD_ and rd_.
    [GeneratedRegex(@"\A(?!RD_|rd_|REMOTE_DISPATCH_)[A-Za-z_][A-Za-z0-9_]{0,63}\z")]
    private static partial Regex VariablePattern();
}
