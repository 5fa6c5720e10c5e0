using System.Collections.Concurrent;

namespace RemoteDispatch.Credentials;

/// <summary>
/// Makes tokens, and sees to their end for as long as this process lives: when somebody says so, when their time is over, and at the process's
/// own end those of a short life that no host looks after.
/// </summary>
internal sealed class TokenKeeper(TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly GitHubClient _github = new(time);
    private readonly CancellationTokenSource _closing = new();
    private int _disposed;
    // Those that live shorter than GitHub would let them, until they are revoked or handed over to a task.
    private readonly ConcurrentDictionary<DispatchToken, bool> _ours = [];
    private readonly ConcurrentDictionary<Task, bool> _revocations = [];

    /// <summary>Makes one.</summary>
    public async Task<DispatchToken> CreateAsync(ScopedTokenRequest request, CancellationToken cancellationToken)
    {
        var token = await _github.CreateAsync(request, cancellationToken).ConfigureAwait(false);
        if (request.ExpiresIn < ScopedTokenRequest.LongestLife)
        {
            _ours[token] = true;
            _ = ExpireAsync(token, request.ExpiresIn);
        }

        return token;
    }

    /// <summary>A task has it now, which may live longer than this process.</summary>
    public void HandOver(DispatchToken token) => _ours.TryRemove(token, out _);

    /// <summary>Revokes one, once.</summary>
    public async Task RevokeAsync(DispatchToken token, CancellationToken cancellationToken)
    {
        if (token.IsRevoked)
            return;
        await _github.RevokeAsync(token.ApiAddress, token.Grant.Reveal(), cancellationToken).ConfigureAwait(false);
        token.IsRevoked = true;
        _ours.TryRemove(token, out _);
    }

    /// <summary>Revokes one beside whatever goes on; nobody waits for it but <see cref="FinishAsync"/>.</summary>
    /// <param name="token">The token.</param>
    /// <param name="tell">Is told how it went: null, or why it could not be done.</param>
    public void Begin(DispatchToken token, Action<DispatchException?> tell)
    {
        var work = RunAsync();
        _revocations[work] = true;
        _ = work.ContinueWith(done => _revocations.TryRemove(done, out _), TaskScheduler.Default);

        async Task RunAsync()
        {
            // The caller goes on.
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            try
            {
                await RevokeAsync(token, CancellationToken.None).ConfigureAwait(false);
                tell(null);
            }
            catch (DispatchException e)
            {
                tell(e);
            }
        }
    }

    /// <summary>Waits for what was begun, for a few seconds at most.</summary>
    /// <param name="isEnd">Nobody is there any more when their time comes: revoke what is ours now.</param>
    public async Task FinishAsync(bool isEnd = false)
    {
        foreach (var token in isEnd ? _ours.Keys : [])
            Begin(token, _ => { });
        try
        {
            await Task.WhenAll(_revocations.Keys).WaitAsync(Patience, time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The host sees to it too, and GitHub within the hour.
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        await _closing.CancelAsync().ConfigureAwait(false);
        await FinishAsync(isEnd: true).ConfigureAwait(false);
        _closing.Dispose();
    }

    private async Task ExpireAsync(DispatchToken token, TimeSpan life)
    {
        try
        {
            await Task.Delay(life, time, _closing.Token).ConfigureAwait(false);
            Begin(token, _ => { });
        }
        catch (OperationCanceledException)
        {
            // DisposeAsync sees to it.
        }
    }
}
