using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text;
using RemoteDispatch.Agents;
using RemoteDispatch.Connections;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Cli.Verbs;

/// <summary>What <c>run</c> takes, and the request that it makes of it.</summary>
internal static class RunOptions
{
    public static readonly Option<string[]> Hosts = Common.Hosts("Where to run it: a name of the inventory, an address, or a set of them ('web[1-20]!web7', '@gpu'); may be given several times. [default: the host that the text names (# target:NAME on its first line), else local]");
    public static readonly Option<string[]> Capabilities = new("--capability") { Description = "Instead of --host: the host of the inventory that has this, and the fewest tasks of yours; may be given several times, for a host that has all. (All hosts that have it: --host '@WORD'.)", HelpName = "WORD" };
    public static readonly Option<long?> First = Common.Number("--first", "With --capability: so many hosts, the healthy ones with the fewest running tasks, by their own word.", "N", 1);
    public static readonly Option<string?> Id = new("--id") { Description = "The task's id. Dispatched again with it, the same task never runs twice.", HelpName = "ID" };
    public static readonly Option<bool> Wait = new("--wait") { Description = "Follow the log, and end with the task's own exit code." };
    public static readonly Option<TimeSpan?> Timeout = Common.Span("--timeout", "The task's time limit. The host keeps to it, whoever waits.");
    public static readonly Option<TimeSpan?> StallLimit = Common.Span("--stall-limit", "How long it may be silent before 'rdispatch watch' flags it as stalled; 0 for ever. [default: what the watch says]");
    public static readonly Option<string?> Directory = new("--directory") { Description = "Where the command runs: a folder on the host, or of the --repository. [default: the home, or the repository]", HelpName = "DIR" };
    public static readonly Option<string[]> Environment = new("--env") { Description = "A variable for the task; may be given several times. It is recorded on the host: no place for secrets.", HelpName = "NAME=VALUE" };
    public static readonly Option<bool> LoginShell = new("--login-shell") { Description = "Run it through the user's login shell, for hosts whose PATH is set in a profile." };
    public static readonly Option<TaskRunner> Runner = new("--runner")
    {
        Description = "What keeps the task alive on the host: auto, session, tmux (attach to it with 'rdispatch attach') or systemd. [default: auto]", HelpName = "RUNNER",
        CustomParser = ParseRunner,
    };
    public static readonly Option<bool> SeparateError = new("--separate-error") { Description = "Keep the task's stderr apart from its stdout, in a log of its own; else both are in one log, in true order." };
    public static readonly Option<bool> ReportToolUse = new("--report-tool-use") { Description = "Give the task settings with which Claude Code reports each use of a tool as an event: claude --settings \"$REMOTE_DISPATCH_CLAUDE_SETTINGS\"." };
    public static readonly Option<long?> Throttle = Common.Number("--throttle", $"How many hosts are worked on side by side. [default: {Results.DefaultThrottle}]", "N", 1);
    public static readonly Option<string?> File = new("--file") { Description = "Send this script instead of COMMAND; '-' is stdin.", HelpName = "PATH" };
    public static readonly Argument<string[]> Command = new("COMMAND")
    {
        Description = "Behind '--'. One word is shell text as it stands; several words are one command and its arguments, each as it is.",
        Arity = ArgumentArity.ZeroOrMore, DefaultValueFactory = _ => [],
    };

    /// <summary>Is there one thing to run?</summary>
    public static void ValidateWhat(CommandResult result)
    {
        var words = result.GetResult(Command)?.Tokens.Count ?? 0;
        if (result.GetResult(File) is null == (words == 0))
            result.AddError(words == 0 ? "There is nothing to run: put the command or the prompt behind '--', or name a file with --file." : "A file and a command are one too many.");
        foreach (var variable in result.GetResult(Environment)?.Tokens ?? [])
        {
            if (variable.Value.IndexOf('=', StringComparison.Ordinal) < 1)
                result.AddError($"'{variable.Value}' is no variable: write NAME=VALUE.");
        }

        CredentialOptions.Validate(result);
    }

    /// <summary>Finds what does not fit together before anything is done.</summary>
    public static void Validate(CommandResult result)
    {
        ValidateWhat(result);
        if (result.GetResult(Capabilities) is null && result.GetResult(First) is not null)
            result.AddError("--first chooses among the hosts that have a --capability.");
        if (result.GetResult(Capabilities) is not null && result.GetResult(Hosts) is not null)
            result.AddError("--host and --capability are one too many.");
        SandboxOptions.Validate(result);
        RepositoryOptions.Validate(result);
        TokenOptions.Validate(result);
        PromptOptions.Validate(result);
    }

    /// <summary>Makes the request, and checks it.</summary>
    /// <exception cref="DispatchException">A part of it cannot be used.</exception>
    public static async Task<TaskRequest> ToRequestAsync(Invocation run, string? id, AgentRequest? agent)
    {
        var words = run.Get(Command);
        // Else a misspelt option would become a part of the command, and the command would run in the wrong place.
        if (words.Length != run.WordsBehindDashes)
            throw new DispatchException(FailureReason.InvalidInput, $"'{words[0]}' is no option of run.", "Put the command or the prompt behind '--': rdispatch run -- COMMAND.");
        var environment = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var variable in run.Get(Environment) ?? [])
        {
            var cut = variable.IndexOf('=', StringComparison.Ordinal);
            environment[variable[..cut]] = variable[(cut + 1)..];
        }

        var request = new TaskRequest
        {
            Command = run.Get(File) is { } path ? await ReadScriptAsync(path, run.Token).ConfigureAwait(false) : agent is null ? ToShellText(words) : string.Join(' ', words),
            Agent = agent,
            Attachments = await PromptOptions.ReadAttachmentsAsync(run).ConfigureAwait(false),
            Id = id is null ? null : TaskId.Parse(id),
            WorkingDirectory = run.Get(Directory),
            Repository = RepositoryOptions.Read(run),
            Environment = environment,
            Credentials = await CredentialOptions.FetchAsync(run).ConfigureAwait(false),
            ScopedToken = await TokenOptions.ReadAsync(run).ConfigureAwait(false),
            LoginShell = run.Get(LoginShell),
            Runner = run.Get(Runner),
            Sandbox = SandboxOptions.Read(run),
            AgentForwarding = AgentOptions.Of(run),
            SeparateError = run.Get(SeparateError),
            ReportToolUse = run.Get(ReportToolUse),
            TimeLimit = run.Get(Timeout),
            StallLimit = run.Get(StallLimit),
        };
        request.Validate();
        return request;
    }

    /// <summary>One word is shell text already; several are a command and its arguments, which no shell may take apart again.</summary>
    internal static string ToShellText(IReadOnlyList<string> words) => words is [var text] ? text : ShellQuote.Join(words);

    private static TaskRunner ParseRunner(ArgumentResult result)
    {
        var word = result.Tokens[0].Value;
        if (Enum.GetNames<TaskRunner>().Contains(word, StringComparer.OrdinalIgnoreCase))
            return Enum.Parse<TaskRunner>(word, ignoreCase: true);
        result.AddError($"'{word}' is no runner: take {string.Join(", ", Enum.GetNames<TaskRunner>().Select(n => n.ToLowerInvariant()))}.");
        return TaskRunner.Auto;
    }

    private static async Task<string> ReadScriptAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            var content = new MemoryStream();
            var source = path == "-" ? Console.OpenStandardInput() : System.IO.File.OpenRead(path);
            await using (source.ConfigureAwait(false))
                await source.CopyToAsync(content, cancellationToken).ConfigureAwait(false);
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(content.GetBuffer(), 0, (int)content.Length);
        }
        catch (DecoderFallbackException e)
        {
            throw new DispatchException(FailureReason.InvalidInput, $"The script '{path}' is not UTF-8.", "Convert it, or copy it to the host and run it there.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            var why = System.IO.Directory.Exists(path) ? "it is a folder." : e.Message;
            throw new DispatchException(FailureReason.LocalFile, $"The script '{path}' cannot be read: {why}", "Check its path and permissions.", e);
        }
    }
}
