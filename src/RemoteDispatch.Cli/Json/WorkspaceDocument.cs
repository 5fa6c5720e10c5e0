using System.Text.Json.Nodes;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Cli.Json;

/// <summary>A workspace as JSON. Every member is always there, and null where nothing is known.</summary>
internal static class WorkspaceDocument
{
    public static JsonObject Of(RemoteTaskWorkspace workspace) => new()
    {
        ["id"] = workspace.Id,
        ["host"] = workspace.HostName,
        ["container"] = workspace.Host.Container.Name,
        ["path"] = workspace.Path,
        ["state"] = workspace.State.ToString(),
        ["running"] = workspace.IsRunning,
        ["abandoned"] = workspace.IsAbandoned,
        ["orphaned"] = workspace.IsOrphaned,
        ["sizeBytes"] = workspace.SizeBytes,
        ["ageSeconds"] = workspace.Age?.TotalSeconds,
        ["lastChanged"] = TaskDocument.Stamp(workspace.LastChanged),
        ["from"] = workspace.From,
        ["command"] = workspace.Command,
    };
}
