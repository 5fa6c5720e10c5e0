using System.Text.Json;

namespace RemoteDispatch.Hosts;

/// <summary>What <c>tailscale status --json</c> says of the tailnet. Not yet tried against a real one.</summary>
internal static class TailscaleStatus
{
    /// <summary>How it is asked for.</summary>
    public static readonly IReadOnlyList<string> CommandLine = ["tailscale", "status", "--json"];

    /// <summary>Asks for it.</summary>
    /// <exception cref="DispatchException">Tailscale is not on this machine, or did not answer with a document.</exception>
    public static async Task<string> ReadAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        var answer = await LocalCommand.AskAsync(CommandLine, timeout, cancellationToken).ConfigureAwait(false) ?? throw new DispatchException(
            FailureReason.ClientMissing, $"tailscale is not on this machine, or did not answer within {timeout.TotalSeconds} seconds.",
            "Install Tailscale, and put its command on the PATH.");
        return answer.OutputText.AsSpan().TrimStart().StartsWith("{") ? answer.OutputText : throw new DispatchException(
            FailureReason.UnexpectedReply, $"tailscale did not tell its status: {Text.OneLine(answer.Errors.Trim(), 200)}",
            "See whether 'tailscale status --json' works on this machine, then try again.");
    }

    /// <summary>A member of the expected kind; what another program prints may have any form.</summary>
    public static JsonElement? Member(JsonElement element, string name, JsonValueKind kind) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == kind ? value : null;
}
