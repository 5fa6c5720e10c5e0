using RemoteDispatch.Connections;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Workspaces;

/// <summary>What runs at the host to attach to a task's tmux server: its socket is in the workspace.</summary>
internal static class AttachCommand
{
    /// <summary>The command, a word each, for a shell that a terminal stands behind.</summary>
    public static IReadOnlyList<string> Of(DispatchHost host, string id) =>
    [
        // The socket's path is a short one, since the kernel's are. TMUX: whoever sits in a tmux may attach to another. -u: a
        // connection seldom brings the locale along. PATH: where tmux is on macOS.
        "sh", "-c", $"cd -- {Folder(host.WorkspaceRoot ?? "~/.remote-dispatch/tasks", id)} && unset TMUX && "
        + "PATH=$PATH:/usr/local/bin:/opt/homebrew/bin && exec tmux -u -S tmux attach",
    ];

    private static string Folder(string root, string id) => root.StartsWith("~/", StringComparison.Ordinal)
        ? $"\"$HOME\"/{ShellQuote.Quote($"{root[2..]}/{id}")}" : ShellQuote.Quote($"{root}/{id}");
}
