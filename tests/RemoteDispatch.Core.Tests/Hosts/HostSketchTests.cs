namespace RemoteDispatch.Core.Tests.Hosts;

/// <summary>What a completion reads of the inventory: quickly, and without a word about what is wrong.</summary>
public sealed class HostSketchTests : IDisposable
{
    private readonly InventoryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Sketch_has_the_hosts_that_the_list_has_in_its_order()
    {
        Assert.Equal(["local"], _folder.Inventory.Sketch().Select(h => h.Name));
        Write("""{"version": 2, "hosts": {"web1": {"address": "web1.example.com", "transport": "ssh", "capabilities": ["web", "os=linux"]}, "b": {"address": "b"}}}""");
        Assert.Equal(_folder.Inventory.List().Select(h => h.Name), _folder.Inventory.Sketch().Select(h => h.Name));
        var web = _folder.Inventory.Sketch()[1];
        Assert.Equal(("web1.example.com", "ssh", "web os=linux"), (web.Address, web.Transport, string.Join(' ', web.Capabilities)));
        Write("""{"hosts": {"b": {"address": "b"}, "local": {"address": "local"}}}""");
        Assert.Equal(["b", "local"], _folder.Inventory.Sketch().Select(h => h.Name));
    }

    [Theory, InlineData(""), InlineData("{ no"), InlineData("[]"), InlineData("""{"hosts": 3}"""), InlineData("""{"hosts": {"a": 3}}"""), InlineData("{}")]
    public void Sketch_of_a_file_that_is_no_inventory_is_no_failure(string content)
    {
        Write(content);
        Assert.Equal(["local"], _folder.Inventory.Sketch().Select(h => h.Name));
    }

    [Fact]
    public void Sketch_takes_a_file_with_a_byte_order_mark_and_members_of_other_types()
    {
        Write("\uFEFF" + """{"hosts": {"a": {"address": 1, "transport": null, "capabilities": "gpu"}, "b": {"capabilities": ["x", 2]}}}""");
        var hosts = _folder.Inventory.Sketch();
        Assert.Equal(["local", "a", "b"], hosts.Select(h => h.Name));
        Assert.Equal(("", "", 0), (hosts[1].Address, hosts[1].Transport, hosts[1].Capabilities.Count));
        Assert.Equal(["x"], hosts[2].Capabilities);
    }

    private void Write(string content) => File.WriteAllText(_folder.Inventory.Path, content);
}
