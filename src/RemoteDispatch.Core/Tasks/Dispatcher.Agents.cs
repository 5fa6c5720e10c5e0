using System.Globalization;
using System.Text;
using RemoteDispatch.Agents;
using RemoteDispatch.Health;
using RemoteDispatch.Hosts;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Tasks;

public sealed partial class Dispatcher
{
    /// <summary>An AI agent as a launch starts it: its profile, where it is on the host, and what the run is to have.</summary>
    private sealed record AgentLaunch(AgentProfile Profile, string Path, AgentCall Call, bool ThroughLogin, string? Resumes)
    {
        public TaskAgent Agent => new()
        {
            Name = Profile.Name,
            Model = Call.Model,
            MaxTurns = Call.MaxTurns,
            PermissionMode = Call.PermissionMode,
            SkipsPermissions = Profile.SkipsPermissions(Call.PermissionMode),
            Session = Call.Session,
            Resumes = Resumes,
        };
    }

    /// <summary>The agents that are known: those that are built in, and the user's own.</summary>
    /// <exception cref="DispatchException">A file of the user's agents cannot be used.</exception>
    public IReadOnlyList<AgentProfile> Agents => AgentProfiles.Read(Options.AgentFolder);

    /// <summary>Checks what can be checked of an agent's run before any host is asked.</summary>
    /// <param name="request">The request.</param>
    /// <param name="folder">Where the user's files about AI agents are; null for the user's own place.</param>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: there is no such agent, or it has no such thing.</exception>
    public static void CheckAgent(TaskRequest request, string? folder = null)
    {
        if (request.Agent is { Name: not AgentRequest.Auto } agent)
            CheckCall(AgentProfiles.Find(folder ?? UserFolders.Agents, agent.Name), CallOf(request, agent), request);
    }

    private static void CheckCall(AgentProfile profile, AgentCall call, TaskRequest request)
    {
        profile.CheckCall(call);
        // Both lie in one folder, and one of the two would be gone without a word.
        if (request.Attachments.FirstOrDefault(a => profile.Files(call).ContainsKey(FilesFolder + a.Name)) is { } file)
            throw new DispatchException(FailureReason.InvalidInput, $"'{profile.Name}' is given a file '{file.Name}' of its own, by its profile.", "Rename the file that is to go with the task.");
    }

    /// <summary>Would the agent run with its own permission system switched off? Where it is to be any: would any of them?</summary>
    public static bool SkipsPermissions(TaskRequest request, string? folder = null) => request.Agent is { Call.PermissionMode: { } mode } agent
        && AgentProfiles.Read(folder ?? UserFolders.Agents).Any(p => (agent.Name is AgentRequest.Auto || agent.Name.Equals(p.Name, StringComparison.OrdinalIgnoreCase)) && p.SkipsPermissions(mode));

    /// <summary>Finds the agent that a request asks for; null where it asks for none.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.LaunchFailed"/>: the host has none.</exception>
    private async Task<AgentLaunch?> FindAgentAsync(DispatchHost place, TaskRequest request, CancellationToken cancellationToken)
    {
        if (request.Agent is not { } agent)
            return null;
        var profiles = agent.Name == AgentRequest.Auto ? Agents.Where(a => a.CanRun).ToArray() : [AgentProfiles.Find(Options.AgentFolder, agent.Name)];
        var found = await AgentSearch.OnAsync(_workspaces, place, profiles, cancellationToken).ConfigureAwait(false);
        if (profiles.FirstOrDefault(p => found.Paths.ContainsKey(p.Name)) is not { } profile)
        {
            var doubt = found.IsLoginSilent ? " (its login shell gave no answer, so that its PATH is not known)" : "";
            throw new DispatchException(
                FailureReason.LaunchFailed, $"The task was not started: {(profiles.Length > 1 ? "none of the agents " : "the agent ")}{string.Join(", ", profiles.Select(p => p.Name))} is on host '{place.Name}'{doubt}.",
                $"Install one there, for the user of the connection; 'Test-DispatchHost {place.Name}' or 'rdispatch check {place.Name}' shows which are found.");
        }

        var call = CallOf(request, agent);
        if (call.Session is null && profile.ChoosesSession)
            call = call with { Session = AgentProfile.NewSession() };
        call = call with { Server = call.Server ?? profile.Server };
        CheckCall(profile, call, request);
        // What a login sets up is what its tools need; but a profile that hangs would hang the task.
        return new AgentLaunch(profile, found.Paths[profile.Name], call, request.LoginShell || (request.Sandbox is null && !found.IsLoginSilent), agent.Resumes);
    }

    /// <summary>The order for an agent: the prompt in its frame, and the script that gives it to the agent.</summary>
    private LaunchOrder WithAgent(LaunchOrder order, TaskRequest request, AgentLaunch? launch, DispatchHost place)
    {
        if (launch is null)
            return order;
        var own = request.Environment.Keys.Concat(request.CredentialNames).ToHashSet(StringComparer.Ordinal);
        var variables = launch.Profile.Environment(launch.Call).Where(v => !own.Contains(v.Key)).Select(v => $"{v.Key}={v.Value}").ToArray();
        var prompt = request.Agent!.Frame is { } frame
            ? AgentFrame.Around(frame, request.Command, order.Id, place.Name, LineageOf(order.Id, request.Summary), [.. request.Attachments.Select(a => a.Name)]) : request.Command;
        return order with
        {
            Command = prompt,
            Run = ShellText.Load("run.sh"),
            Arguments = [variables.Length.ToString(CultureInfo.InvariantCulture), .. variables, launch.Path, .. launch.Profile.Words(launch.Call)],
            Files = [.. order.Files, .. launch.Profile.Files(launch.Call).Select(f => (f.Key.Replace(FilesFolder, "", StringComparison.Ordinal), (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(f.Value)))],
            LoginShell = launch.ThroughLogin,
        };
    }

    private const string FilesFolder = "{workspace}/files/";

    private static AgentCall CallOf(TaskRequest request, AgentRequest agent) => agent.Call with
    {
        Attachments = [.. agent.Call.Attachments, .. request.Attachments.Select(a => FilesFolder + a.Name)],
        // In a session that goes on, the frame of its beginning is still known.
        Reports = agent.Frame is not null || agent.Resumes is not null,
        ReportsTools = request.ReportToolUse,
    };

    private string LineageOf(string id, string title)
    {
        var above = AgentLineage.Above(id);
        return above.Count == 0 ? "" : AgentLineage.Of(id, title, Options.Ledger.Beginning(above[0]).GroupBy(t => t.Id, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.First().Command, StringComparer.Ordinal));
    }
}
