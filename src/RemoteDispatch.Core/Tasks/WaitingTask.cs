using System.Text.Json;
using System.Text.Json.Nodes;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Tasks;

/// <summary>A task that waits for room on its host: where it goes, and what is to be sent.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Host">Its host, with the container settled.</param>
/// <param name="Dispatched">When it was dispatched: the order of the line.</param>
/// <param name="Request">What is to be sent, as <see cref="TaskRequestDocument"/> writes it.</param>
/// <param name="IsHeld">Only the session that dispatched it can start it: it alone has the secrets.</param>
/// <param name="CredentialNames">The secrets that it is to have, by name.</param>
internal sealed record WaitingTask(string Id, DispatchHost Host, DateTimeOffset Dispatched, JsonObject Request, bool IsHeld, IReadOnlyList<string> CredentialNames)
{
    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(new JsonObject
    {
        ["version"] = 1,
        ["id"] = Id,
        ["hostName"] = Host.Name,
        ["host"] = HostEntry.Write(Host, null),
        ["dispatched"] = JsonTime.Write(Dispatched),
        ["held"] = IsHeld,
        ["credentials"] = new JsonArray([.. CredentialNames.Select(n => JsonValue.Create(n))]),
        ["request"] = Request.DeepClone(),
    });

    /// <exception cref="Exception">It is none.</exception>
    public static WaitingTask Read(byte[] content)
    {
        var json = JsonNode.Parse(content) as JsonObject ?? throw new FormatException("it is no object");
        var host = (string?)json["hostName"] ?? throw new FormatException("it names no host");
        return new WaitingTask(
            TaskId.Parse((string?)json["id"] ?? "").Value,
            HostEntry.Read(host, json["host"], "the line"),
            JsonTime.Read(json["dispatched"]) ?? throw new FormatException("it has no time"),
            json["request"] as JsonObject ?? throw new FormatException("it has no request"),
            (bool?)json["held"] ?? false,
            LedgerEntry.Names(json["credentials"]));
    }
}
