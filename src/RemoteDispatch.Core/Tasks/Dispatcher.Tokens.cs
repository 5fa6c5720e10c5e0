using System.Collections.Concurrent;
using RemoteDispatch.Credentials;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Tasks;

public sealed partial class Dispatcher
{
    private readonly TokenKeeper _tokens;
    // By the token: two dispatches of one id at once make two, and one of them is used.
    private readonly ConcurrentDictionary<DispatchToken, (string Id, string Host)> _tokensOfTasks = [];

    /// <summary>Makes a token of GitHub. It is the caller's to revoke, and is revoked at its time for as long as this process lives.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.CredentialUnavailable"/>, and why.</exception>
    public Task<DispatchToken> CreateTokenAsync(ScopedTokenRequest request, CancellationToken cancellationToken = default) => _tokens.CreateAsync(request, cancellationToken);

    /// <summary>Revokes a token. One that has ended already is no error.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.CredentialUnavailable"/>: GitHub cannot be asked.</exception>
    public Task RevokeTokenAsync(DispatchToken token, CancellationToken cancellationToken = default) => _tokens.RevokeAsync(token, cancellationToken);

    /// <summary>Waits until the tokens of tasks that were seen to end are revoked: for five seconds at most, since their hosts revoke them too.</summary>
    /// <param name="isEnd">This process ends: revoke also the tokens of a short life that it has made, for nobody else would at their time.</param>
    public Task FinishRevocationsAsync(bool isEnd = false) => _tokens.FinishAsync(isEnd);

    /// <summary>Makes the token that a task is to have; null where it is to have none, or runs already.</summary>
    private async Task<TaskToken?> MakeTokenAsync(RemoteTask task, TaskRequest request, CancellationToken cancellationToken)
    {
        if (request.ScopedToken is not { } wanted)
            return null;
        if (request.Id is not null && (await _workspaces.StatusAsync(task.Host, [task.Id], cancellationToken).ConfigureAwait(false))[0] is not (Absent or Claimed))
            return null;
        var since = Options.Time.GetTimestamp();
        var isGuarded = await TokenGuard.IsPossibleAsync(_workspaces, task.Host, cancellationToken).ConfigureAwait(false);
        var token = await _tokens.CreateAsync(wanted, cancellationToken).ConfigureAwait(false);
        Tell(task.HostName, "token_made", since, $"task={task.Id} repositories={string.Join(',', token.Repositories)} permissions={string.Join(',', token.Permissions)} until={token.Expires.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}");
        if (!isGuarded)
            Tell(task.HostName, "token_unguarded", since, $"task={task.Id} The host has no curl to revoke the task's token with: that is done from here, while this process lives; GitHub ends the token an hour after it was made.");
        _tokens.HandOver(token);
        // Before it is sent: whether it arrives is not known until the host has answered.
        _tokensOfTasks[token] = (task.Id, task.HostName);
        return new TaskToken(token, isGuarded);
    }

    /// <summary>The order with the task's token: in the environment, and with what revokes it.</summary>
    private LaunchOrder Into(LaunchOrder order, TaskToken? given) => given is not { Token: var token } ? order : order with
    {
        Environment = new Dictionary<string, string>(order.Environment) { [token.Grant.Name] = token.Grant.Reveal() },
        With = given.IsGuarded ? [.. order.With, "token"] : order.With,
        More = order.More + (given.IsGuarded ? TokenGuard.For(GitHubClient.RevocationAddress(token.ApiAddress), token.Expires - Options.Time.GetUtcNow()) : ""),
    };

    /// <summary>A task has ended: so does its token.</summary>
    private void EndTokensOf(RemoteTask task)
    {
        foreach (var token in _tokensOfTasks.Where(t => t.Value == (task.Id, task.HostName)).Select(t => t.Key))
            EndToken(token, task);
    }

    /// <summary>Revokes a task's token, once. Nobody's answer waits for that.</summary>
    private void EndToken(DispatchToken token, RemoteTask task)
    {
        if (!_tokensOfTasks.TryRemove(token, out _))
            return;
        var since = Options.Time.GetTimestamp();
        _tokens.Begin(token, failure => Tell(
            task.HostName, failure is null ? "token_revoked" : "token_not_revoked", since, $"task={task.Id}{(failure is null ? "" : $" {failure.Message}")}"));
    }

    /// <summary>A token that was made for a task.</summary>
    /// <param name="Token">The token.</param>
    /// <param name="IsGuarded">Does the host revoke it?</param>
    private sealed record TaskToken(DispatchToken Token, bool IsGuarded)
    {
        public IReadOnlyList<CredentialGrant> Grants => [Token.Grant];
    }
}
