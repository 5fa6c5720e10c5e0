using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using RemoteDispatch.Agents;
using RemoteDispatch.Credentials;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Tasks;

/// <summary>What the caller asks for, before it is sent; it does not name a host, and never changes.</summary>
public sealed record TaskRequest
{
    /// <summary>The largest command: 16 MiB as UTF-8.</summary>
    public const int LargestCommand = 16 << 20;

    /// <summary>The longest limit of silence: a year.</summary>
    public static readonly TimeSpan LongestStallLimit = TimeSpan.FromDays(365);

    private static readonly JsonSerializerOptions Layout = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>
    /// The command or script. It arrives byte for byte, as UTF-8. Where it begins with <c>#!</c> the interpreter named there
    /// runs it, else <c>sh</c>.
    /// </summary>
    public required string Command { get; init; }

    /// <summary>The AI agent whose prompt the command is; null where the command is a command.</summary>
    public AgentRequest? Agent { get; init; }

    /// <summary>What the command gets as <c>$1</c>, <c>$2</c>, …</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Files that lie in the workspace's folder <c>files</c> (<c>$REMOTE_DISPATCH_WORKSPACE/files</c>) when it begins.</summary>
    public IReadOnlyList<TaskAttachment> Attachments { get; init; } = [];

    /// <summary>The id; null for a new one. The same id with the same request is the same task, and never runs twice.</summary>
    public TaskId? Id { get; init; }

    /// <summary>Where the command runs: a path on the host, absolute, below <c>~/</c>, or relative to the home; null for the home.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>A repository that is cloned for it, in which it runs; <see cref="WorkingDirectory"/> is a folder of it then. Null for none.</summary>
    public RepositoryRequest? Repository { get; init; }

    /// <summary>Variables for the task. They are recorded in the workspace: no place for secrets.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new SortedDictionary<string, string>(StringComparer.Ordinal);

    /// <summary>
    /// The secrets that the task may have, as variables. Their names are recorded; their values travel in the request, live in the task's
    /// environment, and are nowhere else.
    /// </summary>
    public IReadOnlyList<CredentialGrant> Credentials { get; init; } = [];

    /// <summary>
    /// A token of GitHub that is made for this task alone, one for each host, and is its <c>GH_TOKEN</c>; it is revoked at the task's end. Null for none.
    /// </summary>
    public ScopedTokenRequest? ScopedToken { get; init; }

    /// <summary>The names of all secrets that the task is given.</summary>
    public IReadOnlyList<string> CredentialNames =>
        [.. Credentials.Select(g => g.Name), .. ScopedToken is null ? Array.Empty<string>() : [ScopedTokenRequest.Variable]];

    /// <summary>Run through the user's login shell, for hosts whose PATH is set in a profile.</summary>
    public bool LoginShell { get; init; }

    /// <summary>What keeps it alive on the host when the connection ends.</summary>
    public TaskRunner Runner { get; init; }

    /// <summary>A home and an environment of the task's own, and a boundary where the host can make one; null for none.</summary>
    public SandboxRequest? Sandbox { get; init; }

    /// <summary>Is it to have the caller's SSH agent?</summary>
    public AgentForwarding AgentForwarding { get; init; }

    /// <summary>Keep its stderr apart from its stdout, in a log of its own; else both are in one log, in true order.</summary>
    public bool SeparateError { get; init; }

    /// <summary>
    /// Give the task settings for Claude Code, at the path in <c>REMOTE_DISPATCH_CLAUDE_SETTINGS</c>, with which it reports each use of a
    /// tool as an event: <c>claude --settings "$REMOTE_DISPATCH_CLAUDE_SETTINGS"</c>.
    /// </summary>
    public bool ReportToolUse { get; init; }

    /// <summary>How long it may run, to the second; null for as long as it takes.</summary>
    public TimeSpan? TimeLimit { get; init; }

    /// <summary>How long it has between TERM and KILL when its time limit strikes. 10 seconds.</summary>
    public TimeSpan StopGrace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long it may be silent (no log, no processor time, no process that comes or goes) before a watch flags it as stalled; zero for
    /// ever, null for what the watch itself says.
    /// </summary>
    public TimeSpan? StallLimit { get; init; }

    /// <summary>What lists show instead of the command's own text, as the name of a script; null for the text.</summary>
    public string? Title { get; init; }

    /// <summary>The command as people see it in a list: one line of at most 200 characters.</summary>
    public string Summary => Text.OneLine(string.Join(' ', [Title ?? Command.Trim(), .. Arguments]), 200);

    /// <summary>Checks everything that can be checked before anything is sent.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: a part cannot be used.</exception>
    public void Validate()
    {
        if (string.IsNullOrWhiteSpace(Command))
            throw Invalid("The command is empty.", "Say what is to run.");
        if (Command.Contains('\0', StringComparison.Ordinal))
            throw Invalid("The command holds a NUL character, which no shell can carry.", "Remove it, or send the bytes encoded (base64).");
        if (Command.Length > LargestCommand || Encoding.UTF8.GetByteCount(Command) > LargestCommand)
            throw Invalid("The command is larger than 16 MiB.", "Put the data into a file on the host, and name it in the command.");
        if (!Text.IsWellFormed(Command))
            throw Invalid("The command is no valid Unicode: it holds half of a surrogate pair.", "Check how the text was cut.");
        if (WorkingDirectory is { } folder && (folder.Length == 0 || folder.Any(c => c is '\0' or '\n' or '\r') || !Text.IsWellFormed(folder)))
            throw Invalid($"{Text.Show(folder)} is no working directory.", "Name a folder on the host.");
        if (!Enum.IsDefined(Runner))
            throw Invalid($"{Runner} is no runner.", $"Take one of {string.Join(", ", Enum.GetNames<TaskRunner>())}.");
        if (TimeLimit is { } limit && (limit <= TimeSpan.Zero || limit > TimeSpan.FromDays(365)))
            throw Invalid("A time limit is more than nothing and at most a year.", "Leave it out for as long as it takes.");
        if (StallLimit is { } silence && (silence < TimeSpan.Zero || silence > LongestStallLimit))
            throw Invalid("A limit of silence is at most a year.", "Use 0 for none.");
        if (StopGrace < TimeSpan.Zero || StopGrace > TimeSpan.FromHours(1))
            throw Invalid("A grace period is at most an hour.", "Use a few seconds.");
        if (Arguments.Any(a => a.Contains('\0', StringComparison.Ordinal) || !Text.IsWellFormed(a)))
            throw Invalid("An argument holds a character that no command line can carry.", "Encode it.");
        foreach (var (name, value) in Environment)
        {
            WorkspaceClient.CheckVariable(name);
            if (value.Contains('\0', StringComparison.Ordinal) || !Text.IsWellFormed(value))
                throw Invalid($"The variable {name} holds a character that no environment can carry.", "Encode the value.");
        }

        TaskAttachment.Check(Attachments);
        if (Agent is not null && Arguments.Count > 0)
            throw Invalid("A prompt takes no arguments.", "Write them into the prompt.");
        if (Sandbox is not null)
            Sandbox.Validate(this);
        Repository?.Validate(this);
        if (!Enum.IsDefined(AgentForwarding))
            throw Invalid($"{AgentForwarding} is no agent forwarding.", $"Take one of {string.Join(", ", Enum.GetNames<AgentForwarding>())}.");
        var names = new HashSet<string>(Environment.Keys, StringComparer.Ordinal);
        if (AgentForwarding != AgentForwarding.None && !names.Add("SSH_AUTH_SOCK"))
            throw Invalid("The variable SSH_AUTH_SOCK is the forwarded agent's.", "Forward the agent, or name the socket of another one, but not both.");
        foreach (var name in CredentialNames)
        {
            WorkspaceClient.CheckVariable(name);
            if (!names.Add(name))
                throw Invalid($"The variable {name} is given twice.", "Leave one of the two out.");
        }
    }

    /// <summary>What tells this request from another with the same id.</summary>
    internal string Digest()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        // Each part with its length, so that no two requests read alike.
        foreach (var part in Parts())
        {
            var bytes = Encoding.UTF8.GetBytes(part);
            hash.AppendData(BitConverter.GetBytes((long)bytes.Length));
            hash.AppendData(bytes);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>The request for <c>task.json</c>: one line, without secrets.</summary>
    internal string ToJson(TaskId id, DateTimeOffset dispatched, TaskAgent? agent = null)
    {
        var json = new JsonObject
        {
            ["version"] = 1,
            ["id"] = id.Value,
            ["command"] = Summary,
            ["dispatched"] = JsonTime.Write(dispatched),
            ["from"] = $"{System.Environment.UserName}@{System.Environment.MachineName}",
        };
        if (WorkingDirectory is { } folder)
            json["workingDirectory"] = folder;
        if (agent is not null)
            json["agent"] = agent.ToJson();
        if (Repository is not null)
            json["repository"] = Repository.ToJson();
        if (LoginShell)
            json["loginShell"] = true;
        if (Runner != TaskRunner.Auto)
            json["runner"] = Runner.ToString();
        if (Sandbox is not null)
            json["sandbox"] = Sandbox.ToJson();
        if (AgentForwarding != AgentForwarding.None)
            json["agentForwarding"] = AgentForwarding.ToString();
        if (ReportToolUse)
            json["reportToolUse"] = true;
        if (SeparateError)
            json["separateError"] = true;
        if (TimeLimit is { } limit)
            json["timeLimitSeconds"] = limit.TotalSeconds;
        if (StallLimit is { } silence)
            json["stallLimitSeconds"] = silence.TotalSeconds;
        if (CredentialNames.Count > 0)
            json["credentials"] = new JsonArray([.. CredentialNames.Select(n => JsonValue.Create(n))]);
        if (Attachments.Count > 0)
            json["files"] = new JsonArray([.. Attachments.Select(f => JsonValue.Create(f.Name))]);
        if (Environment.Count > 0)
            json["environment"] = new JsonObject(Environment.Select(v => KeyValuePair.Create<string, JsonNode?>(v.Key, v.Value)));
        return json.ToJsonString(Layout);
    }

    internal LaunchOrder ToOrder(TaskId id, DateTimeOffset dispatched, TaskAgent? agent = null) => new()
    {
        Id = id.Value,
        Digest = Digest(),
        TaskJson = ToJson(id, dispatched, agent),
        Command = Command,
        Arguments = Arguments,
        Environment = new Dictionary<string, string>([.. Environment, .. Credentials.Select(g => KeyValuePair.Create(g.Name, g.Reveal()))]),
        // One of the repository is entered when that is there.
        WorkingDirectory = Repository is null ? WorkingDirectory ?? "" : "",
        LoginShell = LoginShell,
        Runner = Runner.ToString().ToLowerInvariant(),
        With = [.. Sandbox?.Words() ?? [], .. ReportToolUse ? (string[])["tool-use"] : [], .. SeparateError ? (string[])["stderr"] : [], .. Repository is null ? [] : (string[])["repo"]],
        More = (Sandbox is null ? "" : SandboxWithSource().ToShellText([.. Environment.Keys, .. CredentialNames])) + Repository?.ToShellText(id, this),
        Files = [.. Attachments.Select(f => (f.Name, f.Content))],
        TimeLimit = TimeLimit ?? TimeSpan.Zero,
        Grace = StopGrace,
    };

    /// <summary>A repository on the host's own disk is to be read inside.</summary>
    private SandboxRequest SandboxWithSource() => Repository?.LocalPath is { } path ? Sandbox! with { Paths = [.. Sandbox.Paths, path] } : Sandbox!;

    private IEnumerable<string> Parts()
    {
        yield return Command;
        yield return WorkingDirectory ?? "";
        // A request that names no runner has the digest that it had before there were any.
        yield return (LoginShell ? "login" : "") + (Runner == TaskRunner.Auto ? "" : " " + Runner) + (Sandbox is null ? "" : "\n" + Sandbox.ToJson().ToJsonString(Layout));
        yield return (TimeLimit ?? TimeSpan.Zero).ToString("c", CultureInfo.InvariantCulture);
        yield return Environment.Count.ToString(CultureInfo.InvariantCulture);
        foreach (var (name, value) in Environment.OrderBy(v => v.Key, StringComparer.Ordinal))
        {
            yield return name;
            yield return value;
        }

        foreach (var argument in Arguments)
            yield return argument;

        if (ReportToolUse)
            yield return "tool-use";
        if (Agent is not null)
            yield return $"\0ai {Agent.ToJson().ToJsonString(Layout)}";

        // By name: the digest is kept on the host, and a digest of a short secret would give it away.
        foreach (var grant in Credentials.OrderBy(g => g.Name, StringComparer.Ordinal))
            yield return $"credential {grant.Name}";

        // No argument can begin so.
        if (AgentForwarding != AgentForwarding.None)
            yield return $"\0agent forwarding {AgentForwarding}";
        if (SeparateError)
            yield return "\0stderr apart";
        // What was wanted, and not what was granted: the same request gets another token each time.
        if (ScopedToken is not null)
            yield return $"token {ScopedToken}";
        foreach (var file in Attachments)
            yield return $"\0file {file.Digest}";
        if (StallLimit is { } limit)
            yield return $"\0stall limit {limit.ToString("c", CultureInfo.InvariantCulture)}";
        if (Repository is not null)
            yield return $"\0repository {Repository.ToJson().ToJsonString(Layout)}";
    }

    private static DispatchException Invalid(string message, string remedy) => new(FailureReason.InvalidInput, message, remedy);
}
