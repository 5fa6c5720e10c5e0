using RemoteDispatch.Connections;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Workspaces;

internal sealed partial class WorkspaceClient
{
    // It goes with the few requests that need it. What a task could have written is behind a blank: it is no other task's.
    private const string Checkouts = """
        rd_checkouts() {
        rd_root "$1" || return 9
        shift
        for RD_ID in "$@"; do
        printf '%s\n' "$RD_ID"
        [ ! -f "$RD_ROOT/$RD_ID/checkout" ] || { head -c 2000 "$RD_ROOT/$RD_ID/checkout" && echo; } 2>/dev/null | sed 's/^/ /'
        done
        }

        """;

    /// <summary>What <c>checkout.sh</c> has written down of the repositories of these tasks, line by line, in one round trip.</summary>
    public async Task<ILookup<string, string>> CheckoutsAsync(DispatchHost host, IEnumerable<string> ids, CancellationToken cancellationToken)
    {
        var script = $"{Checkouts}{ShellCall.To("rd_checkouts").With(Root(host)).With(ids)}\nunset -f rd_checkouts";
        var reply = await AskAsync(host, ChannelUse.Control, script, cancellationToken).ConfigureAwait(false);
        var lines = new List<(string Id, string Line)>();
        var id = "";
        foreach (var line in reply.Text.Split('\n'))
        {
            if (line.StartsWith(' '))
                lines.Add((id, line[1..]));
            else
                id = line;
        }

        return lines.ToLookup(l => l.Id, l => l.Line, StringComparer.Ordinal);
    }
}
