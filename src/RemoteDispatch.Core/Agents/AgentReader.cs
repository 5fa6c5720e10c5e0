using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace RemoteDispatch.Agents;

/// <summary>Makes a profile of an entry of a file, and refuses what could not be used. docs/agents.md says what each member means.</summary>
internal static partial class AgentReader
{
    private static readonly string[] OfAll = ["workspace", "directory"];

    /// <exception cref="FormatException">It has no name, or one that cannot be used.</exception>
    public static string NameOf(JsonObject entry)
    {
        var name = (string?)entry["name"] ?? throw new FormatException("an agent has no name");
        if (!NamePattern().IsMatch(name))
            throw new FormatException($"{Text.Show(name)} is no name for an agent: use small letters, digits and '-'");
        return AgentProfiles.Taken.Contains(name, StringComparer.Ordinal) ? throw new FormatException($"'{name}' is the name of another check") : name;
    }

    /// <exception cref="FormatException">It cannot be used.</exception>
    public static AgentProfile Read(JsonObject entry)
    {
        var name = NameOf(entry);
        var program = (string?)entry["program"] ?? name;
        if (!ProgramPattern().IsMatch(program))
            throw new FormatException($"{Text.Show(program)} is no name of a program");
        var signs = entry["signedIn"] as JsonObject;
        var profile = new AgentProfile
        {
            Name = name,
            Program = program,
            VersionArguments = entry["version"] is { } version ? Words(version) : ["--version"],
            SignInFiles = Words(signs?["files"], FilePattern(), "file: write ~/PATH or $VARIABLE/PATH"),
            SignInVariables = Words(signs?["variables"], VariablePattern(), "name of a variable"),
            Keychains = Words(signs?["keychains"], ProgramPattern(), "system"),
            Start = Option(entry, "start", "options", "server"),
            ResumeOption = Option(entry, "resume", "options", "session", "server"),
            SessionOption = Option(entry, "session", "session"),
            ModelOption = Option(entry, "model", "model"),
            MaxTurnsOption = Option(entry, "maxTurns", "turns"),
            AllowedToolOption = Option(entry, "allowedTool", "tool", "tools"),
            DeniedToolOption = Option(entry, "deniedTool", "tool", "tools"),
            AttachOption = Option(entry, "attach", "path", "folder"),
            ReportOption = Option(entry, "report"),
            ToolReportOption = Option(entry, "toolReport"),
            ServerOption = Option(entry, "serverWords", "server"),
            Server = (string?)entry["server"] is { } server ? AgentProfile.IsServer(server) ? server : throw new FormatException($"{Text.Show(server)} is no address of a server") : null,
            Modes = Modes(entry["modes"]),
            Skips = Words(entry["skips"]),
            BaseEnvironment = new AgentOption([], Environment(entry["environment"], "environment"), []).Own().Environment,
            CountsTurns = (bool?)entry["countsTurns"] ?? false,
            Output = [.. (entry["output"] as JsonArray ?? []).Select(OutputRule.Read)],
            Exits = Exits(entry["exits"]),
        };
        if (profile.Skips.FirstOrDefault(s => !profile.Modes.ContainsKey(s)) is { } unknown)
            throw new FormatException($"{Text.Show(unknown)} in 'skips' is none of 'modes'");
        return profile;
    }

    public static AgentEnd End(JsonNode? node) => Enum.TryParse<AgentEnd>((string?)node, out var end) && Enum.IsDefined(end) && end is not (AgentEnd.TimedOut or AgentEnd.Stopped or AgentEnd.Blocked)
        ? end : throw new FormatException($"{Text.Show(node?.ToJsonString() ?? "null")} is no end: take one of Completed, TurnLimit, RateLimited, SignedOut, OutOfBudget, Crashed");

    public static string[] Words(JsonNode? node, Regex? pattern = null, string what = "")
    {
        var words = (node as JsonArray ?? []).Select(w => (string?)w ?? "").ToArray();
        var wrong = words.FirstOrDefault(w => pattern?.IsMatch(w) == false || w.Any(char.IsControl) || !AgentOption.IsWellFormed(w));
        return wrong is null ? words : throw new FormatException($"{Text.Show(wrong)} is no {(what.Length > 0 ? what : "argument")}");
    }

    /// <summary>A list of words, or an object with <c>words</c>, <c>environment</c> and <c>files</c>.</summary>
    private static AgentOption? Option(JsonObject entry, string member, params string[] placeholders) =>
        entry[member] is { } node ? Option(node, member, placeholders) : null;

    private static AgentOption Option(JsonNode? node, string member, params string[] placeholders)
    {
        var option = node switch
        {
            JsonArray => new AgentOption(Words(node), [], []),
            JsonObject o => new AgentOption(Words(o["words"]), Environment(o["environment"], member), Files(o["files"])),
            _ => throw new FormatException($"'{member}' is a list of words, or an object with 'words', 'environment' or 'files'"),
        };
        if (option.Placeholders().FirstOrDefault(p => !placeholders.Concat(OfAll).Contains(p, StringComparer.Ordinal)) is { } wrong)
            throw new FormatException($"'{{{wrong}}}' means nothing in '{member}': it may have {string.Join(", ", placeholders.Concat(OfAll).Select(p => $"{{{p}}}"))}");
        return option.Own();
    }

    private static Dictionary<string, AgentOption> Modes(JsonNode? node) =>
        (node as JsonObject ?? []).ToDictionary(m => Words(new JsonArray(m.Key))[0], m => Option(m.Value, "modes"), StringComparer.Ordinal);

    private static JsonObject Environment(JsonNode? node, string member)
    {
        var variables = node as JsonObject ?? [];
        foreach (var (name, value) in variables)
        {
            if (!VariablePattern().IsMatch(name))
                throw new FormatException($"{Text.Show(name)} in '{member}' is no name of a variable");
            if (SecretPattern().IsMatch(name))
                throw new FormatException($"{name} in '{member}' looks like a secret: give it with the task, as a credential");
            if (AgentOption.TextOf(value) is var text && (text.Contains('\0', StringComparison.Ordinal) || !AgentOption.IsWellFormed(text)))
                throw new FormatException($"the value of {name} in '{member}' holds a character that no environment can carry");
        }

        return variables;
    }

    private static JsonObject Files(JsonNode? node)
    {
        var files = node as JsonObject ?? [];
        return files.Select(f => f.Key).FirstOrDefault(p => !OwnFilePattern().IsMatch(p)) is { } wrong
            ? throw new FormatException($"{Text.Show(wrong)} is no file of a task: write {{workspace}}/files/NAME") : files;
    }

    private static Dictionary<int, AgentEnd> Exits(JsonNode? node) => (node as JsonObject ?? []).ToDictionary(
        e => int.TryParse(e.Key, NumberStyles.None, CultureInfo.InvariantCulture, out var code) && code is > 0 and < 256 ? code : throw new FormatException($"{Text.Show(e.Key)} in 'exits' is no exit code of a failure"),
        e => End(e.Value));

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9-]{0,31}\z")]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"\A[A-Za-z0-9_][A-Za-z0-9._+-]{0,63}\z")]
    private static partial Regex ProgramPattern();

    [GeneratedRegex(@"\A(~|\$(?!RD_|rd_|REMOTE_DISPATCH_)[A-Za-z_][A-Za-z0-9_]{0,63})/[^/\p{C}][^\p{C}]{0,255}\z")]
    private static partial Regex FilePattern();

    // Not those of the contract, nor of the shell functions: RD_ and rd_.
    [GeneratedRegex(@"\A(?!RD_|rd_|REMOTE_DISPATCH_)[A-Za-z_][A-Za-z0-9_]{0,63}\z")]
    private static partial Regex VariablePattern();

    [GeneratedRegex("(KEY|TOKEN|SECRET|PASSWORD|PASSWD)$", RegexOptions.IgnoreCase)]
    private static partial Regex SecretPattern();

    [GeneratedRegex(@"\A\{workspace\}/files/[A-Za-z0-9_][A-Za-z0-9._-]{0,63}\z")]
    private static partial Regex OwnFilePattern();
}
