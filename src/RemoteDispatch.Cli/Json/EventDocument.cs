using System.Text.Json.Nodes;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Cli.Json;

/// <summary>
/// An event as JSON: one line for each. Every member is always there, and null where nothing is known; <c>next</c> is a cursor for
/// <c>events --offset</c>.
/// </summary>
internal static class EventDocument
{
    public static JsonObject Of(TaskEvent one) => new()
    {
        ["task"] = one.TaskId,
        ["host"] = one.HostName,
        ["time"] = TaskDocument.Stamp(one.Time),
        ["kind"] = one.Kind.ToString(),
        ["text"] = one.Text,
        ["data"] = new JsonObject(one.Data.Select(p => KeyValuePair.Create<string, JsonNode?>(p.Key, p.Value))),
        ["cut"] = one.IsCut,
        ["offset"] = one.Offset,
        ["next"] = one.NextOffset,
    };
}
