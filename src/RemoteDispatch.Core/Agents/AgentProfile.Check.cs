using System.Text.RegularExpressions;

namespace RemoteDispatch.Agents;

public sealed partial record AgentProfile
{
    /// <summary>Does the agent have what the call asks for? Nothing is asked of any host.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: it has not; the message says what it has instead.</exception>
    public void CheckCall(AgentCall call)
    {
        ArgumentNullException.ThrowIfNull(call);
        if (!CanRun)
            throw Refuse($"The profile of '{Name}' does not say how the agent is started.", "Add \"start\" to the profile; docs/agents.md has a template.");
        CheckSession(call);
        if (call.Model is { } model)
        {
            Need(ModelOption, "model", "Leave the model out.");
            CheckValue(model, "a model");
        }

        if (call.MaxTurns is { } turns)
        {
            Need(MaxTurnsOption, "limit of turns", "Leave it out, and give the task a time limit.");
            if (turns < 1)
                throw Refuse("A limit of turns is at least 1.", "Leave it out for as many as it takes.");
        }

        if (call.PermissionMode is { } mode && Mode(mode) is null)
            throw Refuse($"'{Name}' has no permission mode {Text.Show(mode)}.", Modes.Count == 0 ? "Leave the permission mode out." : $"Take one of {string.Join(", ", Modes.Keys)}.");
        if (call.AllowedTools.Count > 0)
            Need(AllowedToolOption, "list of allowed tools", InsteadOfTools(AllowedToolOption, DeniedToolOption, "deny"));
        if (call.DeniedTools.Count > 0)
            Need(DeniedToolOption, "list of denied tools", InsteadOfTools(DeniedToolOption, AllowedToolOption, "allow"));
        if (call.ReportsTools)
            Need(ToolReportOption, "way to report its tools", "Leave that out; what it prints is in the task's log.");
        foreach (var tool in call.AllowedTools.Concat(call.DeniedTools))
            CheckValue(tool, "a tool");
        foreach (var path in call.Attachments)
        {
            CheckValue(path, "a file");
            if (path[0] != '/' && !path.StartsWith("{workspace}/", StringComparison.Ordinal))
                throw Refuse($"{Text.Show(path)} is no absolute path.", "Name the file from the root on.");
        }

        CheckServer(call);
    }

    private void CheckSession(AgentCall call)
    {
        if (call.Resume && !CanResume)
            throw Refuse($"'{Name}' cannot go on in a session.", "Start it anew, with a prompt that says what was done.");
        if (call.Resume && call.Session is null)
            throw Refuse($"The session that '{Name}' is to go on in is not known.", "Look into the task's log, or start the agent anew.");
        if (call.Session is not { } session)
            return;
        if (!IsSession(session))
            throw Refuse($"{Text.Show(session)} is no id of a session.", "Take the one that the task has recorded.");
        if (!call.Resume && !ChoosesSession)
            throw Refuse($"'{Name}' makes the ids of its sessions itself.", "Leave the session out.");
    }

    private void CheckServer(AgentCall call)
    {
        if (call.Server is not { } server)
            return;
        Need(ServerOption, "warm server", "Leave the server out.");
        if (!IsServer(server))
            throw Refuse($"{Text.Show(server)} is no address of a server.", "Write it as http://127.0.0.1:4096.");
        // Settings that go through the environment are those of the process that does the work, and that is the server.
        if (Parts(call).Any(p => p.Environment.Count + p.Files.Count > 0))
            throw Refuse($"A server of '{Name}' has settings of its own: a limit of turns, tools or a mode cannot be given to it here.", "Leave them out, or run the agent without the server.");
    }

    internal static bool IsSession(string text) => SessionPattern().IsMatch(text);

    internal static bool IsServer(string text) => Uri.TryCreate(text, UriKind.Absolute, out var uri)
        && uri.Scheme is "http" or "https" && uri.UserInfo.Length == 0 && text.All(c => c is > ' ' and < (char)127);

    private void Need(AgentOption? option, string what, string remedy)
    {
        if (option is null)
            throw Refuse($"'{Name}' has no {what}.", remedy);
    }

    private string InsteadOfTools(AgentOption? missing, AgentOption? other, string way) => missing is null && other is not null
        ? $"It has a list of tools to {way}{(Modes.Count > 0 ? $", and the permission modes {string.Join(", ", Modes.Keys)}" : "")}."
        : Modes.Count > 0 ? $"It has the permission modes {string.Join(", ", Modes.Keys)}." : "Leave the list out.";

    /// <summary>What stands alone as a word could be read as an option.</summary>
    private static void CheckValue(string value, string what)
    {
        if (string.IsNullOrWhiteSpace(value) || value[0] == '-' || value.Any(char.IsControl) || value.Length > 4096 || !AgentOption.IsWellFormed(value))
            throw Refuse($"{Text.Show(value)} is no name of {what}.", "Write it as the agent's documentation does; it cannot begin with '-' nor hold control characters.");
    }

    private static DispatchException Refuse(string message, string remedy) => new(FailureReason.InvalidInput, message, remedy);

    [GeneratedRegex(@"\A[A-Za-z0-9_][A-Za-z0-9._:-]{0,127}\z")]
    private static partial Regex SessionPattern();
}
