using System.Text.Json;
using System.Text.Json.Nodes;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Tasks;

public sealed partial class Dispatcher
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    /// <summary>The tasks with what their host has written down of their repositories, where there may be more than is known: else nothing is asked.</summary>
    private async Task<IReadOnlyList<RemoteTask>> WithRepositoriesAsync(DispatchHost host, IReadOnlyList<RemoteTask> tasks, CancellationToken cancellationToken)
    {
        var open = tasks.Where(IsOpen).Select(t => t.Id).ToArray();
        if (open.Length == 0)
            return tasks;
        try
        {
            var found = await _workspaces.CheckoutsAsync(host, open, cancellationToken).ConfigureAwait(false);
            return [.. tasks.Select(t => IsOpen(t) ? t with { Repository = t.Repository!.With(found[t.Id]) } : t)];
        }
        catch (DispatchException)
        {
            // The state is known, and is what counts; the next look asks again.
            return tasks;
        }

        static bool IsOpen(RemoteTask task) => task.Repository is { } repository && task.State switch
        {
            TaskState.Running => repository.Before is null,
            TaskState.Removed or TaskState.LaunchFailed => false,
            var state => state.IsFinal() && repository.After is null,
        };
    }

    private async Task<RemoteTask> WithRepositoryAsync(RemoteTask task, CancellationToken cancellationToken) =>
        task.Repository is null ? task : (await WithRepositoriesAsync(HostOf(task), [task], cancellationToken).ConfigureAwait(false))[0];

    /// <summary>A forwarded agent is there for as long as somebody is connected: whoever sends the task stays until it has its repository.</summary>
    private async Task<RemoteTask> UntilClonedAsync(RemoteTask task, TaskRequest request, CancellationToken cancellationToken)
    {
        if (request.Repository is not { UsesSsh: true } || !task.Host.ForwardAgent)
            return task;
        var since = Options.Time.GetTimestamp();
        try
        {
            for (var pause = ShortestPause; task is { State: TaskState.Running, Repository.Before: null }; pause = pause < LongestPause ? pause * 1.5 : LongestPause)
            {
                await Task.Delay(pause, Options.Time, cancellationToken).ConfigureAwait(false);
                task = await SeeAsync(task, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // It runs, and that is more than whoever gives up here would learn from an exception.
            return task;
        }
        catch (DispatchException e)
        {
            // It runs: that was proved. What the lost connection means for it, its log tells.
            Tell(task.HostName, "clone_not_awaited", since, $"task={task.Id} {e.Message}");
        }

        return task;
    }

    /// <summary>What a task.json says of the task's repository. It comes from a host: what is wrong with it is not worth a failure.</summary>
    private static TaskRepository? ReadRepository(string json, string id)
    {
        try
        {
            return json.Length > 0 ? TaskRepository.ReadRequest(JsonNode.Parse(json)?["repository"], id) : null;
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or ArgumentException)
        {
            return null;
        }
    }
}
