using System.Globalization;
using RemoteDispatch.Connections;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Workspaces;

/// <summary>What revokes a task's token on the host itself, so that it ends with the task whether or not anybody is connected.</summary>
internal static class TokenGuard
{
    // No wget: GNU's takes no header from a pipe, and busybox's as an argument alone, which everybody on the host could read.
    private const string Question = "command -v curl >/dev/null 2>&1 && echo yes || echo no";

    /// <summary>Does the host have what can revoke a token?</summary>
    public static async Task<bool> IsPossibleAsync(WorkspaceClient workspaces, DispatchHost host, CancellationToken cancellationToken) =>
        (await workspaces.FactsAsync(host, _ => Question, cancellationToken).ConfigureAwait(false))[0] == "yes";

    /// <summary>The text for the wrapper. The token is not in it.</summary>
    /// <param name="revokeAt">Where a DELETE revokes the token that authorizes it.</param>
    /// <param name="life">When it is revoked at the latest.</param>
    public static string For(Uri revokeAt, TimeSpan life)
    {
        var revoke = $"RD_URL={ShellQuote.Quote(revokeAt.AbsoluteUri)}\n{ShellText.Load("revoke.sh")}";
        var seconds = Math.Max(0, (long)life.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        return $"RD_LIFE={seconds} RD_REVOKE={ShellQuote.Quote(revoke)}\n{ShellText.Load("guard.sh")}\n";
    }
}
