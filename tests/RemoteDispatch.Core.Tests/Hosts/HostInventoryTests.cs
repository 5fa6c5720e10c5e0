using RemoteDispatch.Hosts;

namespace RemoteDispatch.Core.Tests.Hosts;

/// <summary>What the inventory offers, over a file of its own.</summary>
public sealed class HostInventoryTests : IDisposable
{
    private readonly InventoryFolder _folder = new();
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void List_without_a_file_holds_local_alone_and_makes_no_file()
    {
        Assert.Equal([DispatchHost.Local], _folder.Inventory.List());
        Assert.Equal(DispatchHost.Local, _folder.Inventory.Find("local"));
        Assert.Null(_folder.Inventory.Find("gpu1"));
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task Add_of_a_host_is_found_by_the_next_reader_with_everything_it_has()
    {
        var host = new DispatchHost
        {
            Name = "gpu1", Address = HostAddress.Parse("ssh://deploy@[fe80::1%eth0]:2222"), Transport = Transport.Ssh,
            Container = ContainerChoice.Parse("web"), Capabilities = ["gpu", "os=linux"], WorkspaceRoot = "/srv/tasks",
        };
        var added = await _folder.Inventory.AddAsync(host, cancellationToken: Cancel);
        Assert.Equal(host with { Added = _folder.Clock.GetUtcNow() }, added);
        Assert.Equal(added, _folder.Inventory.Find("gpu1"));
        Assert.Equal(["local", "gpu1"], _folder.Inventory.List().Select(h => h.Name));
    }

    [Theory, InlineData(Transport.Ssh), InlineData(Transport.Tailscale), InlineData(Transport.Wsl), InlineData(Transport.Local)]
    public async Task Add_of_a_host_keeps_its_transport_whatever_its_address_looks_like(Transport transport)
    {
        await _folder.Inventory.AddAsync(InventoryFolder.Host("gpu1", "100.64.0.1") with { Transport = transport }, cancellationToken: Cancel);
        Assert.Equal(transport, _folder.Inventory.Find("gpu1")!.Transport);
    }

    [Fact]
    public async Task Add_of_a_name_that_is_taken_is_refused_unless_it_is_forced()
    {
        await _folder.Inventory.AddAsync(InventoryFolder.Host("gpu1", "old"), cancellationToken: Cancel);
        var before = _folder.Bytes;
        var refused = await Refusal.OfAsync(FailureReason.HostExists, () => _folder.Inventory.AddAsync(InventoryFolder.Host("gpu1", "new"), cancellationToken: Cancel));
        Assert.Equal("gpu1", refused.Host);
        Assert.Equal(before, _folder.Bytes);

        await _folder.Inventory.AddAsync(InventoryFolder.Host("gpu1", "new"), replace: true, Cancel);
        Assert.Equal("new", _folder.Inventory.Find("gpu1")!.Address.Host);
    }

    [Theory, InlineData("ssh://gpu1"), InlineData("user@gpu1"), InlineData("a:b"), InlineData("a/b"), InlineData("_a")]
    [InlineData("aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggggg")]
    public async Task Add_of_a_name_that_is_an_address_or_too_long_is_refused(string name)
    {
        await Refusal.OfAsync(FailureReason.InvalidInput, () => _folder.Inventory.AddAsync(InventoryFolder.Host(name), cancellationToken: Cancel));
        Assert.False(File.Exists(_folder.File));
    }

    [Fact]
    public async Task Change_of_a_host_gets_the_one_in_the_file_and_keeps_its_name()
    {
        await _folder.Inventory.AddAsync(InventoryFolder.Host("gpu1") with { Capabilities = ["gpu"] }, cancellationToken: Cancel);
        var changed = await _folder.Inventory.ChangeAsync("gpu1", h => h with { Name = "other", Capabilities = [.. h.Capabilities, "big"] }, Cancel);
        Assert.Equal(("gpu1", "gpu big"), (changed.Name, string.Join(' ', changed.Capabilities)));
        Assert.Equal(changed, Assert.Single(_folder.Inventory.List(), h => h.Name != "local"));
    }

    [Fact]
    public async Task Change_of_local_is_kept_and_stays_this_machine()
    {
        await _folder.Inventory.ChangeAsync("local", h => h with { WorkspaceRoot = "/srv/tasks" }, Cancel);
        var local = Assert.Single(_folder.Inventory.List());
        Assert.Equal(("local", Transport.Local, "/srv/tasks"), (local.Name, local.Transport, local.WorkspaceRoot));
        await _folder.Inventory.RemoveAsync("local", Cancel);
        Assert.Equal([DispatchHost.Local], _folder.Inventory.List());
    }

    [Fact]
    public async Task Remove_of_a_host_returns_it_and_leaves_the_others()
    {
        await _folder.Inventory.AddAsync(InventoryFolder.Host("a"), cancellationToken: Cancel);
        await _folder.Inventory.AddAsync(InventoryFolder.Host("b"), cancellationToken: Cancel);
        Assert.Equal("a", (await _folder.Inventory.RemoveAsync("a", Cancel))!.Name);
        Assert.Equal(["local", "b"], _folder.Inventory.List().Select(h => h.Name));
    }

    [Fact]
    public async Task Change_and_Remove_of_nobody_are_refused_and_name_it()
    {
        Assert.Equal("gpu1", (await Refusal.OfAsync(FailureReason.HostNotFound, () => _folder.Inventory.ChangeAsync("gpu1", h => h, Cancel))).Host);
        Assert.Equal("gpu1", (await Refusal.OfAsync(FailureReason.HostNotFound, () => _folder.Inventory.RemoveAsync("gpu1", Cancel))).Host);
        await Refusal.OfAsync(FailureReason.HostNotFound, () => _folder.Inventory.RemoveAsync("local", Cancel));
        Assert.False(File.Exists(_folder.File));
    }

    [Fact]
    public async Task Names_are_the_same_in_any_case_and_keep_the_one_they_were_added_in()
    {
        await _folder.Inventory.AddAsync(InventoryFolder.Host("Gpu1", "old"), cancellationToken: Cancel);
        await Refusal.OfAsync(FailureReason.HostExists, () => _folder.Inventory.AddAsync(InventoryFolder.Host("GPU1"), cancellationToken: Cancel));
        await _folder.Inventory.AddAsync(InventoryFolder.Host("GPU1", "new"), replace: true, Cancel);
        Assert.Equal(("Gpu1", "new"), (_folder.Inventory.Find("gpu1")!.Name, _folder.Inventory.Find("gpu1")!.Address.Host));
        Assert.Equal("Gpu1", (await _folder.Inventory.ChangeAsync("gPU1", h => h, Cancel)).Name);
        Assert.Equal("Gpu1", (await _folder.Inventory.RemoveAsync("gpu1", Cancel))!.Name);
    }

    [Fact]
    public async Task Resolve_prefers_a_name_and_else_takes_an_address()
    {
        await _folder.Inventory.AddAsync(InventoryFolder.Host("gpu1", "10.0.0.7"), cancellationToken: Cancel);
        Assert.Equal("10.0.0.7", _folder.Inventory.Resolve("gpu1").Address.Host);
        Assert.Equal("gpu2", _folder.Inventory.Resolve("deploy@gpu2").Address.Host);
        Refusal.Of(FailureReason.InvalidInput, () => _folder.Inventory.Resolve("$(id)"));
    }
}
