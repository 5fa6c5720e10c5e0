using RemoteDispatch.Agents;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Tasks;

public sealed partial class Dispatcher
{
    /// <summary>
    /// Reads what came of an agent's run, once, where it has ended: from the copy of its log here, else from the host. The exit record decides how
    /// it ended; what the agent printed explains it. That it cannot be read is told (<c>agent_result_unread</c>) and changes nothing about the task.
    /// </summary>
    /// <returns>The task, with <see cref="RemoteTask.AgentResult"/> where it could be read; any other task as it was.</returns>
    internal async Task<RemoteTask> ExplainAsync(RemoteTask task, CancellationToken cancellationToken)
    {
        if (task.Agent is not { } agent || task.AgentResult is not null || !task.State.IsFinal() || task.State is TaskState.LaunchFailed or TaskState.Removed || task is { State: TaskState.Stopped, Started: null })
            return task;
        var since = Options.Time.GetTimestamp();
        try
        {
            var output = new AgentOutput(AgentProfiles.Find(Options.AgentFolder, agent.Name), new AgentCall { MaxTurns = agent.MaxTurns });
            await ReadOutputAsync(task, output, cancellationToken).ConfigureAwait(false);
            var exit = new AgentExit(task.ExitCode)
            {
                TimedOut = task.State == TaskState.TimedOut,
                Stopped = task.State == TaskState.Stopped,
                Question = await QuestionOfAsync(task, cancellationToken).ConfigureAwait(false),
            };
            var result = output.Finish(exit);
            // In the log a value may have been escaped, or in two lines whose texts are one answer.
            var mask = new EventMask(SecretsOf(task));
            result = result with { Answer = mask.Mask(result.Answer), Error = mask.Mask(result.Error), Model = mask.Mask(result.Model), Session = result.Session ?? agent.Session };
            task = Note(task, task with { AgentResult = result });
            Tell(task.HostName, "agent_result", since, $"task={task.Id} why={result.Why}");
        }
        catch (Exception e) when (e is DispatchException or IOException or UnauthorizedAccessException)
        {
            Tell(task.HostName, "agent_result_unread", since, $"task={task.Id} The result of the agent's task '{task.Id}' cannot be read: {e.Message}");
        }

        return task;
    }

    private async Task ReadOutputAsync(RemoteTask task, AgentOutput output, CancellationToken cancellationToken)
    {
        // A copy that was made while the task ran lacks its end.
        if (task.LogPath is { } copy && File.Exists(copy) && await IsAllAsync(task, FeedWhat.Log, copy, cancellationToken).ConfigureAwait(false)
            && (!task.SeparateError || await IsAllAsync(task, FeedWhat.Error, task.ErrorLogPath, cancellationToken).ConfigureAwait(false)))
        {
            await ReadCopyAsync(copy, bytes => output.Read(bytes), cancellationToken).ConfigureAwait(false);
            if (task.SeparateError)
                await ReadCopyAsync(task.ErrorLogPath!, bytes => output.ReadError(bytes), cancellationToken).ConfigureAwait(false);
            return;
        }

        await foreach (var (stream, part) in ReadStreamsAsync(task, new LogQuery(), cancellationToken).ConfigureAwait(false))
        {
            if (stream == LogStreams.Error)
                output.ReadError(part.Bytes.Span);
            else
                output.Read(part.Bytes.Span);
        }
    }

    private static async Task ReadCopyAsync(string path, Action<byte[]> read, CancellationToken cancellationToken)
    {
        var file = File.OpenRead(path);
        await using (file.ConfigureAwait(false))
        {
            var page = new byte[1 << 16];
            while (await file.ReadAsync(page, cancellationToken).ConfigureAwait(false) is > 0 and var count)
                read(count == page.Length ? page : page[..count]);
        }
    }

    /// <summary>What the task said last that it needs, where it neither went on nor was done after that.</summary>
    private async Task<string?> QuestionOfAsync(RemoteTask task, CancellationToken cancellationToken)
    {
        var mask = new EventMask(SecretsOf(task));
        var reader = new TaskEventReader(0);
        TaskEvent? last = null;
        await foreach (var part in _events.ReadAsync(HostOf(task), task.Id, reader.ReadFrom, false, [], cancellationToken).ConfigureAwait(false))
            Take(reader.Add(part.Bytes.Span));
        Take(reader.Finish());
        return last is { Kind: TaskEventKind.Blocked } ? last.Text : null;

        void Take(IEnumerable<PlacedLine> lines) =>
            last = lines.Select(l => mask.Show(task, l)).LastOrDefault(e => e.Kind is TaskEventKind.Blocked or TaskEventKind.Done or TaskEventKind.Status) ?? last;
    }
}
