using System.Globalization;
using System.Text.Json.Nodes;

namespace RemoteDispatch.Hosts;

/// <summary>
/// One entry of the inventory as JSON: <c>address</c>, <c>transport</c>, <c>container</c>, <c>user</c>, <c>added</c> as
/// existing scripts write them, and <c>port</c>, <c>capabilities</c>, <c>workspaceRoot</c>, <c>workspaceLimit</c>, <c>workerLimit</c>, <c>hostKey</c>, <c>forwardAgent</c>, <c>forwardCredentials</c>.
/// </summary>
internal static class HostEntry
{
    private static readonly Dictionary<string, Transport> Transports = new(StringComparer.OrdinalIgnoreCase)
    {
        ["ssh"] = Transport.Ssh,
        ["tailscale"] = Transport.Tailscale,
        ["wsl"] = Transport.Wsl,
        ["local"] = Transport.Local,
    };

    public static DispatchHost Read(string name, JsonNode? node, string path)
    {
        try
        {
            var entry = node as JsonObject ?? throw new FormatException("an entry is an object: {\"address\": …}");
            var address = ReadAddress(name, entry);
            return new DispatchHost
            {
                Name = name,
                Address = address,
                Transport = ReadTransport(entry, address),
                Container = ContainerChoice.Parse(ReadText(entry, "container")),
                Capabilities = ReadWords(entry, "capabilities", "gpu"),
                WorkspaceRoot = ReadText(entry, "workspaceRoot"),
                WorkspaceLimit = ReadBytes(entry["workspaceLimit"], "workspaceLimit"),
                WorkerLimit = ReadWorkers(entry["workerLimit"]),
                HostKeyFingerprint = ReadText(entry, "hostKey"),
                ForwardAgent = ReadFlag(entry, "forwardAgent"),
                ForwardCredentials = ReadWords(entry, "forwardCredentials", "GH_TOKEN"),
                Added = ReadTime(entry),
            };
        }
        catch (Exception e) when (e is DispatchException or FormatException or InvalidOperationException or ArgumentException)
        {
            throw new DispatchException(
                FailureReason.DamagedFile, $"The host {Text.Show(name)} in '{path}' cannot be used: {e.Message}",
                // What is no name is never shown as a part of a command.
                HostInventory.IsName(name)
                    ? $"Mend the entry in the file, or remove it: Remove-DispatchHost {name}, 'rdispatch hosts remove {name}'."
                    : "Mend the entry in the file, or take it out there.", e) { Host = name };
        }
    }

    /// <summary>The host of an entry; null where it cannot be used.</summary>
    public static DispatchHost? TryRead(string name, JsonNode? node, string path)
    {
        try
        {
            return Read(name, node, path);
        }
        catch (DispatchException)
        {
            return null;
        }
    }

    /// <summary>Writes what is known over what was there, so that the rest stays.</summary>
    public static JsonObject Write(DispatchHost host, JsonObject? before)
    {
        var entry = before?.DeepClone().AsObject() ?? [];
        entry["address"] = host.Address.Host;
        entry["transport"] = Transports.First(t => t.Value == host.Transport).Key;
        entry["container"] = host.Container.Value;
        entry["user"] = host.Address.User ?? "";
        // As it was written, whatever its form, unless it is another time.
        if (host.Added is { } added && (before is null || ReadTime(before) != added))
            entry["added"] = added.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        Put(entry, "port", host.Address.Port is { } port ? JsonValue.Create(port) : null);
        Put(entry, "capabilities", host.Capabilities.Count > 0 ? new JsonArray([.. host.Capabilities.Select(c => JsonValue.Create(c))]) : null);
        Put(entry, "workspaceRoot", host.WorkspaceRoot is { } root ? JsonValue.Create(root) : null);
        Put(entry, "workspaceLimit", host.WorkspaceLimit is { } limit ? JsonValue.Create(limit) : null);
        Put(entry, "workerLimit", WriteWorkers(host.WorkerLimit, before?["workerLimit"] as JsonObject));
        Put(entry, "hostKey", host.HostKeyFingerprint is { } key ? JsonValue.Create(key) : null);
        Put(entry, "forwardAgent", host.ForwardAgent ? JsonValue.Create(true) : null);
        Put(entry, "forwardCredentials", host.ForwardCredentials.Count > 0 ? new JsonArray([.. host.ForwardCredentials.Select(c => JsonValue.Create(c))]) : null);
        return entry;
    }

    private static HostAddress ReadAddress(string name, JsonObject entry)
    {
        var text = ReadText(entry, "address");
        if (string.IsNullOrEmpty(text))
            text = name == DispatchHost.LocalName ? name : throw new FormatException("it has no address");
        var address = HostAddress.Parse(text);
        var user = ReadText(entry, "user");
        return HostAddress.Create(
            address.Host,
            string.IsNullOrEmpty(user) ? address.User : user,
            entry["port"] is { } port ? ReadPort(port) : address.Port);
    }

    private static int ReadPort(JsonNode port)
    {
        if (port is JsonValue value && value.TryGetValue<int>(out var number))
            return number;
        return int.TryParse((string?)port, NumberStyles.None, CultureInfo.InvariantCulture, out number)
            ? number : throw new FormatException("a port is a number from 1 to 65535");
    }

    /// <summary>Bytes, or as people write them: "20GB".</summary>
    private static long? ReadBytes(JsonNode? limit, string member) => limit switch
    {
        null => null,
        JsonValue value when value.TryGetValue<long>(out var bytes) => bytes,
        JsonValue value when value.TryGetValue<string>(out var text) => text.Length > 0 ? ByteSize.Parse(text) : null,
        _ => throw new FormatException($"a {member} is a number of bytes, or \"20GB\""),
    };

    private static WorkerLimit ReadWorkers(JsonNode? node) => node switch
    {
        null => WorkerLimit.None,
        JsonObject limit => new WorkerLimit
        {
            MaxWorkers = ReadNumber(limit["maxWorkers"]),
            MemoryPerWorker = ReadBytes(limit["memoryPerWorker"], "memoryPerWorker"),
            MemoryReserve = ReadBytes(limit["memoryReserve"], "memoryReserve"),
            StartInterval = ReadSpan(limit["startInterval"]),
        },
        _ => throw new FormatException("a workerLimit is an object: {\"maxWorkers\": 4}"),
    };

    private static JsonObject? WriteWorkers(WorkerLimit limit, JsonObject? before)
    {
        if (limit == WorkerLimit.None)
            return null;
        var json = before?.DeepClone().AsObject() ?? [];
        Put(json, "maxWorkers", limit.MaxWorkers is { } most ? JsonValue.Create(most) : null);
        Put(json, "memoryPerWorker", limit.MemoryPerWorker is { } memory ? JsonValue.Create(memory) : null);
        Put(json, "memoryReserve", limit.MemoryReserve is { } reserve ? JsonValue.Create(reserve) : null);
        Put(json, "startInterval", limit.StartInterval is { } interval ? JsonValue.Create(interval.TotalSeconds) : null);
        return json;
    }

    private static int? ReadNumber(JsonNode? node) => node switch
    {
        null => null,
        JsonValue value when value.TryGetValue<int>(out var number) => number,
        _ => throw new FormatException("maxWorkers is a whole number"),
    };

    /// <summary>Seconds, or as people write them: "10s".</summary>
    private static TimeSpan? ReadSpan(JsonNode? node) => node switch
    {
        null => null,
        JsonValue value when value.TryGetValue<double>(out var seconds) => seconds is >= 0 and <= 1e9 ? TimeSpan.FromSeconds(seconds) : throw new FormatException("a startInterval is at most a day"),
        JsonValue value when value.TryGetValue<string>(out var text) => text.Length > 0 ? Duration.Parse(text) : null,
        _ => throw new FormatException("a startInterval is a number of seconds, or \"10s\""),
    };

    private static string[] ReadWords(JsonObject entry, string member, string example) => entry[member] switch
    {
        null => [],
        JsonArray list => list.Select(c => (string?)c ?? throw new FormatException($"each of {member} is a word")).ToArray(),
        _ => throw new FormatException($"{member} are a list: [\"{example}\"]"),
    };

    private static DateTimeOffset? ReadTime(JsonObject entry) => ReadText(entry, "added") is { Length: > 0 } added
        ? DateTimeOffset.Parse(added, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal) : null;

    private static Transport ReadTransport(JsonObject entry, HostAddress address) => ReadText(entry, "transport") switch
    {
        null or "" or "auto" => DispatchHost.Detect(address),
        { } text => Transports.TryGetValue(text, out var transport) ? transport
            : throw new FormatException($"{Text.Show(text)} is no transport: it is one of {string.Join(", ", Transports.Keys)}"),
    };

    private static bool ReadFlag(JsonObject entry, string member) => entry[member] switch
    {
        null => false,
        JsonValue value when value.TryGetValue<bool>(out var flag) => flag,
        _ => throw new FormatException($"{member} is true or false"),
    };

    private static string? ReadText(JsonObject entry, string member) => (string?)entry[member];

    private static void Put(JsonObject entry, string member, JsonNode? value)
    {
        if (value is null)
            entry.Remove(member);
        else
            entry[member] = value;
    }
}
