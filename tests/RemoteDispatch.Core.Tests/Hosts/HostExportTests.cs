using System.Text;
using System.Text.Json.Nodes;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Core.Tests.Hosts;

/// <summary>Hosts that go out, and come back as they were.</summary>
public sealed class HostExportTests : IDisposable
{
    private const string Entries = """
        {"version": 3, "hosts": {
           "gpu1": {"address": "192.168.1.100", "transport": "ssh", "container": "auto", "user": "", "added": "2026-02-21T10:00:00+01:00", "rack": {"row": 3, "note": "ä 🎉 <b>"}, "asset": 18446744073709551616},
           "web1": {"address": "fe80::1%eth0", "transport": "ssh", "container": "box", "user": "me", "port": 2222, "capabilities": ["web", "os=linux"], "workspaceRoot": "/srv/a, \"b\" c"},
           "Tail": {"address": "box.tail1.ts.net", "transport": "tailscale", "container": "none", "user": "root"},
           "bare": {"address": "bare"},
           "wsl": {"address": "Ubuntu-24.04", "transport": "wsl", "container": "none", "user": ""}
        }}
        """;

    private readonly InventoryFolder _folder = new(Entries);
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Json_comes_back_as_it_was_with_members_that_nobody_knows()
    {
        var text = Export("@*", HostFormat.Json);
        using var other = new InventoryFolder();
        await other.Inventory.ImportAsync(HostImport.FromText(text, "x"), cancellationToken: Cancel);
        var expected = JsonNode.Parse(Entries)!.AsObject();
        expected.Remove("version");
        other.HoldsJson(expected.ToJsonString());
        Assert.Equal(text, HostText(other, "@*", HostFormat.Json));
    }

    [Fact]
    public async Task Csv_comes_back_with_all_that_its_columns_can_say()
    {
        await _folder.Inventory.ChangeAsync(
            "gpu1", h => h with { HostKeyFingerprint = "SHA256:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA", ForwardAgent = true, WorkspaceLimit = 20L << 30, WorkerLimit = new WorkerLimit { MaxWorkers = 4, MemoryPerWorker = 2L << 30, MemoryReserve = 1L << 30, StartInterval = TimeSpan.FromSeconds(10) } }, Cancel);
        var text = Export("@*", HostFormat.Csv);
        Assert.Equal("web1,fe80::1%eth0,me,2222,Ssh,box,web;os=linux,\"/srv/a, \"\"b\"\" c\",,,,,,,,", text.Split('\n')[2]);
        using var other = new InventoryFolder();
        var import = HostImport.FromText(text, "x");
        Assert.Empty(import.Problems);
        Assert.Empty(import.Remarks);
        await other.Inventory.ImportAsync(import, cancellationToken: Cancel);
        Assert.Equal(text, HostText(other, "@*", HostFormat.Csv));
        Assert.Equal(_folder.Inventory.List().Select(h => h with { Added = null }), other.Inventory.List().Select(h => h with { Added = null }));
    }

    [Fact]
    public async Task Ssh_config_says_to_ssh_where_the_hosts_are()
    {
        await _folder.Inventory.AddAsync(DispatchHost.FromAddress("CORP\\deploy@db1.example.com") with { Name = "db" }, cancellationToken: Cancel);
        var path = _folder.Path + "/config";
        HostExport.Save(path, Export("@*", HostFormat.SshConfig), replace: false);
        Assert.Equal(["gpu1", "web1", "Tail", "bare", "db"], HostImport.FromFile(path).Hosts.Select(h => h.Name));
        Assert.Contains("# wsl is left out", await File.ReadAllTextAsync(path, Cancel), StringComparison.Ordinal);
        Assert.Equal(("192.168.1.100", "22"), await ToldAsync(path, "gpu1"));
        Assert.Equal(("fe80::1%eth0", "2222"), await ToldAsync(path, "web1"));
        Assert.Equal(("bare", "22"), await ToldAsync(path, "bare"));
        Assert.Equal(("db1.example.com", "22"), await ToldAsync(path, "db"));
        Assert.Contains("user CORP\\deploy\n", await OptionsAsync(path, "db"), StringComparison.Ordinal);
        // The alias's own block in the user's file goes on to say where it is.
        Assert.DoesNotContain("HostName bare", await File.ReadAllTextAsync(path, Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public void Set_of_hosts_goes_out_once_each_and_local_only_where_it_is_an_entry()
    {
        Assert.Equal(["gpu1", "web1"], JsonNode.Parse(Export("gpu1,web*,gpu1", HostFormat.Json))!["hosts"]!.AsObject().Select(h => h.Key));
        using var empty = new InventoryFolder();
        Assert.Equal("{\n  \"hosts\": {}\n}\n", HostText(empty, "@*", HostFormat.Json));
        Assert.Equal("Name,Address,User,Port,Transport,Container,Capabilities,WorkspaceRoot,WorkspaceLimit,MaxWorkers,MemoryPerWorker,MemoryReserve,StartInterval,HostKeyFingerprint,ForwardAgent,ForwardCredentials\n", HostText(empty, "@*", HostFormat.Csv));
        Refusal.Of(FailureReason.InvalidInput, () => HostText(empty, "@*", HostFormat.Tailscale));
    }

    [Fact]
    public void Save_writes_over_a_file_by_force_alone()
    {
        var path = _folder.Path + "/out.csv";
        HostExport.Save(path, "one\n", replace: false);
        Assert.Contains("is there already", Refusal.Of(FailureReason.LocalFile, () => HostExport.Save(path, "two\n", replace: false)).Message, StringComparison.Ordinal);
        Assert.Equal("one\n", File.ReadAllText(path));
        HostExport.Save(path, "two\n", replace: true);
        Assert.Equal("two\n", File.ReadAllText(path));
        Assert.Equal(["hosts.json", "out.csv"], Directory.GetFiles(_folder.Path).Select(Path.GetFileName).Order());
        Refusal.Of(FailureReason.LocalFile, () => HostExport.Save(_folder.Path + "/out.csv/x", "three\n", replace: true));
    }

    [Fact]
    public void Save_creates_no_folder()
    {
        Assert.Contains("/nope' is not there", Refusal.Of(FailureReason.LocalFile, () => HostExport.Save(_folder.Path + "/nope/out.csv", "one\n", replace: true)).Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.Path + "/nope"));
    }

    [Theory, InlineData("a.csv", HostFormat.Csv), InlineData("/x/A.CSV", HostFormat.Csv), InlineData("/home/me/.ssh/config", HostFormat.SshConfig), InlineData("ssh_config", HostFormat.SshConfig), InlineData("fleet.conf", HostFormat.SshConfig), InlineData("hosts.json", HostFormat.Json), InlineData("hosts", HostFormat.Json)]
    public void FormatOf_goes_by_the_files_name(string path, HostFormat format) => Assert.Equal(format, HostExport.FormatOf(path));

    private string Export(string set, HostFormat format) => HostText(_folder, set, format);

    private static string HostText(InventoryFolder folder, string set, HostFormat format)
    {
        var sets = folder.Inventory.Sets();
        var hosts = new HostExport();
        foreach (var name in sets.ExpandEntries(set, mayBeNobody: true))
            hosts.Add(sets, name);
        return hosts.ToText(format);
    }

    private static async Task<(string HostName, string Port)> ToldAsync(string config, string alias)
    {
        var options = (await OptionsAsync(config, alias)).Split('\n').Select(l => l.Split(' ', 2)).Where(l => l.Length == 2).DistinctBy(l => l[0]).ToDictionary(l => l[0], l => l[1]);
        return (options["hostname"], options["port"]);
    }

    private static async Task<string> OptionsAsync(string config, string alias)
    {
        var (code, output, error) = await ProcessRun.OfAsync(["ssh", "-G", "-F", config, alias], Cancel);
        Assert.True(code == 0, error);
        return Encoding.UTF8.GetString(output);
    }
}
