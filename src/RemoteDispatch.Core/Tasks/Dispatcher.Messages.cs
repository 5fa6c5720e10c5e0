using System.Text;
using RemoteDispatch.Connections;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Tasks;

public sealed partial class Dispatcher
{
    /// <summary>The largest message: 64 KiB as UTF-8.</summary>
    public const int LargestMessage = 64 << 10;

    /// <summary>
    /// Puts a message into the inbox of a running task, where <c>rd inbox</c> reads it, once: a lost connection doubles no message.
    /// </summary>
    /// <param name="task">The task.</param>
    /// <param name="text">The message.</param>
    /// <param name="messageId">
    /// Names the message, with letters and digits: sent again under its name, it is delivered only if it was not before. Null for a new name.
    /// </param>
    /// <param name="cancellationToken">Ends the wait; whether the message was delivered is then not known.</param>
    /// <exception cref="DispatchException">
    /// <see cref="FailureReason.TaskEnded"/>: the task does not run; <see cref="FailureReason.WorkspaceRefused"/>: its inbox is full;
    /// <see cref="FailureReason.InvalidInput"/>: that is no message; or the task cannot be reached.
    /// </exception>
    public async Task SendMessageAsync(RemoteTask task, string text, string? messageId = null, CancellationToken cancellationToken = default)
    {
        CheckMessage(text);
        if (messageId is not null && (messageId.Length is 0 or > 64 || !messageId.All(char.IsAsciiLetterOrDigit)))
            throw new DispatchException(FailureReason.InvalidInput, $"{Text.Show(messageId)} is no name of a message.", "Use at most 64 letters and digits, or leave it out.");
        var since = Options.Time.GetTimestamp();
        var host = HostOf(task);
        var name = messageId ?? HostChannel.NewNonce();
        try
        {
            var state = await DeliverAsync().ConfigureAwait(false);
            if (state is Absent)
                throw NotOnHost(host.Name, task.Id);
            if (state is not null)
            {
                task = Note(task, task.After(state));
                throw new DispatchException(
                    FailureReason.TaskEnded, $"The task '{task.Id}' on host '{task.HostName}' does not run ({task.State}): nobody would read the message.",
                    "Send messages to tasks that run; 'Get-RemoteTask' or 'rdispatch status' says which do.");
            }
        }
        catch (DispatchException e)
        {
            throw e.About(task.HostName, task.Id);
        }

        Tell(task.HostName, "message_sent", since, $"task={task.Id} bytes={Encoding.UTF8.GetByteCount(text)}");

        async Task<WorkspaceState?> DeliverAsync()
        {
            try
            {
                return await _workspaces.SendMessageAsync(host, task.Id, name, text, cancellationToken).ConfigureAwait(false);
            }
            catch (DispatchException e) when (e.Reason == FailureReason.ConnectionLost)
            {
                // It may be there, or not: by its name the host knows.
                return await _workspaces.SendMessageAsync(host, task.Id, name, text, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Checks a message before anything is sent.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: it is none.</exception>
    public static void CheckMessage(string text)
    {
        if (text.Length == 0)
            throw Invalid("The message is empty.", "Say something.");
        if (text.Length > LargestMessage || Encoding.UTF8.GetByteCount(text) > LargestMessage)
            throw Invalid("The message is larger than 64 KiB.", "Put the data into a file on the host, and name it in the message.");
        if (text.Contains('\0', StringComparison.Ordinal))
            throw Invalid("The message holds a NUL character, which no shell can carry.", "Remove it, or send the bytes encoded (base64).");
        if (!Text.IsWellFormed(text))
            throw Invalid("The message is no valid Unicode: it holds half of a surrogate pair.", "Check how the text was cut.");

        static DispatchException Invalid(string message, string remedy) => new(FailureReason.InvalidInput, message, remedy);
    }
}
