using RemoteDispatch.Connections;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Workspaces;

internal sealed partial class WorkspaceClient
{
    /// <summary>The command <c>rd</c>, as each launch brings it: no other request needs it.</summary>
    private static string Tool { get; } = "#!/bin/sh\n" + ShellText.Load("rd.sh");

    /// <summary>Puts a message into the inbox of a running task: once, however often it is asked for the same id of a message.</summary>
    /// <param name="host">The host.</param>
    /// <param name="id">The task.</param>
    /// <param name="messageId">Names the message: letters and digits.</param>
    /// <param name="text">The message; it travels as data.</param>
    /// <param name="cancellationToken">Ends the wait; the message may be delivered all the same.</param>
    /// <returns>Null when it is there; else the state that stands in its way.</returns>
    public async Task<WorkspaceState?> SendMessageAsync(DispatchHost host, string id, string messageId, string text, CancellationToken cancellationToken)
    {
        var call = ShellCall.To("rd_send").With(Root(host)).With(id).With(messageId).With(text);
        var script = ShellText.Load("inbox.sh") + call;
        var said = (await AskAsync(host, ChannelUse.Control, script, cancellationToken).ConfigureAwait(false)).Text.TrimEnd('\n');
        return said switch
        {
            "delivered" => null,
            "full" => throw new DispatchException(
                FailureReason.WorkspaceRefused, $"The inbox of the task '{id}' on host '{host.Name}' is full: 256 messages were not read yet.",
                "Does the task run 'rd inbox'? Send again when it has read some.") { Host = host.Name, TaskId = id },
            _ => Understand(host, said, () => WorkspaceState.Parse(said)),
        };
    }
}
