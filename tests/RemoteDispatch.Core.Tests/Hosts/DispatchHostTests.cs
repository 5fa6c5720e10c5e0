using RemoteDispatch.Hosts;

namespace RemoteDispatch.Core.Tests.Hosts;

/// <summary>A host is checked when it is made.</summary>
public sealed class DispatchHostTests
{
    public static TheoryData<string> HostileNames => new(HostAddressTests.HostileNames().Append(new string('a', 129)));

    [Theory, MemberData(nameof(HostileNames))]
    public void Name_that_no_host_can_have_is_refused(string name) =>
        Refusal.Of(FailureReason.InvalidInput, () => DispatchHost.Local.With(name));

    [Theory]
    [InlineData("gpu1"), InlineData("a"), InlineData("1.2.3.4"), InlineData("ssh://deploy@gpu1:22"), InlineData("fe80::1%eth0"), InlineData("[::1]:22"), InlineData("CORP\\x@gpu1")]
    public void Name_that_is_a_word_or_an_address_is_kept_as_it_is(string name) => Assert.Equal(name, DispatchHost.Local.With(name).ToString());

    [Theory]
    [InlineData("/srv/tasks", "/srv/tasks"), InlineData("/srv/tasks/", "/srv/tasks"), InlineData("~/tasks", "~/tasks"), InlineData("/with blank/$HOME", "/with blank/$HOME")]
    [InlineData("/..a/b..", "/..a/b.."), InlineData("", null), InlineData(null, null)]
    public void WorkspaceRoot_that_is_absolute_or_below_home_is_kept(string? root, string? expected) =>
        Assert.Equal(expected, (DispatchHost.Local with { WorkspaceRoot = root }).WorkspaceRoot);

    [Theory]
    [InlineData("/"), InlineData("~/"), InlineData("~"), InlineData("tasks"), InlineData("./tasks"), InlineData("~root/x"), InlineData("-x"), InlineData(" /x"), InlineData("/a/../b")]
    [InlineData("/.."), InlineData("~/.."), InlineData("~/../x"), InlineData("/a\nb"), InlineData("/a\0b"), InlineData("/a\tb"), InlineData("C:\\tasks"), InlineData("$(pwd)/x")]
    public void WorkspaceRoot_that_is_neither_is_refused(string root) =>
        Refusal.Of(FailureReason.InvalidInput, () => _ = DispatchHost.Local with { WorkspaceRoot = root });

    // Bug in Core (DispatchHost.CheckRoot): '///' becomes '' (which means the default root) and '~//' becomes '~' (a folder of that name).
    [Theory, InlineData("//"), InlineData("///"), InlineData("~//"), InlineData("~///")]
    public void WorkspaceRoot_of_slashes_alone_is_refused(string root) =>
        Refusal.Of(FailureReason.InvalidInput, () => _ = DispatchHost.Local with { WorkspaceRoot = root });

    // Bug in Core (DispatchHost.CheckRoot): its length check is meant for '~/' and strikes '/w' too.
    [Fact]
    public void WorkspaceRoot_with_a_name_of_one_letter_is_kept() => Assert.Equal("/w", (DispatchHost.Local with { WorkspaceRoot = "/w" }).WorkspaceRoot);

    [Fact]
    public void Capabilities_that_are_words_keep_their_order_and_drop_doubles() =>
        Assert.Equal(["gpu", "os=linux", "größe:2"], (DispatchHost.Local with { Capabilities = ["gpu", "os=linux", "GPU", "größe:2"] }).Capabilities);

    [Theory, InlineData(""), InlineData("two words"), InlineData("a,b"), InlineData("-x"), InlineData("a\n"), InlineData("a\u202eb"), InlineData("=x")]
    public void Capabilities_with_one_that_is_no_word_are_refused(string capability) =>
        Refusal.Of(FailureReason.InvalidInput, () => _ = DispatchHost.Local with { Capabilities = ["gpu", capability] });

    [Fact]
    public void Capabilities_with_a_word_too_long_are_refused() =>
        Refusal.Of(FailureReason.InvalidInput, () => _ = DispatchHost.Local with { Capabilities = [new string('a', 65)] });

    [Theory]
    [InlineData("local", Transport.Local), InlineData("deploy@local", Transport.Ssh), InlineData("ssh://local:22", Transport.Ssh)]
    [InlineData("gpu1", Transport.Ssh), InlineData("gpu1.tail1.ts.net", Transport.Tailscale), InlineData("deploy@100.64.0.1", Transport.Tailscale)]
    public void FromAddress_of_an_address_finds_its_transport_and_keeps_it_as_the_name(string text, Transport expected)
    {
        var host = DispatchHost.FromAddress(text);
        Assert.Equal((text, expected, ContainerChoice.None), (host.Name, host.Transport, host.Container));
    }

    [Fact]
    public void Equals_of_two_hosts_looks_into_their_capabilities()
    {
        var one = DispatchHost.Local with { Capabilities = ["gpu", "big"] };
        var same = DispatchHost.Local with { Capabilities = new List<string> { "gpu", "big" } };
        Assert.Equal(one, same);
        Assert.Equal(one.GetHashCode(), same.GetHashCode());
        Assert.NotEqual(one, one with { Capabilities = ["gpu"] });
        Assert.NotEqual(one, one with { Container = ContainerChoice.Auto });
        Assert.NotEqual(one, one with { WorkspaceRoot = "~/x" });
    }

    [Theory]
    [InlineData(null, "none", null), InlineData("", "none", null), InlineData("none", "none", null), InlineData("auto", "auto", null)]
    [InlineData("web-1", "web-1", "web-1"), InlineData("a", "a", "a"), InlineData("3f2b_c.d", "3f2b_c.d", "3f2b_c.d")]
    public void ContainerChoice_that_is_a_word_or_a_name_is_read(string? text, string value, string? name)
    {
        var choice = ContainerChoice.Parse(text);
        Assert.Equal((value, name, value), (choice.Value, choice.Name, choice.ToString()));
        Assert.Equal(choice, ContainerChoice.Parse(value));
    }

    [Theory, MemberData(nameof(HostileContainers))]
    public void ContainerChoice_that_no_engine_would_name_so_is_refused(string text) =>
        Refusal.Of(FailureReason.InvalidInput, () => ContainerChoice.Parse(text));

    public static TheoryData<string> HostileContainers => new(HostAddressTests.HostileNames().Where(n => n.Length is > 0 and < 1000).Concat(["a/b", "a:b", "a@b", "é"]));
}

file static class Renaming
{
    public static DispatchHost With(this DispatchHost host, string name) => host with { Name = name };
}
