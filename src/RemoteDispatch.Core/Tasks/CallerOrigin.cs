namespace RemoteDispatch.Tasks;

/// <summary>The remote of a folder of this machine, to be offered as a task's repository.</summary>
public static class CallerOrigin
{
    /// <summary>The address of the folder's <c>origin</c>, without a name or password that may stand in it. No network is asked.</summary>
    /// <returns>Null where the folder is in no repository, that has no origin, or it is nothing that a host could clone.</returns>
    public static async Task<string?> FindAsync(string folder, TimeSpan limit, CancellationToken cancellationToken = default)
    {
        var answer = await LocalCommand.AskAsync(["git", "-C", folder, "config", "--get", "remote.origin.url"], limit, cancellationToken).ConfigureAwait(false);
        return answer is { ExitCode: 0 } ? RepositoryRequest.Offer(answer.OutputText) : null;
    }
}
