using System.Text;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Core.Tests.Hosts;

/// <summary>Hosts that come in: from the inventory's own form, from tables, from a tailnet's status, from rows.</summary>
public sealed class HostImportTests : IDisposable
{
    private readonly InventoryFolder _folder = new();
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Json_adds_what_is_new_with_unknown_members_and_leaves_what_is_there()
    {
        await _folder.Inventory.AddAsync(InventoryFolder.Host("a", "mine") with { Added = _folder.Clock.GetUtcNow() }, cancellationToken: Cancel);
        var import = HostImport.FromFile(Write("other.json", """{"hosts": {"A": {"address": "theirs"}, "b": {"address": "b1", "rack": {"row": 3}}}}"""));
        var done = await _folder.Inventory.ImportAsync(import, cancellationToken: Cancel);
        Assert.Equal([("A", ImportOutcome.Kept), ("b", ImportOutcome.Added)], done.Select(d => (d.Host.Name, d.Outcome)));
        _folder.HoldsJson("""
            {"hosts": {"a": {"address": "mine", "transport": "ssh", "container": "none", "user": "", "added": "2026-02-21T10:00:00Z"},
                       "b": {"address": "b1", "rack": {"row": 3}}}}
            """);
    }

    [Fact]
    public async Task Json_by_force_takes_the_place_of_what_is_there_and_more_capabilities_join_its_own()
    {
        await _folder.Inventory.AddAsync(InventoryFolder.Host("a", "mine"), cancellationToken: Cancel);
        var import = HostImport.FromFile(Write("other.json", """{"hosts": {"A": {"address": "theirs", "capabilities": ["gpu"], "rack": 3}}}"""));
        import.Tag(["new", "GPU"]);
        var done = Assert.Single(await _folder.Inventory.ImportAsync(import, replace: true, Cancel));
        Assert.Equal(("a", ImportOutcome.Replaced), (done.Host.Name, done.Outcome));
        _folder.HoldsJson("""{"hosts": {"a": {"address": "theirs", "transport": "ssh", "container": "none", "user": "", "capabilities": ["gpu", "new"], "rack": 3}}}""");
    }

    [Fact]
    public async Task Json_with_a_bad_entry_tells_its_line_and_takes_the_others()
    {
        var import = HostImport.FromFile(Write("other.json", "{\n \"hosts\": {\n  \"b\": {\"address\": \"b1\"},\n  \"c\": {\n   \"address\": \"$(id)\"},\n  \"d\": 7, \"e\": {\"address\": \"e1\"}},\n \"more\": {\"c\": 1}}"));
        Assert.Equal(["b", "e"], import.Hosts.Select(h => h.Name));
        Assert.Equal([("c", 4), ("d", 6)], import.Problems.Select(p => (p.Host!, p.Message.Contains("line 4", StringComparison.Ordinal) ? 4 : p.Message.Contains("line 6", StringComparison.Ordinal) ? 6 : 0)));
        Assert.All(import.Problems, p => Assert.Contains("other.json", p.Message, StringComparison.Ordinal));
        await _folder.Inventory.ImportAsync(import, cancellationToken: Cancel);
        Assert.Equal(["local", "b", "e"], _folder.Inventory.List().Select(h => h.Name));
    }

    [Theory, InlineData("{\"hosts\": [\n"), InlineData("{\"hosts\": []}"), InlineData("{\"hosts\": {\"a\": {}, \"a\": {}}}")]
    public async Task Json_that_is_damaged_as_a_whole_is_refused_and_changes_nothing(string text)
    {
        await _folder.Inventory.AddAsync(InventoryFolder.Host("a"), cancellationToken: Cancel);
        var path = Write("other.json", text);
        // It is no inventory of anybody's.
        Assert.StartsWith($"The file '{path}'", Refusal.Of(FailureReason.DamagedFile, () => HostImport.FromFile(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Import_that_changes_nothing_leaves_the_file_as_it_is_laid_out()
    {
        await File.WriteAllTextAsync(_folder.File, """{"hosts":{"a":{"address":"x"}}}""", Cancel);
        var before = _folder.Bytes;
        var import = HostImport.FromText("Host a\n", _folder.Path + "/config");
        Assert.Equal(ImportOutcome.Kept, Assert.Single(await _folder.Inventory.ImportAsync(import, cancellationToken: Cancel)).Outcome);
        Assert.Equal(before, _folder.Bytes);
    }

    [Fact]
    public async Task Thousand_hosts_come_in_by_one_change_of_the_file_while_others_change_it()
    {
        var import = HostImport.FromText("Name,Address\n" + string.Concat(Enumerable.Range(0, 1000).Select(i => $"n{i},n{i}.example.com\n")), "hosts.csv");
        await Task.WhenAll(
            _folder.Inventory.ImportAsync(import, cancellationToken: Cancel),
            Task.WhenAll(Enumerable.Range(0, 10).Select(i => Task.Run(() => new HostInventory(_folder.File).AddAsync(InventoryFolder.Host($"m{i}"), cancellationToken: Cancel), Cancel))));
        Assert.Equal(1011, _folder.Inventory.List().Count);
    }

    [Fact]
    public void Csv_has_its_columns_in_any_order_and_case_with_quotes_as_they_must_be()
    {
        var import = HostImport.FromText(
            "\"address\",NAME,capabilities,workspaceroot,user,port,transport,container\r\n"
            + "10.0.0.1,a,gpu;os=linux,\"/srv/a, \"\"b\"\"\nc\",me,2222,ssh,auto\r\n\r\n"
            + "ssh://you@b.example.com:22,b,\"gpu cuda\",,,,,\r\n"
            + "b.tail1.ts.net,c\r\n"
            + "Ubuntu-24.04,d,,,,,WSL,none",
            "hosts.csv", HostFormat.Csv);
        // A line end belongs to no path.
        Assert.Contains("'hosts.csv', line 2", Assert.Single(import.Problems).Message, StringComparison.Ordinal);
        Assert.Equal(["b ssh://you@b.example.com:22 Ssh none gpu cuda", "c b.tail1.ts.net Tailscale none ", "d Ubuntu-24.04 Wsl none "], import.Hosts.Select(Show));
    }

    [Theory]
    [InlineData("Name,Address\na,x\n", "a"), InlineData("\uFEFFName;Address;Capabilities\na;x;\"gpu;cuda\"\n", "a"), InlineData("name\taddress\na\tx", "a"), InlineData("#TYPE Selected.Host\r\n\"Name\",\"Address\"\r\n\"a\",\"x\"\r\n", "a")]
    [InlineData("{\"hosts\": {\"a\": {\"address\": \"x\"}}}", "a"), InlineData("\n {\"hosts\": {}}", ""), InlineData("Host=a\n", "a"), InlineData("{\"Self\": {}, \"Peer\": {\"k\": {\"DNSName\": \"a.t.ts.net.\"}}}", "a")]
    [InlineData("Host a\n", "a"), InlineData("# Name,Address\nHost a\n", "a"), InlineData("Include nothing\n", "")]
    public void Form_is_told_by_the_content(string text, string names)
    {
        var import = HostImport.FromText(text.TrimStart('\uFEFF'), _folder.Path + "/x");
        Assert.Empty(import.Problems);
        Assert.Equal(names, string.Join(' ', import.Hosts));
        Assert.Equal(names.Length > 0 ? [] : [$"'{_folder.Path}/x' has no hosts."], import.Remarks);
        var path = Write("file", text);
        Assert.Equal(names, string.Join(' ', HostImport.FromFile(path).Hosts));
        File.WriteAllText(path, text.TrimStart('\uFEFF'), Encoding.Unicode);
        Assert.Equal(names, string.Join(' ', HostImport.FromFile(path).Hosts));
    }

    [Theory, InlineData("Hostname,IP\nc9,10.0.0.1\n", "no form"), InlineData("", "is empty"), InlineData("\n\n", "is empty"), InlineData("#!/bin/sh\nexport PORT=22\nHOST=gpu1\n", "no form")]
    [InlineData("[{\"name\": \"a\"}]", "no form"), InlineData("\u001f\u008b\u0008", "no form")]
    public void Text_of_no_known_form_is_a_failure_that_names_the_forms_and_the_columns(string text, string says)
    {
        var path = Write("file", text);
        var message = Refusal.Of(FailureReason.DamagedFile, () => HostImport.FromFile(path)).Message;
        foreach (var part in new[] { path, says, "ssh_config", "JSON", "CSV", "Name and Address", "Capabilities" })
            Assert.Contains(part, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Name,Address\n,x", 2, "no name"), InlineData("Name,Address\n\n\na,", 4, "no address"), InlineData("Name,Address,Port\na,x,70000", 2, "port"), InlineData("Name,Address,Port\na,x,-1", 2, "port")]
    [InlineData("Name,Address\n=cmd|x,x", 2, "=cmd|x"), InlineData("Name,Address\na,-oProxyCommand=id", 2, "-oProxyCommand"), InlineData("Name,Address,User\na,x,$(id)", 2, "user"), InlineData("Name,Address,Transport\na,x,0", 2, "transport")]
    [InlineData("Name,Address\na,x,y,z", 2, "4 fields"), InlineData("Name,Address,Capabilities\na,x,System.String[]", 2, "Export-DispatchHost"), InlineData("Name,Address\na,x\nA,y", 3, "was there before"), InlineData("Name,Address\nlocal,x", 2, "this machine")]
    [InlineData("Name\na", 1, "names its columns"), InlineData("", 1, "names its columns"), InlineData("a,x\nb,y", 1, "names its columns"), InlineData("Name,Address\n\"a\nb\",x\nc,$", 2, "a\\nb"), InlineData("Name,Address,Note\na,x,\"one\ntwo\"\r\n-b,y,", 4, "-b")]
    public void Csv_line_that_is_no_host_is_told_by_its_number(string text, int line, string says)
    {
        var problem = HostImport.FromText(text, "hosts.csv", HostFormat.Csv).Problems[0];
        Assert.Equal(FailureReason.DamagedFile, problem.Reason);
        Assert.Contains($"'hosts.csv', line {line}: ", problem.Message, StringComparison.Ordinal);
        Assert.Contains(says, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Csv_with_an_open_quotation_mark_keeps_what_stood_before_and_tells_where_it_was()
    {
        var import = HostImport.FromText("Name,Address\na,x\nb,\"y\nc,z\n", "hosts.csv");
        Assert.Equal(["a"], import.Hosts.Select(h => h.Name));
        Assert.Contains("line 3", Assert.Single(import.Problems).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Csv_columns_that_mean_nothing_are_told_once()
    {
        var import = HostImport.FromText("Name,Rack,Address,Owner\na,1,x,me\nb,2,y,you\n", "hosts.csv");
        Assert.Equal(2, import.Hosts.Count);
        Assert.Equal(2, import.Remarks.Count);
        Assert.Contains("'Rack'", import.Remarks[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Csv_that_is_not_utf8_is_refused()
    {
        File.WriteAllText(_folder.Path + "/hosts.csv", "Name,Address,User\na,x,ü\n", Encoding.Latin1);
        Assert.Contains("UTF-8", Refusal.Of(FailureReason.DamagedFile, () => HostImport.FromFile(_folder.Path + "/hosts.csv")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Tailnet_gives_its_peers_with_their_system_and_tags_and_never_this_machine()
    {
        var import = HostImport.FromText("""
            {"BackendState": "Running", "Self": {"DNSName": "here.tail1.ts.net.", "OS": "linux"},
             "Peer": {
               "nodekey:1": {"HostName": "GPU 1", "DNSName": "gpu1.tail1.ts.net.", "OS": "linux", "Tags": ["tag:gpu", "tag:prod"]},
               "nodekey:2": {"HostName": "mac", "DNSName": "mac.tail1.ts.net.", "OS": "macOS", "Tags": null},
               "nodekey:3": {"HostName": "bare", "DNSName": "bare.tail1.ts.net", "OS": "", "Tags": [7]},
               "nodekey:4": {"HostName": "no name", "DNSName": ""},
               "nodekey:5": null,
               "nodekey:6": {"DNSName": "$(id).tail1.ts.net."},
               "nodekey:7": {"DNSName": "gpu1.other.ts.net.", "OS": "linux"},
               "nodekey:8": {"DNSName": "odd.tail1.ts.net.", "OS": "two words"},
               "nodekey:9": {"DNSName": "ch-zrh-wg-001.mullvad.ts.net.", "OS": "", "Tags": ["tag:mullvad-exit-node"]}
             }}
            """, "status.json");
        Assert.Equal(["gpu1 gpu1.tail1.ts.net Tailscale none os=linux gpu prod", "mac mac.tail1.ts.net Tailscale none os=macos", "bare bare.tail1.ts.net Tailscale none "], import.Hosts.Select(Show));
        Assert.Equal(["nodekey:4", "nodekey:5", "nodekey:6", "nodekey:7", "nodekey:8"], import.Problems.Select(p => p.Message.Split('\'')[3]));
        Assert.Contains("Mullvad", Assert.Single(import.Remarks), StringComparison.Ordinal);
    }

    [Theory, InlineData("{\"BackendState\": \"Stopped\", \"Self\": {}, \"Peer\": null}", 2), InlineData("{\"Self\": null}", 1), InlineData("{\"Self\": 1, \"Peer\": []}", 1), InlineData("{\"Self\": {}, \"Peer\": {}}", 1)]
    public void Tailnet_without_peers_is_empty(string text, int remarks)
    {
        var import = HostImport.FromText(text, "status.json", HostFormat.Tailscale);
        Assert.Empty(import.Hosts);
        Assert.Empty(import.Problems);
        Assert.Equal(remarks, import.Remarks.Count);
    }

    [Fact]
    public void Tailnet_status_that_is_no_document_is_refused() =>
        Assert.Contains("line 2", Refusal.Of(FailureReason.DamagedFile, () => HostImport.FromText("{\n]", "status.json", HostFormat.Tailscale)).Message, StringComparison.Ordinal);

    [Fact]
    public void Rows_are_hosts_by_their_columns_and_one_that_cannot_be_used_keeps_no_other_out()
    {
        var import = new HostImport();
        import.Add([KeyValuePair.Create("name", (string?)"a"), KeyValuePair.Create("Address", (string?)"me@x"), KeyValuePair.Create("Port", (string?)"22"), KeyValuePair.Create("Capability", (string?)"gpu")]);
        import.Add([KeyValuePair.Create("Name", (string?)"-x"), KeyValuePair.Create("Address", (string?)"x")]);
        import.Add(InventoryFolder.Host("b") with { Capabilities = ["web"] });
        import.Add(DispatchHost.Local);
        Assert.Equal(["a ssh://me@x:22 Ssh none gpu", "b gpu1.example.com Ssh none web"], import.Hosts.Select(Show));
        Assert.Equal(FailureReason.InvalidInput, Assert.Single(import.Problems).Reason);
        import.Tag(["new"]);
        Assert.All(import.Hosts, h => Assert.Contains("new", h.Capabilities));
        Refusal.Of(FailureReason.InvalidInput, () => import.Tag(["two words"]));
        import.Keep(h => h.Name == "b");
        Assert.Equal(["b"], import.Hosts.Select(h => h.Name));
    }

    private static string Show(DispatchHost host) => $"{host.Name} {host.Address} {host.Transport} {host.Container} {string.Join(' ', host.Capabilities)}";

    private string Write(string name, string text)
    {
        File.WriteAllText(_folder.Path + "/" + name, text);
        return _folder.Path + "/" + name;
    }
}
