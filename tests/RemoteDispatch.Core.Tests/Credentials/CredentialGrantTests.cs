using System.Text.Json;
using RemoteDispatch.Credentials;

namespace RemoteDispatch.Core.Tests.Credentials;

/// <summary>A grant has a name and a value, and tells the name.</summary>
public sealed class CredentialGrantTests
{
    private const string Value = "s3cret-value";

    [Fact]
    public void Grant_tells_its_name_and_never_its_value()
    {
        var grant = CredentialGrant.Create("GH_TOKEN", Value);
        Assert.Equal("GH_TOKEN=***", grant.ToString());
        Assert.DoesNotContain(Value, $"{grant}", StringComparison.Ordinal);
        Assert.Equal("""{"Name":"GH_TOKEN"}""", JsonSerializer.Serialize(grant));
        Assert.Equal(Value, grant.Reveal());
    }

    [Theory]
    [InlineData("", Value), InlineData("1A", Value), InlineData("A-B", Value), InlineData("A=B", Value), InlineData("A\n", Value), InlineData("Ä", Value)]
    [InlineData("A", ""), InlineData("A", "s3c\0ret"), InlineData("A", "s3c\ud800ret")]
    public void Grant_that_no_environment_can_carry_is_refused_without_a_word_of_its_value(string name, string value)
    {
        var failure = Assert.Throws<DispatchException>(() => CredentialGrant.Create(name, value));
        Assert.Equal(FailureReason.InvalidInput, failure.Reason);
        Assert.DoesNotContain("s3c", failure.ToString(), StringComparison.Ordinal);
    }

    [Theory, InlineData(64 << 10, true), InlineData((64 << 10) + 1, false)]
    public void Grant_has_at_most_64_KiB(int size, bool fits)
    {
        if (fits)
            Assert.Equal(size, CredentialGrant.Create("A", new string('x', size)).Reveal().Length);
        else
            Assert.Throws<DispatchException>(() => CredentialGrant.Create("A", new string('x', size)));
    }

    [Fact]
    public void Variable_that_is_not_set_is_a_failure_that_names_it()
    {
        var failure = Assert.Throws<DispatchException>(() => CredentialSource.FromEnvironment("RD_TEST_NO_SUCH_VARIABLE"));
        Assert.Equal(FailureReason.CredentialUnavailable, failure.Reason);
        Assert.Contains("RD_TEST_NO_SUCH_VARIABLE", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void File_is_read_without_its_last_line_end()
    {
        using var folder = new TestFolder();
        var path = Path.Combine(folder.Path, "token");
        File.WriteAllText(path, "line one\nline two\r\n");
        Assert.Equal("line one\nline two", CredentialSource.FromFile("T", path).Reveal());
        var failure = Assert.Throws<DispatchException>(() => CredentialSource.FromFile("T", path + ".gone"));
        Assert.Equal(FailureReason.CredentialUnavailable, failure.Reason);
    }

    [Fact]
    public async Task Command_gives_what_it_prints_and_is_asked_without_input()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The commands are for sh.");
        var cancel = TestContext.Current.CancellationToken;
        Assert.Equal("two\nlines", (await CredentialSource.FromCommandAsync("T", "printf 'two\\nlines\\n'", cancel)).Reveal());
        foreach (var (command, says) in new[] { ("read x && echo $x; exit 7", "code 7"), ("exit 3", "code 3"), ("printf '\\377'", "UTF-8") })
        {
            var failure = await Assert.ThrowsAsync<DispatchException>(() => CredentialSource.FromCommandAsync("T", command, cancel));
            Assert.Equal(FailureReason.CredentialUnavailable, failure.Reason);
            Assert.Contains(says, failure.Message, StringComparison.Ordinal);
        }

        var secret = await Assert.ThrowsAsync<DispatchException>(() => CredentialSource.FromCommandAsync("T", "echo s3cret >&2; exit 1", cancel));
        Assert.DoesNotContain("s3cret", secret.ToString(), StringComparison.Ordinal);
    }
}
