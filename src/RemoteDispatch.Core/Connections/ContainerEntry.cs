using System.Text;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Connections;

/// <summary>Goes from a host's shell into a container, on the connection that is already open.</summary>
internal static class ContainerEntry
{
    // One line, for the host's login shell may be none that takes a quoted line end.
    private const string TerminalScript =
        "PATH=$PATH:/usr/local/bin:/opt/homebrew/bin:$HOME/.orbstack/bin:$HOME/.docker/bin; for e in docker podman; do "
        + "if \"$e\" container inspect -- \"$1\" >/dev/null 2>&1; then exec \"$e\" exec -it \"$@\"; fi; done; "
        + "echo \"There is no container $1.\" >&2; exit 1";

    /// <summary>The command line that, run at the host, runs another in a container with the terminal.</summary>
    public static IReadOnlyList<string> InTerminal(string container, IReadOnlyList<string> command) =>
        ["sh", "-c", TerminalScript, "sh", container, .. command];

    /// <summary>Enters, and says where that led.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.ContainerAmbiguous"/> or <see cref="FailureReason.ContainerUnavailable"/>.</exception>
    public static async Task<ContainerChoice> EnterAsync(ChannelProcess process, Route route, string frame, CancellationToken cancellationToken)
    {
        var nonce = HostChannel.NewNonce();
        var enter = $"rd_enter {ShellQuote.Quote(route.Container.Name ?? "")} {nonce}\n";
        await process.WriteAsync(frame + ShellText.Load("container.sh") + enter, cancellationToken).ConfigureAwait(false);
        string answer;
        try
        {
            answer = Encoding.UTF8.GetString((await process.ReadReplyAsync(nonce, cancellationToken).ConfigureAwait(false)).Body.Span).Trim();
        }
        catch (EndOfStreamException)
        {
            var said = Text.OneLine((await process.LastWordsAsync(TimeProvider.System).ConfigureAwait(false)).Split('\u001e')[^1].Trim(), 300);
            if (!process.Output.Noise.Contains("in ", StringComparison.Ordinal))
                throw;
            throw Unavailable(route.Host, $"it could not be entered: {said}");
        }

        var (word, rest) = answer.IndexOf(' ', StringComparison.Ordinal) is >= 0 and var at ? (answer[..at], answer[(at + 1)..].Trim()) : (answer, "");
        return word switch
        {
            "here" => ContainerChoice.None,
            "in" => ContainerChoice.Parse(rest[(rest.IndexOf(' ', StringComparison.Ordinal) + 1)..]),
            "many" => throw new DispatchException(
                FailureReason.ContainerAmbiguous, $"Host '{route.Host.Name}' runs more than one container with the label remote-dispatch: {Text.OneLine(rest, 200)}.",
                "Name one of them in the host's entry, or 'none' for the host itself.") { Host = route.Host.Name },
            _ => throw Unavailable(route.Host, Text.OneLine(rest, 300)),
        };
    }

    private static DispatchException Unavailable(DispatchHost host, string why) => new(
        FailureReason.ContainerUnavailable, $"The container '{host.Container}' on host '{host.Name}' cannot be used: {why}.",
        "Start it, or change the host's container ('none' means the host itself).") { Host = host.Name };
}
