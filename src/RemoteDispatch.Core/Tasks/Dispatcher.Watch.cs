using System.Runtime.CompilerServices;
using RemoteDispatch.Credentials;
using RemoteDispatch.Hosts;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Tasks;

/// <summary>What a watch needs beside the verbs.</summary>
public sealed partial class Dispatcher
{
    /// <summary>Where a task is, as the inventory knows it today.</summary>
    /// <exception cref="DispatchException">Its host's entry cannot be used.</exception>
    internal DispatchHost PlaceOf(RemoteTask task) => HostOf(task);

    /// <summary>Notes a finding about a task.</summary>
    internal RemoteTask Find(RemoteTask task, DateTimeOffset? stalledSince) => Note(task, task with { StalledSince = stalledSince });

    /// <inheritdoc cref="WorkspaceClient.PulseAsync"/>
    internal Task<IReadOnlyList<TaskPulse?>> PulseAsync(DispatchHost host, IReadOnlyList<string> ids, CancellationToken cancellationToken) =>
        _workspaces.PulseAsync(host, ids, cancellationToken);

    /// <summary>Hears of a task's states from its host, which sends nothing while nothing changes; ends with the task.</summary>
    internal async IAsyncEnumerable<TaskState> HearStatesAsync(
        DispatchHost host, RemoteTask task, Action lost, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var news in _feeds.FollowAsync(host, task.Id, FeedWhat.State, 0, lost, cancellationToken).ConfigureAwait(false))
        {
            if (news.State is { } state)
                yield return task.After(state).State;
        }
    }

    /// <summary>The change as somebody elsewhere may see it: without the values of the task's secrets, as far as they are known here.</summary>
    internal TaskChange Mask(TaskChange change)
    {
        if (change.Task is not { CredentialNames.Count: > 0 } task)
            return change;
        var secrets = SecretsOf(task);
        return change with
        {
            Detail = MaskedText.Of(change.Detail, secrets),
            Task = task with { Command = MaskedText.Of(task.Command, secrets) ?? "", Reason = MaskedText.Of(task.Reason, secrets) },
        };
    }
}
