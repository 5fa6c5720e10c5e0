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

    internal static bool OffersSsh(JsonElement status, string host) =>
        Member(status, "Peer", JsonValueKind.Object) is { } peers && peers.EnumerateObject().Any(p =>
            IsNamed(p.Value, host) && Member(p.Value, "sshHostKeys", JsonValueKind.Array) is { } keys && keys.GetArrayLength() > 0);

    private static bool IsNamed(JsonElement peer, string host)
    {
        var dns = Member(peer, "DNSName", JsonValueKind.String)?.GetString();
        var names = new List<string?> { Member(peer, "HostName", JsonValueKind.String)?.GetString(), dns?.TrimEnd('.'), dns?.Split('.')[0] };
        if (Member(peer, "TailscaleIPs", JsonValueKind.Array) is { } ips)
            names.AddRange(ips.EnumerateArray().Where(ip => ip.ValueKind == JsonValueKind.String).Select(ip => ip.GetString()));
        return names.Contains(host, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>A member of the expected kind; what another program prints may have any form.</summary>
    private static JsonElement? Member(JsonElement element, string name, JsonValueKind kind) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == kind ? value : null;
}
