using System.Text.Json;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Core.Tests.Hosts;

/// <summary>A folder that goes with the test, and an inventory in it.</summary>
internal sealed class InventoryFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rd-hosts-");

    public InventoryFolder(string? content = null)
    {
        if (content is not null)
            System.IO.File.WriteAllText(File, content);
    }

    public string Path => _folder.FullName;

    public string File => Path + "/hosts.json";

    public ClockDouble Clock { get; } = new();

    /// <summary>Another one each time, as another process would have it.</summary>
    public HostInventory Inventory => new(File, Clock);

    public byte[] Bytes => System.IO.File.ReadAllBytes(File);

    public static DispatchHost Host(string name, string address = "gpu1.example.com") => DispatchHost.FromAddress(address) with { Name = name };

    /// <summary>Compares what the file says, not how it is laid out.</summary>
    public void HoldsJson(string expected)
    {
        using var mine = JsonDocument.Parse(Bytes);
        using var other = JsonDocument.Parse(expected);
        Assert.True(JsonElement.DeepEquals(other.RootElement, mine.RootElement), $"expected {expected}\nbut the file holds {System.IO.File.ReadAllText(File)}");
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
