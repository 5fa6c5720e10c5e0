using System.Collections.Concurrent;
using RemoteDispatch.Credentials;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Tasks;

public sealed partial class Dispatcher
{
    // What was granted by this process, for as long as it lives: values are written down nowhere.
    private readonly ConcurrentDictionary<(string Id, string Host), IReadOnlyList<CredentialGrant>> _granted = [];

    /// <summary>The request with what the host's entry forwards. What the caller gives comes first.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.CredentialUnavailable"/>: the entry names a variable that is not set here.</exception>
    private static TaskRequest WithGrantsOf(DispatchHost host, TaskRequest request)
    {
        if (host.ForwardCredentials.Count == 0)
            return request;
        try
        {
            var grants = ForwardedCredentials.Fetch(host.ForwardCredentials, [.. request.CredentialNames, .. request.Environment.Keys]);
            return grants.Count > 0 ? request with { Credentials = [.. request.Credentials, .. grants] } : request;
        }
        catch (DispatchException e)
        {
            throw e.About(host.Name, request.Id?.Value);
        }
    }

    /// <summary>
    /// Beside what was granted before: whether this request is the one that runs is only known when the host has answered, and a value too
    /// many in the mask hurts nobody.
    /// </summary>
    private void Remember(RemoteTask task, IReadOnlyList<CredentialGrant> grants)
    {
        if (grants.Count > 0)
            _granted.AddOrUpdate((task.Id, task.HostName), grants, (_, before) => [.. before, .. grants]);
    }

    /// <summary>
    /// What is masked in a task's log: the values that this process granted; those that another one did, where the environment here has
    /// variables of the same names. Those may have other values by now, and a name may have none: both are told.
    /// </summary>
    private IReadOnlyList<CredentialGrant> SecretsOf(RemoteTask task)
    {
        if (_granted.TryGetValue((task.Id, task.HostName), out var granted))
            return granted;
        var known = task.CredentialNames.Select(CredentialSource.FindInEnvironment).OfType<CredentialGrant>().ToArray();
        var unknown = task.CredentialNames.Except(known.Select(g => g.Name), StringComparer.Ordinal).ToArray();
        if (unknown.Length > 0)
            Tell(task.HostName, "not_redacted", Options.Time.GetTimestamp(), $"task={task.Id} credentials={string.Join(',', unknown)}");
        if (known.Length > 0)
            Tell(task.HostName, "redacted_by_name", Options.Time.GetTimestamp(), $"task={task.Id} credentials={string.Join(',', known.Select(g => g.Name))}");
        return known;
    }
}
