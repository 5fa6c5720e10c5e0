using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;

namespace RemoteDispatch.Hosts;

/// <summary>
/// The inventory's file as a JSON tree. A change takes a lock beside the file, reads, changes and replaces the file in
/// one step, so that no process sees half of it and none undoes another's work.
/// </summary>
internal sealed class InventoryFile
{
    /// <summary>How the file is laid out.</summary>
    public static readonly JsonSerializerOptions Layout = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly JsonObject _root;

    private InventoryFile(JsonObject root, JsonObject hosts) => (_root, Hosts) = (root, hosts);

    public JsonObject Hosts { get; }

    /// <summary>The name of a host as the file has it: as given, or, as names of hosts are not told apart by case, the like.</summary>
    public string? NameOf(string name) =>
        Hosts.ContainsKey(name) ? name : Hosts.Select(h => h.Key).FirstOrDefault(k => k.Equals(name, StringComparison.OrdinalIgnoreCase));

    public static InventoryFile Read(string path) => Parse(ReadContent(path), path);

    /// <summary>The bytes of the file; of one that is not there, those of an empty inventory.</summary>
    public static byte[] ReadContent(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return "{}"u8.ToArray();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DispatchException(
                FailureReason.LocalFile, $"The inventory '{path}' cannot be read: {e.Message}", "Check the file's owner and permissions.", e);
        }
    }

    public static async Task<T> ChangeAsync<T>(string path, TimeProvider time, Func<InventoryFile, T> change, CancellationToken cancellationToken)
    {
        using var held = await SafeFile.LockAsync(path, time, cancellationToken).ConfigureAwait(false);
        var file = Read(path);
        var result = change(file);
        SafeFile.Write(path, [.. JsonSerializer.SerializeToUtf8Bytes(file._root, Layout), (byte)'\n']);
        return result;
    }

    /// <summary>Reads what a file holds.</summary>
    /// <param name="content">What it holds.</param>
    /// <param name="path">The file.</param>
    /// <param name="what">What messages call it.</param>
    public static InventoryFile Parse(ReadOnlySpan<byte> content, string path, string what = "The inventory")
    {
        try
        {
            if (content.StartsWith("\uFEFF"u8))
                content = content[3..];
            if (content.Trim(" \t\r\n"u8).IsEmpty)
                throw new JsonException("it is empty.");
            if (!Utf8.IsValid(content))
                throw new JsonException("it is not UTF-8");
            var root = JsonNode.Parse(content, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false }) as JsonObject
                ?? throw new JsonException("it is not an object: {\"hosts\": {…}}");
            if (!root.ContainsKey("hosts"))
                root["hosts"] = new JsonObject();
            return new InventoryFile(root, root["hosts"] as JsonObject ?? throw new JsonException("its member 'hosts' is not an object"));
        }
        catch (JsonException e)
        {
            var line = e.LineNumber is { } number ? $", line {number + 1}" : "";
            throw new DispatchException(
                FailureReason.DamagedFile, $"{what} '{path}'{line} cannot be read: {e.Message.Split(" LineNumber:")[0].Split(" Path:")[0]}",
                "Mend the file by hand; it was left as it is.", e);
        }
    }
}
