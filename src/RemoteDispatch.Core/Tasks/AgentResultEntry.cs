using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using RemoteDispatch.Agents;

namespace RemoteDispatch.Tasks;

/// <summary>An agent's result in a ledger file. Old files must load for ever: members are only ever added.</summary>
internal static class AgentResultEntry
{
    private static readonly JsonSerializerOptions Layout = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, Converters = { new JsonStringEnumConverter() },
    };

    public static JsonNode? Write(AgentResult result) => JsonSerializer.SerializeToNode(result, Layout);

    public static AgentResult? Read(JsonNode? node) => node.Deserialize<AgentResult>(Layout);
}
