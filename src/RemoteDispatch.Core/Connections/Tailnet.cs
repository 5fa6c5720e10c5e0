using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;

namespace RemoteDispatch.Connections;

/// <summary>
/// What the tailnet says of a peer. Source: the JSON of <c>tailscale status --json</c> (ipnstate.PeerStatus): a peer that runs
/// Tailscale SSH has <c>sshHostKeys</c>. Not yet tried against a real tailnet.
/// </summary>
internal static class Tailnet
{
    /// <summary>Does the peer offer Tailscale SSH? Where the answer cannot be had, it does not: plain ssh works there too.</summary>
    public static async Task<bool> OffersSshAsync(string host, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        var start = new ProcessStartInfo("tailscale", ["status", "--json"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        try
        {
            using var process = Process.Start(start)!;
            process.StandardInput.Close();
            try
            {
                var errors = process.StandardError.ReadToEndAsync(limit.Token);
                using var status = await JsonDocument.ParseAsync(process.StandardOutput.BaseStream, default, limit.Token).ConfigureAwait(false);
                await errors.ConfigureAwait(false);
                return OffersSsh(status.RootElement, host);
            }
            finally
            {
                if (!process.HasExited)
                    process.Kill();
            }
        }
        catch (Exception e) when (e is Win32Exception or JsonException or IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }

    internal static bool OffersSsh(JsonElement status, string host)
    {
        if (!status.TryGetProperty("Peer", out var peers) || peers.ValueKind != JsonValueKind.Object)
            return false;
        return peers.EnumerateObject().Any(p =>
            IsNamed(p.Value, host) && p.Value.TryGetProperty("sshHostKeys", out var keys)
            && keys.ValueKind == JsonValueKind.Array && keys.GetArrayLength() > 0);
    }

    private static bool IsNamed(JsonElement peer, string host)
    {
        var names = new List<string?> { Text(peer, "HostName"), Text(peer, "DNSName")?.TrimEnd('.'), Text(peer, "DNSName")?.Split('.')[0] };
        if (peer.TryGetProperty("TailscaleIPs", out var ips) && ips.ValueKind == JsonValueKind.Array)
            names.AddRange(ips.EnumerateArray().Select(ip => ip.GetString()));
        return names.Contains(host, StringComparer.OrdinalIgnoreCase);
    }

    private static string? Text(JsonElement peer, string member) =>
        peer.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
