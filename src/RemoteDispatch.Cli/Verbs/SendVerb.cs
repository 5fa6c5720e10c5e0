using System.CommandLine;
using System.Text;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Cli.Verbs;

/// <summary><c>send</c>: a message into the inbox of a running task.</summary>
internal static class SendVerb
{
    private static readonly Argument<string> Id = new("ID") { Description = "The task's id, or a pattern of ids in quotes ('build-*')." };
    private static readonly Argument<string> Text = new("TEXT") { Description = "The message, at most 64 KiB; '-' reads it from stdin." };
    private static readonly Option<string?> MessageId = new("--message-id") { Description = "Names the message, so that it can be sent again when nobody knows whether it arrived: it is delivered once under a name.", HelpName = "WORD" };
    private static readonly Option<string[]> Hosts = Common.Hosts("The host that knows the task; needed where it was not sent from here.");

    public static Verb Create() => new(
        "send", "Puts a message into the inbox of a running task, once; the task reads it with 'rd inbox'.", SendAsync,
        "rdispatch send agent-3 'the tests may take ten minutes'", "git diff | rdispatch send agent-3 -", "rdispatch send 'agent-*' stop --message-id stop1")
    {
        Id, Text, MessageId, Hosts,
    };

    private static async Task<int> SendAsync(Invocation run)
    {
        var text = run.Get(Text) is "-" ? await ReadAsync(run.Token).ConfigureAwait(false) : run.Get(Text);
        Dispatcher.CheckMessage(text);
        // Of all that are like a pattern, only those that could read it.
        var tasks = await run.SelectAsync([run.Get(Id)], run.Get(Hosts), task => !task.State.IsFinal()).ConfigureAwait(false);
        return await run.ShowEachTaskAsync(
            tasks,
            async task =>
            {
                await run.Dispatcher.SendMessageAsync(task, text, run.Get(MessageId), run.Token).ConfigureAwait(false);
                return Outcome.Done(task);
            },
            show: null).ConfigureAwait(false);
    }

    private static async Task<string> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var reader = new StreamReader(Console.OpenStandardInput(), new UTF8Encoding(false, throwOnInvalidBytes: true));
            // No more than what shows that it is too much.
            var text = new char[Dispatcher.LargestMessage + 1];
            return new string(text, 0, await reader.ReadBlockAsync(text, cancellationToken).ConfigureAwait(false));
        }
        catch (DecoderFallbackException e)
        {
            throw new DispatchException(FailureReason.InvalidInput, "The message on stdin is not UTF-8.", "Convert it, or send it encoded (base64).", e);
        }
    }
}
