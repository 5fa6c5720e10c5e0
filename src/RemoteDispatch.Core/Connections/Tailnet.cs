using System.Text.Json;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Connections;

/// <summary>What the tailnet says of itself and of a peer.</summary>
/// <param name="IsUp">False only where tailscale says so itself: logged out, stopped.</param>
/// <param name="State">Its own word for that.</param>
/// <param name="OffersSsh">Does the peer run Tailscale SSH?</param>
internal sealed record TailnetAnswer(bool IsUp, string State, bool OffersSsh);

/// <summary>
/// Asks the tailnet. Source: the JSON of <c>tailscale status --json</c> (ipnstate.Status): <c>BackendState</c> is <c>Running</c> when it is
/// up, and a peer that runs Tailscale SSH has <c>sshHostKeys</c>. Not yet tried against a real tailnet.
/// </summary>
internal static class Tailnet
{
    // It asks a daemon of this machine.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>Where the answer cannot be had, plain ssh is tried: it works on a tailnet too.</summary>
    public static async Task<TailnetAnswer> AskAsync(string host, CancellationToken cancellationToken)
    {
        var answer = await LocalCommand.AskAsync(TailscaleStatus.CommandLine, Patience, cancellationToken).ConfigureAwait(false);
        try
        {
            using var status = JsonDocument.Parse(answer?.Output ?? default);
            return Read(status.RootElement, host);
        }
        catch (JsonException)
        {
            return new TailnetAnswer(true, "", false);
        }
    }

    internal static TailnetAnswer Read(JsonElement status, string host)
    {
        var state = TailscaleStatus.Member(status, "BackendState", JsonValueKind.String)?.GetString() ?? "";
        return new TailnetAnswer(state is "" or "Running" or "Starting", Text.OneLine(state, 40), OffersSsh(status, host));
    }

    private static bool OffersSsh(JsonElement status, string host) =>
        TailscaleStatus.Member(status, "Peer", JsonValueKind.Object) is { } peers && peers.EnumerateObject().Any(p =>
            IsNamed(p.Value, host) && TailscaleStatus.Member(p.Value, "sshHostKeys", JsonValueKind.Array) is { } keys && keys.GetArrayLength() > 0);

    private static bool IsNamed(JsonElement peer, string host)
    {
        var dns = TailscaleStatus.Member(peer, "DNSName", JsonValueKind.String)?.GetString();
        var names = new List<string?> { TailscaleStatus.Member(peer, "HostName", JsonValueKind.String)?.GetString(), dns?.TrimEnd('.'), dns?.Split('.')[0] };
        if (TailscaleStatus.Member(peer, "TailscaleIPs", JsonValueKind.Array) is { } ips)
            names.AddRange(ips.EnumerateArray().Where(ip => ip.ValueKind == JsonValueKind.String).Select(ip => ip.GetString()));
        return names.Contains(host, StringComparer.OrdinalIgnoreCase);
    }
}
