using System.Globalization;
using System.Text;
using RemoteDispatch.Connections;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Workspaces;

/// <summary>
/// The contract with the host as typed calls, each of them one request: <c>docs/workspace.md</c> describes it, and
/// <c>host.sh</c>, <c>runner.sh</c>, <c>wrapper.sh</c> and <c>process.sh</c> are its other side.
/// </summary>
internal sealed partial class WorkspaceClient : IAsyncDisposable
{
    // Not every variable may come from outside: these are the contract's own, and those of its shell functions.
    private static readonly string[] Reserved = ["REMOTE_DISPATCH_", "RD_", "rd_"];

    // What a function of host.sh returns when it could not even look; its reason is on stdout.
    private const int RefusedCode = 9;

    private readonly ChannelPool _pool;

    public WorkspaceClient(ConnectionOptions options) =>
        _pool = new ChannelPool((host, use) => (use == ChannelUse.Feed ? FeedResident : Resident) + (host.ForwardAgent ? Forwarding : ""), options);

    public ConnectionOptions Options => _pool.Options;

    /// <summary>What each channel is taught: the functions, and the wrapper's two texts for the tasks to come.</summary>
    internal static string Resident { get; } =
        $"RD_PROCESS={ShellQuote.Quote(ShellText.Load("process.sh"))}\nRD_WRAPPER={ShellQuote.Quote(ShellText.Load("wrapper.sh"))}\n"
        + $"eval \"$RD_PROCESS\"\n{ShellText.Load("runner.sh")}{ShellText.Load("host.sh")}";

    /// <summary>What a channel is taught, beside that, which forwards an SSH agent: <c>forwarding.sh</c>, and the text of a task's own ssh.</summary>
    internal static string Forwarding { get; } =
        $"RD_FRONT={ShellQuote.Quote(ShellText.Load("ssh-agent.sh") + ShellText.Load("ssh-front.sh"))}\n"
        + ShellText.Load("ssh-agent.sh") + ShellText.Load("forwarding.sh");

    /// <inheritdoc cref="ChannelPool.SettleAsync"/>
    public Task<DispatchHost> SettleAsync(DispatchHost host, CancellationToken cancellationToken) => _pool.SettleAsync(host, cancellationToken);

    /// <inheritdoc cref="Connector.ReadKeyAsync"/>
    public Task<HostKey> ReadHostKeyAsync(DispatchHost host, CancellationToken cancellationToken) => _pool.Connector.ReadKeyAsync(host, cancellationToken);

    /// <inheritdoc cref="ChannelPool.CloseUnusedAsync"/>
    public Task CloseUnusedAsync(DispatchHost host) => _pool.CloseUnusedAsync(host);

    /// <inheritdoc cref="ChannelPool.PreflightOf"/>
    public IReadOnlyList<PreflightStep> PreflightOf(DispatchHost host) => _pool.PreflightOf(host);

    /// <summary>Starts a task, once, however often it is asked.</summary>
    public async Task<LaunchAnswer> LaunchAsync(DispatchHost host, LaunchOrder order, CancellationToken cancellationToken)
    {
        var reply = await AskAsync(host, ChannelUse.Control, LaunchScript(host, order), cancellationToken).ConfigureAwait(false);
        var line = reply.Text.Trim();
        var (word, rest) = Cut(line);
        return Understand<LaunchAnswer>(host, line, () => word.Split('+')[0] switch
        {
            "started" => new LaunchAnswer.Started((Running)WorkspaceState.Parse("running" + line["started".Length..])),
            "taken" => new LaunchAnswer.Taken(WorkspaceState.Parse(rest)),
            "conflict" => new LaunchAnswer.Conflict(),
            "refused" => new LaunchAnswer.Refused(Text.OneLine(rest, 400)),
            "over" when rest.Split(' ') is [var used, var most] => new LaunchAnswer.OverLimit(Kibibytes(used), Kibibytes(most)),
            "busy" => ReadBusy(host, rest.Split(' ')),
            "full" => new LaunchAnswer.Full(DiskRoom.Parse(rest)),
            "unfit" when rest.Split('\t') is [var why, var remedy] => new LaunchAnswer.Refused(Text.OneLine(why, 400), Text.OneLine(remedy, 400)),
            _ => throw new FormatException(reply.ErrorText),
        });
    }

    /// <summary>The states of any number of tasks, in one round trip, in the order of the ids.</summary>
    public async Task<IReadOnlyList<WorkspaceState>> StatusAsync(DispatchHost host, IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        var lines = await AskLinesAsync(host, ShellCall.To("rd_status").With(Root(host)).With(ids), cancellationToken).ConfigureAwait(false);
        return Understand(host, string.Join('\n', lines), () => ids.Select((id, i) =>
            lines[i].StartsWith(id + ' ', StringComparison.Ordinal) ? WorkspaceState.ParseOrUnreadable(lines[i][(id.Length + 1)..]) : throw new FormatException()).ToArray());
    }

    /// <summary>All workspaces of the host, with the text of their <c>task.json</c> (empty where there is none yet).</summary>
    public async Task<IReadOnlyList<(string Id, WorkspaceState State, string TaskJson)>> ListAsync(DispatchHost host, CancellationToken cancellationToken)
    {
        var lines = await AskLinesAsync(host, ShellCall.To("rd_list").With(Root(host)), cancellationToken).ConfigureAwait(false);
        return Understand(host, string.Join('\n', lines), () => lines.Chunk(2).Select(pair =>
        {
            var (id, state) = Cut(pair[0]);
            return (id, WorkspaceState.ParseOrUnreadable(state), pair[1]);
        }).ToArray());
    }

    /// <summary>The task's state, and then bytes of one of its files: no state 'ended' without its last byte behind it.</summary>
    /// <param name="host">The host.</param>
    /// <param name="id">The task.</param>
    /// <param name="file">The file.</param>
    /// <param name="offset">The first byte wanted.</param>
    /// <param name="count">At most so many.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<(WorkspaceState State, ReadOnlyMemory<byte> Bytes)> ReadAsync(
        DispatchHost host, string id, FeedWhat file, long offset, int count, CancellationToken cancellationToken)
    {
        var call = ShellCall.To("rd_log").With(Root(host)).With(id).With(offset).With(count).With(Word(file));
        var reply = await AskAsync(host, ChannelUse.Bulk, call.ToString(), cancellationToken).ConfigureAwait(false);
        if (reply.ExitCode != 0)
        {
            throw new DispatchException(
                FailureReason.WorkspaceRefused, $"The {Word(file)} of the task '{id}' on host '{host.Name}' cannot be read: {Text.OneLine(reply.ErrorText.Trim(), 200)}.",
                "Look at the file in the workspace on the host: its owner, its permissions, the disk.") { Host = host.Name, TaskId = id };
        }

        var line = reply.Output.Span.IndexOf((byte)'\n');
        var state = line < 0 ? "" : Encoding.UTF8.GetString(reply.Output.Span[..line]);
        return (Understand(host, state, () => WorkspaceState.Parse(state)), reply.Output[(line + 1)..]);
    }

    /// <summary>The offset at which the last lines of a file begin.</summary>
    public async Task<long> TailOffsetAsync(DispatchHost host, string id, FeedWhat file, long lines, bool follow, CancellationToken cancellationToken)
    {
        var call = ShellCall.To("rd_tail").With(Root(host)).With(id).With(lines).With(Word(file));
        var reply = await AskAsync(host, follow ? ChannelUse.Feed : ChannelUse.Bulk, call.ToString(), cancellationToken).ConfigureAwait(false);
        return Understand(host, reply.Text, () => long.Parse(reply.Text.Trim(), CultureInfo.InvariantCulture));
    }

    /// <summary>One step of a stop.</summary>
    /// <returns>How many processes of the task were there before the step, its wrapper not counted; and the state after it.</returns>
    public async Task<(int Left, WorkspaceState State)> StopAsync(
        DispatchHost host, string id, StopStep step, CancellationToken cancellationToken, string why = "")
    {
        var word = step.ToString().ToUpperInvariant();
        var lines = await AskLinesAsync(host, ShellCall.To("rd_stop").With(Root(host)).With(id).With(word).With(Text.OneLine(why, 400)), cancellationToken).ConfigureAwait(false);
        return Understand(host, lines[0], () =>
        {
            var (left, state) = Cut(lines[0]);
            return (int.Parse(left, CultureInfo.InvariantCulture), WorkspaceState.Parse(state));
        });
    }

    /// <summary>Removes the workspace of a task that does not run.</summary>
    /// <returns>Null when it is gone; else the state that stands in the way (<see cref="Absent"/> or <see cref="Running"/>).</returns>
    public async Task<WorkspaceState?> RemoveAsync(DispatchHost host, string id, bool keepLog, CancellationToken cancellationToken)
    {
        var call = ShellCall.To("rd_remove").With(Root(host)).With(id).With(keepLog ? 1 : 0);
        var lines = await AskLinesAsync(host, call, cancellationToken).ConfigureAwait(false);
        return lines[0] == "removed" ? null : Understand(host, lines[0], () => WorkspaceState.Parse(lines[0]));
    }

    /// <summary>Has a running task an SSH agent, and did this connection bring one?</summary>
    /// <returns><c>yes</c>, <c>no</c> (the task has none), or <c>none</c> (none came).</returns>
    public async Task<string> AgentOfAsync(DispatchHost host, string id, CancellationToken cancellationToken) =>
        (await AskLinesAsync(host, ShellCall.To("rd_agent_of").With(Root(host)).With(id), cancellationToken).ConfigureAwait(false))[0];

    /// <summary>What a host answers to the one request of a check: lines of a name, a blank, and a value.</summary>
    /// <param name="host">The host.</param>
    /// <param name="request">Makes the request, given the host's workspace root.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<IReadOnlyList<string>> FactsAsync(DispatchHost host, Func<string, string> request, CancellationToken cancellationToken) =>
        (await AskAsync(host, ChannelUse.Control, request(Root(host)), cancellationToken).ConfigureAwait(false)).Text.Split('\n');

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _pool.DisposeAsync();

    /// <summary>Is this a name that a task's variable can have?</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: it is not.</exception>
    public static void CheckVariable(string name)
    {
        var fits = name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
        if (!fits || Reserved.Any(r => name.StartsWith(r, StringComparison.Ordinal)))
        {
            throw new DispatchException(
                FailureReason.InvalidInput, $"{Text.Show(name)} cannot be the name of a task's variable.",
                $"Use letters, digits and '_', the first no digit; names that begin with {string.Join(", ", Reserved)} are taken.");
        }
    }

    private string LaunchScript(DispatchHost host, LaunchOrder order)
    {
        var script = new StringBuilder();
        script.Append("rd_command=").Append(ShellQuote.Quote(order.Command)).Append('\n');
        script.Append("rd_task=").Append(ShellQuote.Quote(order.TaskJson)).Append('\n');
        script.Append("rd_more=").Append(ShellQuote.Quote(order.Run.Length > 0 ? $"rd_run={ShellQuote.Quote(order.Run)}\n{order.More}" : order.More)).Append('\n');
        script.Append("rd_tool=").Append(ShellQuote.Quote(Tool)).Append('\n');
        script.Append("rd_env() {\n:\n").Append(host.WorkerLimit == WorkerLimit.None ? "" : "exec 9>&-\n");
        foreach (var (name, value) in order.Environment)
        {
            CheckVariable(name);
            // The wrapper needs the host's own PATH to the end: the task's goes beside it and is put in place last.
            script.Append("export ").Append(name == "PATH" ? "REMOTE_DISPATCH_PATH" : name).Append('=').Append(ShellQuote.Quote(value)).Append('\n');
        }

        script.Append("}\n").Append(Lay(order.Files)).Append(PaceBegin(host));
        script.Append(MeasureFirst(host, order)).Append(Pace(host)).Append(ShellCall.To("rd_launch").With(Root(host)).With(order.Id).With(order.Digest).With(HostChannel.NewNonce())
            .With(Seconds(order.TimeLimit)).With(Seconds(order.Grace)).With(order.LoginShell ? 1 : 0)
            .With(order.Run.Length > 0 ? "" : Interpreter(order.Command)).With(order.WorkingDirectory).With(order.Runner)
            .With(string.Join(' ', [.. order.With, .. Words(order)])).With(order.Arguments));
        script.Append(host.WorkspaceLimit is null ? "" : "; fi").Append(PaceEnd(host)).Append("\nunset rd_command rd_task rd_tool rd_more; unset -f rd_env");
        script.Append(order.Files.Count > 0 ? " rd_lay rd_lay_one rd_decode" : "");
        return script.ToString();
    }

    private static IEnumerable<string> Words(LaunchOrder order)
    {
        if (order.Files.Count > 0)
            yield return "files";
        if (order.Run.Length > 0)
            yield return "run";
    }

    /// <summary>A function that lays the files into a folder. They travel as base64: no shell carries a NUL.</summary>
    private static StringBuilder Lay(IReadOnlyList<(string Name, ReadOnlyMemory<byte> Content)> files)
    {
        var script = new StringBuilder();
        if (files.Count == 0)
            return script;
        script.Append(ShellText.Load("files.sh")).Append("rd_lay() {\n");
        foreach (var (name, content) in files)
            script.Append("rd_lay_one \"$1\" ").Append(ShellQuote.Quote(name)).Append(' ').Append(ShellQuote.Quote(Convert.ToBase64String(content.Span))).Append(" &&\n");
        return script.Append(":\n}\n");
    }

    private static long Seconds(TimeSpan span) => (long)Math.Ceiling(span.TotalSeconds);

    private static string Interpreter(string command)
    {
        if (!command.StartsWith("#!", StringComparison.Ordinal))
            return "";
        var line = command.AsSpan(2, Math.Min(command.Length - 2, 255));
        line = line[..(line.IndexOf('\n') is >= 0 and var end ? end : line.Length)].Trim();
        return line[..(line.IndexOfAny(' ', '\t') is >= 0 and var blank ? blank : line.Length)].ToString();
    }

    private static string Root(DispatchHost host) => host.WorkspaceRoot ?? "";

    private static (string Word, string After) Cut(string line) =>
        line.IndexOf(' ', StringComparison.Ordinal) is >= 0 and var at ? (line[..at], line[(at + 1)..]) : (line, "");

    private async Task<string[]> AskLinesAsync(DispatchHost host, ShellCall call, CancellationToken cancellationToken)
    {
        var reply = await AskAsync(host, ChannelUse.Control, call.ToString(), cancellationToken).ConfigureAwait(false);
        var lines = reply.Text.Split('\n')[..^1];
        return lines.Length == 0 && reply.Output.Length > 0 ? [reply.Text] : lines;
    }

    private async Task<ChannelReply> AskAsync(DispatchHost host, ChannelUse use, string script, CancellationToken cancellationToken)
    {
        var reply = await _pool.RequestAsync(host, use, WithAgent(host, script), cancellationToken).ConfigureAwait(false);
        if (reply.ExitCode == RefusedCode && reply.Text.StartsWith("full ", StringComparison.Ordinal))
        {
            throw new DispatchException(
                FailureReason.DiskFull, $"The disk of host '{host.Name}' is full: {DiskRoom.Parse(reply.Text[5..].TrimEnd())}.",
                $"Make room there: Get-RemoteTaskWorkspace {host.Name} shows what tasks have left, Remove-RemoteTaskWorkspace -OlderThan 7d removes it.") { Host = host.Name };
        }

        if (reply.ExitCode == RefusedCode && reply.Text is { } said && said.StartsWith("refused ", StringComparison.Ordinal))
            throw Refused(host, said);
        return reply;
    }

    /// <summary>Whatever is asked, the tasks' link to the agent is looked after, in the same request.</summary>
    private static string WithAgent(DispatchHost host, string script) =>
        host.ForwardAgent ? $"{ShellCall.To("rd_agent").With(Root(host))}\n{script}" : script;

    private static DispatchException Refused(DispatchHost host, string said) => new(
        FailureReason.WorkspaceRefused, $"Host '{host.Name}' refused: {Text.OneLine(said["refused ".Length..].Trim(), 300)}.",
        "Mend that on the host, or name another workspace root.") { Host = host.Name };

    private static T Understand<T>(DispatchHost host, string said, Func<T> parse)
    {
        try
        {
            return parse();
        }
        catch (Exception e) when (e is FormatException or OverflowException or IndexOutOfRangeException or InvalidCastException or ArgumentException)
        {
            throw new DispatchException(
                FailureReason.UnexpectedReply, $"Host '{host.Name}' answered {Text.Show(said)}{(e.Message.Length > 0 ? $" ({Text.OneLine(e.Message, 200)})" : "")}.",
                "Are the records in the workspace damaged? Look into it on the host.", e) { Host = host.Name };
        }
    }
}

/// <summary>The steps of a stop, in the order in which they are taken.</summary>
internal enum StopStep
{
    /// <summary>Asks the task to end.</summary>
    Term,

    /// <summary>Looks how many processes are left.</summary>
    Look,

    /// <summary>Ends everything but the wrapper, which is to write the record.</summary>
    Kill,

    /// <summary>Ends the wrapper too, and writes the record for it.</summary>
    End,
}
