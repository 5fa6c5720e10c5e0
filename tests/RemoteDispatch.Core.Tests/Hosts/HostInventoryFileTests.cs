using System.Text;
using System.Text.Json.Nodes;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Core.Tests.Hosts;

/// <summary>The form that existing scripts use comes back without loss, and the file stays the user's own.</summary>
public sealed class HostInventoryFileTests : IDisposable
{
    // The entry of issue 2, with members of other programs around it.
    private const string Legacy = """
        {"version": 3, "note": "Ünïcödé 🎉 日本 <tag> & 'quote' \"two\" \\ \u0007", "big": 123456789012345678901234567890, "huge": 1e400,
         "nested": {"list": [1, {"deep": null}, [], {}], "flag": false},
         "hosts": {
           "gpu-server": {"address": "192.168.1.100", "transport": "ssh", "container": "auto", "user": "", "added": "2026-02-21T10:00:00Z",
                          "rack": {"row": 3, "labels": ["ä", "b"]}, "asset": 18446744073709551616, "price": 0.10000000000000000001},
           "mac": {"address": "mac1", "transport": "ssh", "container": "none", "user": "me", "added": "2026-02-21T10:00:00Z", "x-owner": null}
         }}
        """;

    private readonly InventoryFolder _folder = new(Legacy);
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Find_in_the_legacy_form_reads_each_member()
    {
        var host = _folder.Inventory.Find("gpu-server")!;
        Assert.Equal(("192.168.1.100", null, null), (host.Address.Host, host.Address.User, host.Address.Port));
        Assert.Equal((Transport.Ssh, ContainerChoice.Auto), (host.Transport, host.Container));
        Assert.Equal(new DateTimeOffset(2026, 2, 21, 10, 0, 0, TimeSpan.Zero), host.Added);
    }

    [Fact]
    public async Task Add_Change_and_Remove_of_another_host_lose_nothing()
    {
        await _folder.Inventory.AddAsync(InventoryFolder.Host("new"), cancellationToken: Cancel);
        await _folder.Inventory.ChangeAsync("new", h => h with { Capabilities = ["gpu"] }, Cancel);
        await _folder.Inventory.RemoveAsync("new", Cancel);
        _folder.HoldsJson(Legacy);
    }

    [Fact]
    public async Task Change_of_a_host_changes_its_own_members_and_loses_none()
    {
        await _folder.Inventory.ChangeAsync("gpu-server", h => h with { Container = ContainerChoice.None, Capabilities = ["gpu"] }, Cancel);
        var expected = JsonNode.Parse(Legacy)!;
        expected["hosts"]!["gpu-server"]!["container"] = "none";
        expected["hosts"]!["gpu-server"]!["capabilities"] = new JsonArray("gpu");
        _folder.HoldsJson(expected.ToJsonString());
        await _folder.Inventory.ChangeAsync("gpu-server", h => h with { Container = ContainerChoice.Auto, Capabilities = [] }, Cancel);
        _folder.HoldsJson(Legacy);
    }

    [Fact]
    public async Task Add_by_force_keeps_the_unknown_members_of_the_one_before()
    {
        await _folder.Inventory.AddAsync(InventoryFolder.Host("mac", "mac2") with { Added = _folder.Clock.GetUtcNow() }, replace: true, Cancel);
        var expected = JsonNode.Parse(Legacy)!;
        expected["hosts"]!["mac"]!["address"] = "mac2";
        expected["hosts"]!["mac"]!["user"] = "";
        _folder.HoldsJson(expected.ToJsonString());
    }

    // Bug in Core (HostEntry.Write): 'added' is always written anew, to the second and in UTC, though nobody changed it.
    [Theory, InlineData("2026-02-21T10:00:00.123456+00:00"), InlineData("2026-02-21T12:00:00+02:00"), InlineData("2026-02-21")]
    public async Task Change_of_a_host_leaves_the_time_it_was_added_as_it_was_written(string added)
    {
        var content = $$$"""{"hosts": {"a": {"address": "a1", "transport": "ssh", "container": "none", "user": "", "added": "{{{added}}}"} } }""";
        await File.WriteAllTextAsync(_folder.File, content, Cancel);
        await _folder.Inventory.ChangeAsync("a", h => h, Cancel);
        _folder.HoldsJson(content);
    }

    [Fact]
    public async Task File_with_a_byte_order_mark_is_read_and_changed()
    {
        await File.WriteAllTextAsync(_folder.File, Legacy, new UTF8Encoding(encoderShouldEmitUTF8Identifier: true), Cancel);
        Assert.Equal(0xEF, _folder.Bytes[0]);
        Assert.Equal(3, _folder.Inventory.List().Count);
        await _folder.Inventory.RemoveAsync("mac", Cancel);
        Assert.Equal(["local", "gpu-server"], _folder.Inventory.List().Select(h => h.Name));
    }

    [Fact]
    public async Task File_that_is_a_link_stays_one_and_its_target_is_changed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need a privilege on Windows.");
        Directory.CreateDirectory(_folder.Path + "/dotfiles");
        File.Move(_folder.File, _folder.Path + "/dotfiles/hosts.json");
        File.CreateSymbolicLink(_folder.File, "dotfiles/hosts.json");
        await _folder.Inventory.RemoveAsync("mac", Cancel);
        Assert.Equal("dotfiles/hosts.json", new FileInfo(_folder.File).LinkTarget);
        Assert.DoesNotContain("mac1", await File.ReadAllTextAsync(_folder.Path + "/dotfiles/hosts.json", Cancel), StringComparison.Ordinal);
        Assert.Equal(["hosts.json"], Directory.GetFiles(_folder.Path + "/dotfiles").Select(Path.GetFileName));
    }

    // 664 under the usual umask of 022 shows a bug in Core (SafeFile.Create): the umask takes bits away from a mode that is to be kept.
    [Theory, InlineData("600"), InlineData("640"), InlineData("400"), InlineData("664")]
    public async Task File_keeps_its_mode(string octal)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no modes.");
        var mode = (UnixFileMode)Convert.ToInt32(octal, 8);
        File.SetUnixFileMode(_folder.File, mode);
        await _folder.Inventory.RemoveAsync("mac", Cancel);
        Assert.Equal(mode, File.GetUnixFileMode(_folder.File));
    }

    [Fact]
    public async Task File_that_was_not_there_is_its_owners_alone_and_so_is_its_folder()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no modes.");
        var path = _folder.Path + "/config/remote-dispatch/hosts.json";
        await new HostInventory(path).AddAsync(InventoryFolder.Host("a"), cancellationToken: Cancel);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(path)!));
    }

    // Fifty real processes are a test of Fleet.Tests, which has a program to start; here are fifty inventories in one.
    [Fact]
    public async Task Fifty_adders_at_once_lose_no_host()
    {
        await Task.WhenAll(Enumerable.Range(0, 50).Select(i =>
            Task.Run(() => new HostInventory(_folder.File).AddAsync(InventoryFolder.Host($"h{i}"), cancellationToken: Cancel), Cancel)));
        Assert.Equal(53, _folder.Inventory.List().Count);
        Assert.Equal(["hosts.json", "hosts.json.lock"], Directory.GetFiles(_folder.Path).Select(Path.GetFileName).Order());
    }
}
