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
        ["hostKey"] = host.HostKeyFingerprint,
        ["forwardAgent"] = host.ForwardAgent,
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

    private static double Milliseconds(TimeSpan span) => Math.Round(span.TotalMilliseconds, 1);
}
