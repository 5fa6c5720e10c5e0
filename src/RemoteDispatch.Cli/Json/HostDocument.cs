using System.Text.Json.Nodes;
using RemoteDispatch.Health;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Cli.Json;

/// <summary>A host, and what a check of it found, as JSON.</summary>
internal static class HostDocument
{
    public static JsonObject Of(DispatchHost host) => new()
    {
        ["name"] = host.Name,
        ["address"] = host.Address.Host,
        ["user"] = host.Address.User,
        ["port"] = host.Address.Port,
        ["transport"] = Word(host.Transport),
        ["container"] = host.Container.Value,
        ["capabilities"] = new JsonArray([.. host.Capabilities.Select(c => JsonValue.Create(c))]),
        ["workspaceRoot"] = host.WorkspaceRoot,
        ["workspaceLimit"] = host.WorkspaceLimit,
        ["maxWorkers"] = host.MaxWorkers,
        ["memoryPerWorker"] = host.MemoryPerWorker,
        ["memoryReserve"] = host.MemoryReserve,
        ["startIntervalSeconds"] = host.StartInterval?.TotalSeconds,
        ["hostKey"] = host.HostKeyFingerprint,
        ["forwardAgent"] = host.ForwardAgent,
        ["forwardCredentials"] = new JsonArray([.. host.ForwardCredentials.Select(c => JsonValue.Create(c))]),
        ["added"] = TaskDocument.Stamp(host.Added),
    };

    public static JsonObject Of(HostHealth health)
    {
        var json = new JsonObject
        {
            ["host"] = health.HostName,
            ["container"] = health.Host.Container.Name,
            ["healthy"] = health.Healthy,
            ["system"] = health.System,
            ["release"] = health.Release,
            ["user"] = health.User,
            ["loginShell"] = health.LoginShell,
            ["freeBytes"] = health.FreeBytes,
            ["freeInodes"] = health.FreeInodes,
            ["memoryTotalBytes"] = health.MemoryTotalBytes,
            ["memoryAvailableBytes"] = health.MemoryAvailableBytes,
            ["loadAverage"] = health.LoadAverage,
            ["processors"] = health.Processors,
            ["clockOffsetMs"] = Milliseconds(health.ClockOffset),
            ["clockUncertaintyMs"] = Milliseconds(health.ClockUncertainty),
            ["gpus"] = new JsonArray([.. health.Gpus.Select(Of)]),
            ["agents"] = new JsonArray([.. health.Agents.Select(Of)]),
            ["forwardedKeys"] = health.ForwardedKeys,
            ["killsAtLogout"] = health.KillsAtLogout,
            ["tasksRunning"] = health.TasksRunning,
            ["tasksLeft"] = health.TasksLeft,
            ["durationMs"] = Milliseconds(health.Duration),
            ["preflight"] = new JsonArray([.. health.Preflight.Select(Of)]),
            ["checks"] = new JsonArray([.. health.Checks.Select(Of)]),
        };
        if (health.Failure is { } failure)
            json["error"] = Failure.Of(failure).Members();
        return json;
    }

    /// <summary>A transport as the inventory writes it.</summary>
    public static string Word(Transport transport) => transport.ToString().ToLowerInvariant();

    private static JsonObject Of(PreflightStep step) => new()
    {
        ["name"] = step.Name,
        ["status"] = step.Status.ToString(),
        ["durationMs"] = Milliseconds(step.Duration),
        ["detail"] = step.Detail,
        ["remedy"] = step.Remedy,
    };

    private static JsonObject Of(HostCheck check) => new()
    {
        ["name"] = check.Name,
        ["status"] = check.Status.ToString(),
        ["required"] = check.Required,
        ["durationMs"] = Milliseconds(check.Duration),
        ["detail"] = check.Detail,
        ["remedy"] = check.Remedy,
    };

    private static JsonObject Of(HostGpu gpu) => new() { ["model"] = gpu.Model, ["totalBytes"] = gpu.TotalBytes, ["freeBytes"] = gpu.FreeBytes };

    private static JsonObject Of(HostAgent agent) => new()
    {
        ["name"] = agent.Name,
        ["path"] = agent.Path,
        ["version"] = agent.Version,
        ["signedIn"] = agent.SignedIn.ToString().ToLowerInvariant(),
        ["proof"] = agent.Proof,
        ["needsLoginShell"] = agent.NeedsLoginShell,
    };

    private static double? Milliseconds(TimeSpan? span) => span is { } known ? Math.Round(known.TotalMilliseconds, 1) : null;
}
