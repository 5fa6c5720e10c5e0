using System.Diagnostics;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Core.Tests.Hosts;

/// <summary>What a user types for hosts, and the hosts that it stands for.</summary>
public sealed class HostSetsTests : IDisposable
{
    private readonly InventoryFolder _folder = new("""
        {"hosts": {
          "web1": {"address": "10.0.0.1", "capabilities": ["web", "os=linux"]},
          "web2": {"address": "10.0.0.2", "capabilities": ["web", "os=linux", "rack=1"]},
          "Web10": {"address": "10.0.0.10", "capabilities": ["WEB", "os=bsd"]},
          "gpu1": {"address": "10.0.1.1", "capabilities": ["gpu", "os=linux", "all-night"]},
          "gpu2": {"address": "10.0.1.2", "capabilities": ["gpu", "cuda"]},
          "plain": {"address": "10.0.2.1"}
        }}
        """);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("web1", "web1"), InlineData("WEB1", "web1"), InlineData("web10", "Web10"), InlineData(" web1 ", "web1")]
    [InlineData("gpu1,web1", "gpu1 web1"), InlineData("web1,WEB1,web1", "web1"), InlineData("gpu1 , web1", "gpu1 web1")]
    [InlineData("local", "local"), InlineData("LOCAL", "local"), InlineData("web1,local", "web1 local")]
    // Brackets.
    [InlineData("h[1-3]", "h1 h2 h3"), InlineData("h[1,3,5-7]", "h1 h3 h5 h6 h7"), InlineData("h[3,1,3]", "h3 h1")]
    [InlineData("h[01-03]", "h01 h02 h03"), InlineData("h[08-11]", "h08 h09 h10 h11"), InlineData("h[00-01]", "h00 h01")]
    [InlineData("h[0-10/5]", "h0 h5 h10"), InlineData("h[1-10/4]", "h1 h5 h9"), InlineData("h[02-10/4]", "h02 h06 h10"), InlineData("h[5]", "h5")]
    [InlineData("r[1-2]n[01-02]", "r1n01 r1n02 r2n01 r2n02"), InlineData("h[1-2].example.com", "h1.example.com h2.example.com")]
    [InlineData("[1-2]h", "1h 2h"), InlineData("h[1-2][3-4]", "h13 h14 h23 h24"), InlineData("h[0-0]", "h0"), InlineData("web[1-2]", "web1 web2")]
    [InlineData("deploy@h[1-2]", "deploy@h1 deploy@h2"), InlineData("ssh://h[1-2]:22", "ssh://h1:22 ssh://h2:22")]
    // Addresses as ever: what looks like a sign of a set is none.
    [InlineData("deploy@gpu9", "deploy@gpu9"), InlineData("ssh://user@[fe80::1]:22", "ssh://user@[fe80::1]:22"), InlineData("[fe80::1]", "[fe80::1]")]
    [InlineData("fe80::1%eth0", "fe80::1%eth0"), InlineData("CORP\\deploy@h1", "CORP\\deploy@h1"), InlineData("me@corp@h1", "me@corp@h1")]
    [InlineData("ssh://[fe80::1]:2[1-2]", "ssh://[fe80::1]:21 ssh://[fe80::1]:22"), InlineData("[fe80::1],h[1-2]", "[fe80::1] h1 h2")]
    // Wildcards and groups, in the order of the file.
    [InlineData("web*", "web1 web2 Web10"), InlineData("WEB?", "web1 web2"), InlineData("*1", "web1 gpu1"), InlineData("*", "web1 web2 Web10 gpu1 gpu2 plain")]
    [InlineData("w*[1-2]", "web1 web2"), InlineData("@gpu", "gpu1 gpu2"), InlineData("@WEB", "web1 web2 Web10"), InlineData("@os=linux", "web1 web2 gpu1")]
    [InlineData("@*", "web1 web2 Web10 gpu1 gpu2 plain"), InlineData("@all", "web1 web2 Web10 gpu1 gpu2 plain"), InlineData("@os=*", "web1 web2 Web10 gpu1")]
    [InlineData("@all-night", "gpu1"), InlineData("@rack=[1-1]", "web2")]
    // Operators, from left to right; what ClusterShell's nodeset -e says of the same.
    [InlineData("a[1-3],b!a2", "a1 a3 b"), InlineData("a[1-3]!a2,a2", "a1 a3 a2"), InlineData("a[1-4]&a[2-9]!a3", "a2 a4"), InlineData("a[1-4]^a[3-6]", "a1 a2 a5 a6")]
    [InlineData("a[1-2]!b", "a1 a2"), InlineData("a!a,b", "b"), InlineData("b,a[1-3]&a[1-2],b", "a1 a2 b")]
    [InlineData("@web!web2", "web1 Web10"), InlineData("@gpu&@os=linux", "gpu1"), InlineData("@*!@web!@gpu", "plain"), InlineData("@web^@os=linux", "Web10 gpu1")]
    [InlineData("@* ! WEB* & g*", "gpu1 gpu2"), InlineData("@web!WEB10", "web1 web2"), InlineData("local,@gpu", "local gpu1 gpu2")]
    public void Set_stands_for_its_hosts_in_order_and_each_once(string set, string hosts)
    {
        var sets = _folder.Inventory.Sets();
        Assert.Equal(hosts, string.Join(' ', sets.Expand(set)));
        Assert.Equal(hosts, string.Join(' ', sets.Expand(set).Select(sets.Get)));
    }

    [Theory]
    [InlineData("", "empty"), InlineData("  ", "empty"), InlineData(",", "before the ',' at 1"), InlineData("!", "before the '!' at 1"), InlineData("!a", "before the '!' at 1")]
    [InlineData("a,", "behind the ',' at 2"), InlineData("a,,b", "behind the ',' at 2"), InlineData("a!&b", "behind the '!' at 2"), InlineData("a ^ ", "behind the '^' at 3")]
    [InlineData("h[1-3", "bracket at 2 is not closed"), InlineData("h[1-[2]]", "bracket at 5 stands in another"), InlineData("h1]", "bracket at 3 closes nothing")]
    [InlineData("h[[1-2]]", "bracket at 3"), InlineData("h[", "bracket at 2"), InlineData("a,h[1,", "bracket at 4")]
    [InlineData("h[]", "'' is no range"), InlineData("h[1,,2]", "'' is no range"), InlineData("h[a-c]", "'a-c' is no range"), InlineData("h[abc]", "'abc' is no range")]
    [InlineData("h[1-]", "'1-' is no range"), InlineData("h[-1]", "'-1' is no range"), InlineData("h[1-2-3]", "no range"), InlineData("h[ 1 - 2 ]", "no range")]
    [InlineData("h[5/2]", "no range"), InlineData("h[1-9/]", "no range"), InlineData("h[1-9/-1]", "no range"), InlineData("h[1!2]", "no range"), InlineData("h[1.5]", "no range")]
    [InlineData("h[٣-٥]", "no range"), InlineData("h[１-３]", "no range"), InlineData("h[0x1-0x2]", "no range"), InlineData("h[1-2\n]", "no range"), InlineData("h[99999999999999999999]", "no range")]
    [InlineData("h[5-1]", "'5-1' runs backwards"), InlineData("h[1-5/0]", "'1-5/0' takes no step"), InlineData("h[001-10]", "different lengths"), InlineData("h[1-010]", "different lengths")]
    [InlineData("h[1-10001]", "more than 10000"), InlineData("h[0-99999999999999999]", "more than 10000"), InlineData("h[1-101][1-100]", "more than 10000")]
    [InlineData("h[1-9999],g[1-9999]", "more than 10000"), InlineData("h[1-5000,1-5001]", "more than 10000"), InlineData("h[1-10001]!h[2-10001]", "more than 10000")]
    [InlineData("h[1-9][1-9][1-9][1-9][1-9][1-9][1-9][1-9][1-9][1-9][1-9][1-9][1-9][1-9][1-9][1-9][1-9][1-9][1-9][1-9]", "more than 10000")]
    [InlineData("@", "no group"), InlineData("web1,@", "no group"), InlineData("-oProxyCommand=id", "no address"), InlineData("web1,-x", "no address"), InlineData("web1!$(id)", "no address")]
    [InlineData("a b", "no address"), InlineData("hôst", "no address"), InlineData("a\nb", "no address"), InlineData("h\u202e1", "no address"), InlineData("h[1-2]$", "no address"), InlineData("a[fe80::1,b]", "no address")]
    public void Text_that_is_no_set_is_refused_and_says_what_is_wrong_and_where(string set, string why)
    {
        var sets = _folder.Inventory.Sets();
        Assert.Contains(why, Refusal.Of(FailureReason.InvalidInput, () => sets.Expand(set)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("@nothing", "'nothing'"), InlineData("@gp", "'gp'"), InlineData("@x*", "'x*'"), InlineData("mail*", "'mail*'"), InlineData("local*", "'local*'"), InlineData("web1,@nothing", "'nothing'")]
    [InlineData("web1!mail*", "'mail*'"), InlineData("@rack=[1-2]", "'rack=2'"), InlineData("web1!web1", "'web1!web1'"), InlineData("@gpu&@web", "has no hosts")]
    public void Set_that_stands_for_nobody_is_a_failure_that_names_it(string set, string says)
    {
        var sets = _folder.Inventory.Sets();
        foreach (var failure in new[] { Refusal.Of(FailureReason.HostNotFound, () => sets.Expand(set)), Refusal.Of(FailureReason.HostNotFound, () => sets.ExpandEntries(set)) })
            Assert.Contains(says, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Set_of_a_host_by_two_names_for_one_place_has_both()
    {
        var sets = _folder.Inventory.Sets();
        Assert.Equal(["web1", "10.0.0.1"], sets.Expand("web1,10.0.0.1"));
    }

    [Fact]
    public void Set_of_entries_knows_no_address()
    {
        var sets = _folder.Inventory.Sets();
        Assert.Equal(["web1", "web2"], sets.ExpandEntries("web[1-2]"));
        Assert.Equal("web3", Refusal.Of(FailureReason.HostNotFound, () => sets.ExpandEntries("web[1-3]")).Host);
        Refusal.Of(FailureReason.HostNotFound, () => sets.ExpandEntries("web1!web7"));
        Refusal.Of(FailureReason.HostNotFound, () => sets.ExpandEntries("deploy@web1"));
        Refusal.Of(FailureReason.InvalidInput, () => sets.ExpandEntries("web["));
        Assert.Equal([DispatchHost.LocalName], sets.ExpandEntries("local"));
        Assert.Empty(sets.ExpandEntries("mail*,@nothing", mayBeNobody: true));
        Assert.Empty(sets.ExpandEntries("web1!web1", mayBeNobody: true));
    }

    [Fact]
    public void Local_belongs_to_a_set_by_its_name_or_as_an_entry()
    {
        using var folder = new InventoryFolder("""{"hosts": {"a": {"address": "a1"}, "local": {"capabilities": ["here"], "workspaceRoot": "/srv"}}}""");
        var sets = folder.Inventory.Sets();
        Assert.Equal(["a", "local"], sets.Expand("@*"));
        Assert.Equal(["local"], sets.Expand("lo*"));
        Assert.Equal("/srv", sets.Get(Assert.Single(sets.Expand("@here"))).WorkspaceRoot);
        Refusal.Of(FailureReason.HostNotFound, () => new InventoryFolder("{}").Inventory.Sets().Expand("@*"));
    }

    [Fact]
    public void Damaged_entry_spoils_its_own_name_and_no_other()
    {
        using var folder = new InventoryFolder("""{"hosts": {"a1": {"address": "x"}, "a2": {"address": "$(id)"}, "a3": {"address": "y", "capabilities": ["gpu"]}}}""");
        var sets = folder.Inventory.Sets();
        Assert.Equal(["a1", "a2", "a3"], sets.Expand("a*"));
        Assert.Equal("y", sets.Get("a3").Address.Host);
        Assert.Equal("a2", Refusal.Of(FailureReason.DamagedFile, () => sets.Get("a2")).Host);
        // Whether it belongs to a group, nobody can say.
        Refusal.Of(FailureReason.DamagedFile, () => sets.Expand("@gpu"));
    }

    [Fact]
    public void Name_of_an_entry_goes_before_every_other_reading()
    {
        using var folder = new InventoryFolder("""{"hosts": {"a": {"address": "x"}, "A": {"address": "y"}, "me@b": {"address": "z"}}}""");
        var sets = folder.Inventory.Sets();
        Assert.Equal(["A", "a", "me@b"], sets.Expand("A,a,ME@B"));
        Assert.Equal("z", sets.Get("me@b").Address.Host);
    }

    [Fact]
    public async Task Thousand_names_of_a_thousand_hosts_read_the_file_once_and_take_no_time()
    {
        var entries = string.Join(",\n", Enumerable.Range(0, 1000).Select(i => $$"""  "n{{i}}": {"address": "10.1.{{i / 250}}.{{i % 250}}", "capabilities": ["node", "rack=r{{i / 40}}", "os=linux"]}"""));
        await File.WriteAllTextAsync(_folder.File, $$"""{"hosts": { {{entries}} } }""", TestContext.Current.CancellationToken);
        var clock = Stopwatch.StartNew();
        var sets = _folder.Inventory.Sets();
        File.Delete(_folder.File);
        Assert.Equal(1000, Enumerable.Range(0, 1000).SelectMany(i => sets.Expand($"n{i}")).Select(sets.Get).Count());
        Assert.Equal(1000, sets.Expand("n[0-999]").Count);
        Assert.Equal(40, sets.Expand("@rack=r3").Count);
        Assert.Equal(960, sets.Expand("@node!@rack=r3").Count);
        Assert.Equal(HostSets.Most, sets.Expand("h[1-10000]").Count);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10), $"it took {clock.Elapsed}");
    }

    [Fact]
    public async Task Sets_of_a_file_that_has_not_changed_are_the_same_again()
    {
        var before = _folder.Inventory.Sets();
        Assert.Same(before, _folder.Inventory.Sets(before));
        using var other = new InventoryFolder(await File.ReadAllTextAsync(_folder.File, TestContext.Current.CancellationToken));
        Assert.NotSame(before, other.Inventory.Sets(before));
        await _folder.Inventory.RemoveAsync("gpu1", TestContext.Current.CancellationToken);
        Assert.Equal(["gpu2"], _folder.Inventory.Sets(before).Expand("@gpu"));
    }

    [Theory, InlineData("", 0), InlineData("web1", 0), InlineData("web1,", 5), InlineData("web1!w", 5), InlineData("h[1,2", 0), InlineData("h[1,2]&", 7), InlineData("a^b!c", 4), InlineData("u@[fe80::1]", 0)]
    public void LastOperand_is_where_the_word_that_is_typed_begins(string typed, int at) => Assert.Equal(at, HostSets.LastOperand(typed));
}
