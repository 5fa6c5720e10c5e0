using System.Text.Json.Nodes;

namespace RemoteDispatch.Agents;

public sealed partial record AgentProfile
{
    /// <summary>
    /// The words behind the program. Where <c>{workspace}</c> stands in one, the task's folder on the host takes its place there; for
    /// <c>{directory}</c>, the folder that the agent works in does. The prompt is none of them: it comes over stdin, and then the end of input.
    /// </summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: the agent has no such thing (<see cref="CheckCall"/>).</exception>
    public IReadOnlyList<string> Words(AgentCall call)
    {
        CheckCall(call);
        // Two files of one folder are one word for the folder.
        var options = Parts(call).DistinctBy(p => string.Join('\0', p.Words), StringComparer.Ordinal).SelectMany(p => p.Words).ToArray();
        var line = (call.Resume ? ResumeOption! : Start!).Fill(Values(call)).Words;
        return line.Contains(AgentOption.Options, StringComparer.Ordinal)
            ? [.. line.SelectMany(w => w == AgentOption.Options ? options : [w])] : [.. line, .. options];
    }

    /// <summary>The variables that the agent gets, with <c>{workspace}</c> and <c>{directory}</c> as in <see cref="Words"/>. What the task itself is given goes before them.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: the agent has no such thing (<see cref="CheckCall"/>).</exception>
    public IReadOnlyDictionary<string, string> Environment(AgentCall call)
    {
        CheckCall(call);
        return Texts(AllParts(call).Select(p => p.Environment).Prepend(BaseEnvironment));
    }

    /// <summary>Small files that must be there before the start: their paths, which begin with <c>{workspace}/files/</c>, and their content. Mostly none.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: the agent has no such thing (<see cref="CheckCall"/>).</exception>
    public IReadOnlyDictionary<string, string> Files(AgentCall call)
    {
        CheckCall(call);
        return Texts(AllParts(call).Select(p => p.Files));
    }

    private IEnumerable<AgentOption> AllParts(AgentCall call) => Parts(call).Prepend((call.Resume ? ResumeOption! : Start!).Fill(Values(call)));

    private IEnumerable<AgentOption> Parts(AgentCall call)
    {
        var values = Values(call);
        if (!call.Resume && call.Session is not null && SessionOption is not null)
            yield return SessionOption.Fill(values);
        if (call.Server is not null)
            yield return ServerOption!.Fill(values);
        if (call.Model is not null)
            yield return ModelOption!.Fill(values);
        if (call.MaxTurns is not null)
            yield return MaxTurnsOption!.Fill(values);
        if (call.PermissionMode is { } mode)
            yield return Mode(mode)!.Fill(values);
        if (call.Reports && ReportOption is not null)
            yield return ReportOption;
        if (call.ReportsTools)
            yield return ToolReportOption!;
        foreach (var part in Each(AllowedToolOption, call.AllowedTools).Concat(Each(DeniedToolOption, call.DeniedTools)))
            yield return part;
        foreach (var path in call.Attachments)
        {
            var folder = path.LastIndexOf('/') is > 0 and var slash ? path[..slash] : "/";
            if (AttachOption is not null)
                yield return AttachOption.Fill(new Dictionary<string, string> { ["path"] = path, ["folder"] = folder });
        }
    }

    /// <summary>A tool at a time, or all at once where the words want <c>{tools}</c>.</summary>
    private static IEnumerable<AgentOption> Each(AgentOption? option, IReadOnlyList<string> tools)
    {
        if (option is null || tools.Count == 0)
            return [];
        return option.Wants("tools")
            ? [option.Fill(new Dictionary<string, string> { ["tools"] = string.Join(',', tools) })]
            : tools.Select(t => option.Fill(new Dictionary<string, string> { ["tool"] = t }));
    }

    private AgentOption? Mode(string word) => Modes.FirstOrDefault(m => m.Key.Equals(word, StringComparison.OrdinalIgnoreCase)).Value;

    private static Dictionary<string, string> Values(AgentCall call)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        if (call.Session is { } session)
            values["session"] = session;
        if (call.Model is { } model)
            values["model"] = model;
        if (call.MaxTurns is { } turns)
            values["turns"] = turns.ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (call.Server is { } server)
            values["server"] = server;
        return values;
    }

    /// <summary>One object of all, where two have the same name the later in the earlier; what is no text becomes JSON.</summary>
    private static SortedDictionary<string, string> Texts(IEnumerable<JsonObject> parts)
    {
        var whole = new JsonObject();
        foreach (var part in parts)
            AgentOption.Lay(part, whole);
        return new SortedDictionary<string, string>(
            whole.ToDictionary(p => p.Key, p => AgentOption.TextOf(p.Value), StringComparer.Ordinal), StringComparer.Ordinal);
    }
}
