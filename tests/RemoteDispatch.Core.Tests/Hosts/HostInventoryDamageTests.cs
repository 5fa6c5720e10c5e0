using System.Text;

namespace RemoteDispatch.Core.Tests.Hosts;

/// <summary>A damaged file is an error that says where, and stays as it was.</summary>
public sealed class HostInventoryDamageTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> Files => new()
    {
        { "", "cannot be read: it is empty." },
        { "\uFEFF \r\n", "cannot be read: it is empty." },
        { "{\n  \"hosts\": {\n    \"a\": {\"address\": \"x\"", "line 3" },
        { "{\n  \"hosts\": {},\n}", "line 3" },
        { "{\"hosts\": {}} trailing", "line 1" },
        { "{\n\"hosts\": {\n\"a\": {\"address\": 'x'}}}", "line 3" },
        { "not json", "line 1" },
        { "[]", "not an object" },
        { "null", "not an object" },
        { "\"text\"", "not an object" },
        { "{\"hosts\": []}", "'hosts'" },
        { "{\"hosts\": null}", "'hosts'" },
        { "{\"hosts\": \"a\"}", "'hosts'" },
        { "{\"hosts\": {\n\"a\": {\"address\": \"x\"},\n\"twice\": {\"address\": \"y\"},\n\"twice\": {\"address\": \"z\"}}}", "twice" },
        { "{\"hosts\": {}, \"hosts\": {}}", "hosts" },
    };

    public static TheoryData<string, string> Entries => new()
    {
        // Bug in Core (HostInventory.ChangeAsync) with these three: a change makes this very machine of them.
        { "7", "an object" },
        { "[]", "an object" },
        { "null", "an object" },
        { "{}", "no address" },
        { "{\"address\": \"\"}", "no address" },
        { "{\"address\": 7}", "" },
        { "{\"address\": \"-oProxyCommand=x\"}", "-oProxyCommand=x" },
        { "{\"address\": \"a b\"}", "a b" },
        { "{\"address\": \"x\", \"user\": \"$(id)\"}", "user" },
        { "{\"address\": \"x\", \"transport\": \"pigeon\"}", "'pigeon'" },
        { "{\"address\": \"x\", \"transport\": 1}", "" },
        { "{\"address\": \"x\", \"port\": 0}", "port" },
        { "{\"address\": \"x\", \"port\": 65536}", "port" },
        { "{\"address\": \"x\", \"port\": -1}", "port" },
        { "{\"address\": \"x\", \"port\": \"abc\"}", "" },
        { "{\"address\": \"x\", \"port\": 22.5}", "" },
        { "{\"address\": \"x\", \"port\": 99999999999}", "" },
        { "{\"address\": \"x\", \"container\": \"a b\"}", "'a b'" },
        { "{\"address\": \"x\", \"capabilities\": [7]}", "" },
        { "{\"address\": \"x\", \"capabilities\": [\"two words\"]}", "'two words'" },
        { "{\"address\": \"x\", \"workspaceRoot\": \"relative\"}", "'relative'" },
        { "{\"address\": \"x\", \"added\": \"yesterday\"}", "yesterday" },
        // Bug in Core (HostEntry.ReadPort): int.Parse throws an OverflowException, which nobody catches.
        { "{\"address\": \"x\", \"port\": \"99999999999\"}", "" },
        // Bug in Core (HostEntry.ReadAddress, Read): a member of another kind is passed over, and the next change removes it.
        { "{\"address\": \"x\", \"port\": [22]}", "" },
        { "{\"address\": \"x\", \"capabilities\": \"gpu\"}", "" },
    };

    [Theory, MemberData(nameof(Files))]
    public async Task File_that_is_no_inventory_is_refused_with_the_place_and_left_as_it_was(string content, string place)
    {
        using var folder = new InventoryFolder(content);
        var before = folder.Bytes;
        foreach (var failure in new[]
        {
            Refusal.Of(FailureReason.DamagedFile, () => folder.Inventory.List()),
            Refusal.Of(FailureReason.DamagedFile, () => folder.Inventory.Find("local")),
            await Refusal.OfAsync(FailureReason.DamagedFile, () => folder.Inventory.AddAsync(InventoryFolder.Host("new"), true, Cancel)),
            await Refusal.OfAsync(FailureReason.DamagedFile, () => folder.Inventory.RemoveAsync("a", Cancel)),
        })
        {
            Assert.Contains(folder.File, failure.Message, StringComparison.Ordinal);
            Assert.Contains(place, failure.Message, StringComparison.Ordinal);
        }

        Assert.Equal(before, folder.Bytes);
    }

    [Theory, MemberData(nameof(Entries))]
    public async Task Entry_that_is_no_host_is_refused_by_its_name_and_left_as_it_was(string entry, string says)
    {
        using var folder = new InventoryFolder($$$"""{"hosts": {"good": {"address": "g"}, "bad": {{{entry}}}}}""");
        var before = folder.Bytes;
        foreach (var failure in new[]
        {
            Refusal.Of(FailureReason.DamagedFile, () => folder.Inventory.List()),
            Refusal.Of(FailureReason.DamagedFile, () => folder.Inventory.Find("bad")),
        })
        {
            Assert.Equal("bad", failure.Host);
            Assert.Contains("'bad'", failure.Message, StringComparison.Ordinal);
            Assert.Contains(says, failure.Message, StringComparison.Ordinal);
        }

        await Assert.ThrowsAsync<DispatchException>(() => folder.Inventory.ChangeAsync("bad", h => h with { Capabilities = ["x"] }, Cancel));
        Assert.Equal(before, folder.Bytes);
        Assert.Equal("g", folder.Inventory.Find("good")!.Address.Host);
    }

    [Theory, MemberData(nameof(Entries))]
    public async Task Entry_that_is_no_host_hides_no_other_and_is_removed_by_its_name(string entry, string says)
    {
        using var folder = new InventoryFolder($$$"""{"hosts": {"good": {"address": "g"}, "bad": {{{entry}}}, "gpu": {"address": "h", "capabilities": ["gpu"]} } }""");
        var problems = new List<DispatchException>();
        Assert.Equal(["local", "good", "gpu"], folder.Inventory.List(problems).Select(h => h.Name));
        var problem = Assert.Single(problems);
        Assert.Equal("bad", problem.Host);
        Assert.Contains(says, problem.Message, StringComparison.Ordinal);
        Assert.Contains("Remove-DispatchHost bad, 'rdispatch hosts remove bad'", problem.Remedy, StringComparison.Ordinal);
        Assert.Equal(["gpu"], folder.Inventory.Having(["gpu"]).Select(h => h.Name));
        Assert.Null(await folder.Inventory.RemoveAsync("BAD", Cancel));
        Assert.Equal(["local", "good", "gpu"], folder.Inventory.List().Select(h => h.Name));
    }

    [Fact]
    public void Name_that_no_host_can_have_is_no_part_of_a_command()
    {
        using var folder = new InventoryFolder("""{"hosts": {"$(id)": {"address": "x"}}}""");
        Assert.DoesNotContain("$(id)", Refusal.Of(FailureReason.DamagedFile, () => folder.Inventory.List()).Remedy, StringComparison.Ordinal);
    }

    [Theory, InlineData("-x"), InlineData("a b"), InlineData("$(id)"), InlineData("")]
    public void Entry_with_a_name_that_no_host_can_have_is_refused(string name)
    {
        using var folder = new InventoryFolder($$$"""{"hosts": {"{{{name}}}": {"address": "x"} } }""");
        Refusal.Of(FailureReason.DamagedFile, () => folder.Inventory.List());
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task File_in_another_encoding_is_refused_and_left_as_it_was(bool wide)
    {
        using var folder = new InventoryFolder();
        var content = """{"höst": 1, "note": "ä", "hosts": {"a": {"address": "x", "place": "Zürich"}}}""";
        await File.WriteAllTextAsync(folder.File, content, wide ? Encoding.Unicode : Encoding.Latin1, Cancel);
        var before = folder.Bytes;
        // Bug in Core (InventoryFile.Parse) with Latin-1: what is no UTF-8 is found late, as an InvalidOperationException.
        Refusal.Of(FailureReason.DamagedFile, () => folder.Inventory.List());
        await Refusal.OfAsync(FailureReason.DamagedFile, () => folder.Inventory.AddAsync(InventoryFolder.Host("new"), cancellationToken: Cancel));
        Assert.Equal(before, folder.Bytes);
    }

    [Fact]
    public async Task File_that_is_a_folder_is_a_failure_of_the_local_file()
    {
        using var folder = new InventoryFolder();
        Directory.CreateDirectory(folder.File);
        Refusal.Of(FailureReason.LocalFile, () => folder.Inventory.List());
        await Refusal.OfAsync(FailureReason.LocalFile, () => folder.Inventory.AddAsync(InventoryFolder.Host("new"), cancellationToken: Cancel));
    }
}
