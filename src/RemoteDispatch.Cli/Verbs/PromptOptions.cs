using System.CommandLine;
using System.CommandLine.Parsing;
using RemoteDispatch.Agents;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Cli.Verbs;

/// <summary>What <c>run</c> and <c>resume</c> take of an AI agent whose prompt the command is.</summary>
internal static class PromptOptions
{
    public static readonly Option<string?> Agent = new("--agent")
    {
        Description = "COMMAND, or the file, is a prompt for this AI agent: claude, opencode, codex, gemini, one of your own profiles, or auto for the first that the host has.", HelpName = "AGENT",
    };
    public static readonly Option<string?> Model = new("--model") { Description = "The model, in the agent's own words.", HelpName = "MODEL" };
    public static readonly Option<long?> MaxTurns = Common.Number("--max-turns", "After how many turns the agent stops.", "N", 1);
    public static readonly Option<string?> PermissionMode = new("--permission-mode") { Description = "What the agent may do without being asked, in its own word (acceptEdits, plan, auto, yolo, …).", HelpName = "MODE" };
    public static readonly Option<string[]> AllowedTools = new("--allowed-tool") { Description = "A tool that the agent may use without being asked, in its own words; may be given several times.", HelpName = "TOOL" };
    public static readonly Option<string[]> DeniedTools = new("--denied-tool") { Description = "A tool that the agent may not use, in its own words; may be given several times.", HelpName = "TOOL" };
    public static readonly Option<string?> Server = new("--agent-server") { Description = "The address of a warm server of the agent on the host (opencode serve).", HelpName = "URL" };
    public static readonly Option<bool> NoFrame = new("--no-frame") { Description = "Leave the prompt alone: no text around it that says who the agent works as and how it reports." };
    public static readonly Option<string?> FrameFile = new("--frame-file") { Description = "A template for the text around the prompt.", HelpName = "PATH" };
    public static readonly Option<bool> Yes = new("--yes") { Description = "Do not ask before an agent runs with its own permission system switched off." };
    public static readonly Option<string[]> Attachments = new("--attach") { Description = "A file of this machine that lies in the task's folder $REMOTE_DISPATCH_WORKSPACE/files when it begins; may be given several times.", HelpName = "PATH" };

    /// <summary>What says how an agent runs, for <c>resume</c> too.</summary>
    public static IReadOnlyList<Option> OfARun { get; } = [Model, MaxTurns, PermissionMode, AllowedTools, DeniedTools, Server, Yes];

    /// <summary>All of them, for <c>run</c>.</summary>
    public static IReadOnlyList<Option> All { get; } = [Agent, .. OfARun, NoFrame, FrameFile, Attachments];

    /// <summary>Finds a part of an agent's run where there is none.</summary>
    public static void Validate(CommandResult result)
    {
        if (result.GetResult(NoFrame) is { Implicit: false } && result.GetResult(FrameFile) is not null)
            result.AddError("--no-frame and --frame-file contradict each other.");
        if (result.GetResult(Agent) is null && OfARun.Append(NoFrame).Append(FrameFile).FirstOrDefault(o => result.GetResult(o) is { Implicit: false }) is { } lonely)
            result.AddError($"{lonely.Name} is about an agent: add --agent.");
    }

    /// <summary>The agent that <c>run</c> is to send the prompt to; null for none.</summary>
    /// <exception cref="DispatchException">The frame cannot be read.</exception>
    public static AgentRequest? Read(Invocation run) => run.Get(Agent) is not { } name ? null : new AgentRequest
    {
        Name = name,
        Call = Call(run),
        Frame = run.Get(NoFrame) ? null : run.Get(FrameFile) is { } path ? AgentFrame.ReadFile(path) : AgentFrame.Template(run.Dispatcher.Options.AgentFolder),
    };

    /// <summary>What the run is to have.</summary>
    public static AgentCall Call(Invocation run) => new()
    {
        Model = run.Get(Model),
        MaxTurns = (int?)run.Get(MaxTurns),
        PermissionMode = run.Get(PermissionMode),
        AllowedTools = run.Get(AllowedTools) ?? [],
        DeniedTools = run.Get(DeniedTools) ?? [],
        Server = run.Get(Server),
    };

    /// <summary>The files that go with it.</summary>
    /// <exception cref="DispatchException">One cannot be read.</exception>
    public static async Task<IReadOnlyList<TaskAttachment>> ReadAttachmentsAsync(Invocation run)
    {
        var files = new List<TaskAttachment>();
        foreach (var path in run.Get(Attachments) ?? [])
            files.Add(await TaskAttachment.ReadAsync(path, run.Token).ConfigureAwait(false));
        return files;
    }

    /// <summary>Asks before an agent runs without its own permission system, where somebody is there to be asked; cron and CI have asked for it.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: the answer was no.</exception>
    public static async Task AskAsync(Invocation run, TaskRequest request)
    {
        if (!Dispatcher.SkipsPermissions(request, run.Dispatcher.Options.AgentFolder) || run.Get(Yes) || Console.IsInputRedirected || Console.IsErrorRedirected)
            return;
        await Console.Error.WriteAsync($"rdispatch: {request.Agent!.Name} runs with its own permission system switched off ({request.Agent.Call.PermissionMode}). Run it so? [y/N] ").ConfigureAwait(false);
        var answer = await Task.Run(Console.ReadLine, run.Token).WaitAsync(run.Token).ConfigureAwait(false);
        if (answer?.Trim() is not ("y" or "Y" or "yes"))
            throw new DispatchException(FailureReason.InvalidInput, "Nothing was sent: the answer was no.", "Take another --permission-mode, or add --yes.");
    }
}
