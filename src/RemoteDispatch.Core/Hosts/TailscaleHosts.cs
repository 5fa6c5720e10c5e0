using System.Text.Json;

namespace RemoteDispatch.Hosts;

/// <summary>
/// The peers of a tailnet as hosts. Source: the JSON of <c>tailscale status --json</c> (ipnstate.Status); this machine, its <c>Self</c>, is
/// no peer. Not yet tried against a real tailnet.
/// </summary>
internal static class TailscaleHosts
{
    // Hundreds of servers of a VPN, where an account has them: they are no hosts of the user's.
    private const string ExitNodeTag = "tag:mullvad-exit-node";

    public static void Read(HostImport import, string text, string path)
    {
        JsonDocument status;
        try
        {
            status = JsonDocument.Parse(text);
        }
        catch (JsonException e)
        {
            throw new DispatchException(
                FailureReason.DamagedFile, $"'{path}', line {e.LineNumber + 1} cannot be read: {e.Message.Split(" LineNumber:")[0]}", "Write it again: tailscale status --json.", e);
        }

        using (status)
        {
            if (TailscaleStatus.Member(status.RootElement, "BackendState", JsonValueKind.String)?.GetString() is { } state and not "Running")
                import.Remark($"Tailscale is not connected: its state is {Text.Show(state)}.");
            if (TailscaleStatus.Member(status.RootElement, "Peer", JsonValueKind.Object) is not { } peers)
                return;
            foreach (var peer in peers.EnumerateObject())
            {
                var tags = Strings(peer.Value, "Tags");
                if (tags.Contains(ExitNodeTag))
                    import.Remark("Exit nodes of Mullvad were passed over.");
                else
                    import.Try($"'{path}', peer {Text.Show(peer.Name)}", () => new HostOffer(ToHost(peer.Value, tags), null));
            }
        }
    }

    private static DispatchHost ToHost(JsonElement peer, IEnumerable<string> tags)
    {
        var address = TailscaleStatus.Member(peer, "DNSName", JsonValueKind.String)?.GetString()?.TrimEnd('.');
        if (string.IsNullOrEmpty(address))
            throw new DispatchException(FailureReason.InvalidInput, "The peer has no DNSName.", "Turn MagicDNS on.");
        var system = TailscaleStatus.Member(peer, "OS", JsonValueKind.String)?.GetString();
        return new DispatchHost
        {
            Name = address.Split('.')[0],
            Address = HostAddress.Create(address, null, null),
            Transport = Transport.Tailscale,
            Capabilities =
            [
                .. string.IsNullOrEmpty(system) ? Array.Empty<string>() : ["os=" + system.ToLowerInvariant()],
                .. tags.Select(t => t.StartsWith("tag:", StringComparison.Ordinal) ? t["tag:".Length..] : t),
            ],
        };
    }

    private static string[] Strings(JsonElement peer, string member) => TailscaleStatus.Member(peer, member, JsonValueKind.Array) is { } list
        ? [.. list.EnumerateArray().Where(t => t.ValueKind == JsonValueKind.String).Select(t => t.GetString()!)] : [];
}
