using System.Globalization;

namespace RemoteDispatch.Hosts;

/// <summary>A host as a row of texts: what a CSV file or an object of a pipeline can say of it.</summary>
internal static class HostColumns
{
    /// <summary>The columns, in the order in which they are written.</summary>
    public static IReadOnlyList<string> Names { get; } = ["Name", "Address", "User", "Port", "Transport", "Container", "Capabilities", "WorkspaceRoot", "WorkspaceLimit", "MaxWorkers", "MemoryPerWorker", "MemoryReserve", "StartInterval", "HostKeyFingerprint", "ForwardAgent", "ForwardCredentials"];

    /// <summary>The column that a heading means, in any case; null for none.</summary>
    public static string? Find(string heading)
    {
        var word = heading.Trim();
        return word.Equals("Capability", StringComparison.OrdinalIgnoreCase) ? "Capabilities"
            : Names.FirstOrDefault(n => n.Equals(word, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Reads a host.</summary>
    /// <param name="row">Values by heading.</param>
    /// <param name="remark">Hears of headings that are no columns.</param>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: a value cannot be used.</exception>
    public static DispatchHost Read(IEnumerable<KeyValuePair<string, string?>> row, Action<string> remark)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (heading, value) in row)
        {
            if (Find(heading) is { } column)
                values[column] = value?.Trim() ?? "";
            else
                remark($"The column {Text.Show(heading)} means nothing here, and was passed over.");
        }

        string? Value(string column) => values.GetValueOrDefault(column) is { Length: > 0 } value ? value : null;
        var name = Value("Name") ?? throw Unusable("The host has no name.");
        try
        {
            var parsed = HostAddress.Parse(Value("Address") ?? throw Unusable($"The host {Text.Show(name)} has no address."));
            var address = HostAddress.Create(parsed.Host, Value("User") ?? parsed.User, Value("Port") is { } port ? ReadPort(port) : parsed.Port);
            return new DispatchHost
            {
                Name = name,
                Address = address,
                Transport = Value("Transport") is { } word ? ReadTransport(word) ?? DispatchHost.Detect(address) : DispatchHost.Detect(address),
                Container = ContainerChoice.Parse(Value("Container")),
                Capabilities = ReadWords(Value("Capabilities") ?? "", "capabilities"),
                WorkspaceRoot = Value("WorkspaceRoot"),
                WorkspaceLimit = Value("WorkspaceLimit") is { } limit ? ByteSize.Parse(limit) : null,
                WorkerLimit = new WorkerLimit
                {
                    MaxWorkers = Value("MaxWorkers") is { } most ? ReadCount(most) : null,
                    MemoryPerWorker = Value("MemoryPerWorker") is { } memory ? ByteSize.Parse(memory) : null,
                    MemoryReserve = Value("MemoryReserve") is { } reserve ? ByteSize.Parse(reserve) : null,
                    StartInterval = Value("StartInterval") is { } interval ? Duration.Parse(interval) : null,
                },
                HostKeyFingerprint = Value("HostKeyFingerprint"),
                ForwardAgent = Value("ForwardAgent") is { } flag && ReadFlag(flag),
                ForwardCredentials = ReadWords(Value("ForwardCredentials") ?? "", "credentials"),
            };
        }
        catch (DispatchException e)
        {
            throw e.About(Text.OneLine(name, 64), null);
        }
    }

    /// <summary>Writes what the columns can say. No value can begin as a spreadsheet's formula does: hosts allow none that would.</summary>
    public static IReadOnlyList<string> Write(DispatchHost host) =>
    [
        host.Name, host.Address.Host, host.Address.User ?? "", host.Address.Port?.ToString(CultureInfo.InvariantCulture) ?? "",
        host.Transport.ToString(), host.Container.Value, string.Join(';', host.Capabilities), host.WorkspaceRoot ?? "",
        host.WorkspaceLimit?.ToString(CultureInfo.InvariantCulture) ?? "",
        host.MaxWorkers?.ToString(CultureInfo.InvariantCulture) ?? "", host.MemoryPerWorker?.ToString(CultureInfo.InvariantCulture) ?? "",
        host.MemoryReserve?.ToString(CultureInfo.InvariantCulture) ?? "", host.StartInterval?.TotalSeconds.ToString(CultureInfo.InvariantCulture) ?? "",
        host.HostKeyFingerprint ?? "", host.ForwardAgent ? "true" : "", string.Join(';', host.ForwardCredentials),
    ];

    private static int ReadPort(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port)
        ? port : throw Unusable($"{Text.Show(text)} is no port: it is a number from 1 to 65535.");

    private static int ReadCount(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
        ? count : throw Unusable($"{Text.Show(text)} is no number of workers.");

    private static bool ReadFlag(string text) => bool.TryParse(text, out var flag) ? flag : throw Unusable($"{Text.Show(text)} is neither true nor false.");

    private static Transport? ReadTransport(string text) => text.Equals("auto", StringComparison.OrdinalIgnoreCase) ? null
        : Enum.GetNames<Transport>().FirstOrDefault(n => n.Equals(text, StringComparison.OrdinalIgnoreCase)) is { } name ? Enum.Parse<Transport>(name)
        : throw Unusable($"{Text.Show(text)} is no transport: it is one of {string.Join(", ", Enum.GetNames<Transport>())}.");

    private static string[] ReadWords(string text, string what)
    {
        var words = text.Split([';', ',', ' ', '\t', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries);
        // What Export-Csv writes in place of a list.
        return !words.Contains("System.String[]") ? words : throw Unusable($"The {what} are lost: 'System.String[]' stands in their place. Export-DispatchHost writes them.");
    }

    private static DispatchException Unusable(string message) =>
        new(FailureReason.InvalidInput, message, $"The columns are {string.Join(", ", Names)}; Name and Address must not be empty.");
}
