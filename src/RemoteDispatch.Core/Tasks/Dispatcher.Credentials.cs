using System.Collections.Concurrent;
using RemoteDispatch.Credentials;

namespace RemoteDispatch.Tasks;

public sealed partial class Dispatcher
{
    // What was granted by this process, for as long as it lives: values are written down nowhere.
    private readonly ConcurrentDictionary<(string Id, string Host), IReadOnlyList<CredentialGrant>> _granted = [];

    private void Remember(RemoteTask task, IReadOnlyList<CredentialGrant> grants)
    {
        if (grants.Count > 0)
            _granted[(task.Id, task.HostName)] = grants;
    }

    /// <summary>
    /// What is masked in a task's log: the values that this process granted; those that another one did, where the environment here has
    /// variables of the same names. A name whose value is not known here is told.
    /// </summary>
    private IReadOnlyList<CredentialGrant> SecretsOf(RemoteTask task)
    {
        if (_granted.TryGetValue((task.Id, task.HostName), out var granted))
            return granted;
        var known = task.CredentialNames.Select(CredentialSource.FindInEnvironment).OfType<CredentialGrant>().ToArray();
        var unknown = task.CredentialNames.Except(known.Select(g => g.Name), StringComparer.Ordinal).ToArray();
        if (unknown.Length > 0)
            Tell(task.HostName, "not_redacted", Options.Time.GetTimestamp(), $"task={task.Id} credentials={string.Join(',', unknown)}");
        return known;
    }
}
