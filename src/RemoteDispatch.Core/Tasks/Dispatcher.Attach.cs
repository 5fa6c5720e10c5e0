using System.ComponentModel;
using System.Diagnostics;
using RemoteDispatch.Connections;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Tasks;

public sealed partial class Dispatcher
{
    // What ssh ends with when the connection does.
    private const int SshFailed = 255;

    /// <summary>
    /// Attaches this process's terminal to a task that runs under <see cref="TaskRunner.Tmux"/>, until somebody leaves it with
    /// Ctrl-b d, or it ends. A connection of its own is made, with a terminal; whatever becomes of it, the task goes on.
    /// </summary>
    /// <param name="task">The task.</param>
    /// <param name="cancellationToken">Leaves it.</param>
    /// <returns>The task as it was left.</returns>
    /// <exception cref="DispatchException">
    /// <see cref="FailureReason.NoTerminal"/>: the task has none, it has ended, or this process has none; or the host cannot be reached.
    /// </exception>
    public async Task<RemoteTask> AttachAsync(RemoteTask task, CancellationToken cancellationToken = default)
    {
        if (task.Runner != TaskRunner.Tmux)
        {
            throw NoTerminal(task, $"The task '{task.Id}' on host '{task.HostName}' has no terminal: its runner is {task.Runner}.",
                "Dispatch a task that is to be attached to with -Runner Tmux, --runner tmux. This one's log can be followed.");
        }

        task = await LookAsync(task, cancellationToken).ConfigureAwait(false);
        if (task.State != TaskState.Running)
            throw NoTerminal(task, $"The task '{task.Id}' on host '{task.HostName}' does not run ({task.State}).", "Read its log instead.");
        if (Console.IsInputRedirected || Console.IsOutputRedirected)
        {
            throw NoTerminal(task, $"The task '{task.Id}' on host '{task.HostName}' cannot be attached to: this process has no terminal.",
                "Attach from a terminal, without redirecting its input or output; follow the log where there is none.");
        }

        var host = HostOf(task);
        var line = await Route.InTerminalAsync(host, AttachCommand.Of(host, task.Id), Options.Connections, cancellationToken).ConfigureAwait(false);
        var code = await RunInTerminalAsync(task, line, cancellationToken).ConfigureAwait(false);
        task = await LookAsync(task, cancellationToken).ConfigureAwait(false);
        if (code == 0 || task.State != TaskState.Running)
            return task;
        throw code == SshFailed
            ? new DispatchException(
                FailureReason.ConnectionLost, $"The connection to the task '{task.Id}' on host '{task.HostName}' was lost.",
                "The task goes on. Attach again.") { Host = task.HostName, TaskId = task.Id }
            : NoTerminal(task, $"The terminal of the task '{task.Id}' on host '{task.HostName}' cannot be reached (exit code {code}).",
                "What tmux said is above. The task goes on; its log can be followed.");
    }

    private static async Task<int> RunInTerminalAsync(RemoteTask task, IReadOnlyList<string> line, CancellationToken cancellationToken)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(line[0], line.Skip(1)))!;
            try
            {
                await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
                return process.ExitCode;
            }
            finally
            {
                // Only the near end: to tmux that is a terminal which was closed.
                if (!process.HasExited)
                    process.Kill();
            }
        }
        catch (Win32Exception e)
        {
            throw new DispatchException(
                FailureReason.ClientMissing, $"No connection to host '{task.HostName}': the program '{line[0]}' is not on this machine.",
                $"Install '{line[0]}' or put it on the PATH.", e) { Host = task.HostName };
        }
    }

    private static DispatchException NoTerminal(RemoteTask task, string message, string remedy) =>
        new(FailureReason.NoTerminal, message, remedy) { Host = task.HostName, TaskId = task.Id };
}
