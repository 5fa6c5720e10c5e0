using System.Text.Json.Nodes;
using RemoteDispatch.Credentials;
using RemoteDispatch.Hosts;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Core.Tests.Credentials;

/// <summary>What a host's entry forwards, and where the default set comes from.</summary>
public sealed class ForwardedCredentialsTests : IDisposable
{
    // Names of its own: the environment is the whole process's.
    private readonly string _set = "RDTEST_SET_" + Guid.NewGuid().ToString("N");
    private readonly string _other = "RDTEST_OTHER_" + Guid.NewGuid().ToString("N");

    public ForwardedCredentialsTests() => Environment.SetEnvironmentVariable(_set, "value-that-is-set");

    public void Dispose()
    {
        Environment.SetEnvironmentVariable(_set, null);
        Environment.SetEnvironmentVariable(CredentialSource.SetVariable, null);
    }

    [Fact]
    public void Variable_that_an_entry_names_is_fetched_unless_the_task_is_given_one()
    {
        Assert.Equal([_set], ForwardedCredentials.Fetch([_set], []).Select(g => g.Name));
        Assert.Empty(ForwardedCredentials.Fetch([_set], [_set]));
        Assert.Equal([_set], ForwardedCredentials.Names([_set, "GIVEN"], ["GIVEN"]));
    }

    [Fact]
    public void Variable_that_an_entry_names_and_is_not_set_is_a_failure_and_of_the_default_set_it_is_left_out()
    {
        Refusal.Of(FailureReason.CredentialUnavailable, () => ForwardedCredentials.Fetch([_set, _other], []));
        Environment.SetEnvironmentVariable(CredentialSource.SetVariable, $"{_other}, {_set}");
        Assert.Equal([_set], ForwardedCredentials.Fetch(["default"], []).Select(g => g.Name));
        Assert.Equal([_other, _set], CredentialSource.DefaultNames());
        Environment.SetEnvironmentVariable(CredentialSource.SetVariable, "no-name");
        Refusal.Of(FailureReason.InvalidInput, () => CredentialSource.DefaultNames());
    }

    [Fact]
    public void Entry_keeps_them_through_the_inventory_and_through_columns()
    {
        var host = DispatchHost.FromAddress("build.example.com") with { ForwardCredentials = ["Default", "NPM_TOKEN", "NPM_TOKEN"] };
        Assert.Equal(["default", "NPM_TOKEN"], host.ForwardCredentials);
        var entry = HostEntry.Write(host, null);
        Assert.Equal("""["default","NPM_TOKEN"]""", entry["forwardCredentials"]!.ToJsonString());
        Assert.Equal(host.ForwardCredentials, HostEntry.Read("build", entry, "here").ForwardCredentials);
        Assert.Null(HostEntry.Write(host with { ForwardCredentials = [] }, entry)["forwardCredentials"]);
        var row = HostColumns.Names.Zip(HostColumns.Write(host), (n, v) => KeyValuePair.Create<string, string?>(n, v));
        Assert.Equal(host.ForwardCredentials, HostColumns.Read(row, _ => { }).ForwardCredentials);
        Assert.NotEqual(host, host with { ForwardCredentials = [] });
    }

    [Theory]
    [InlineData("A=b")]
    [InlineData("no-name")]
    [InlineData("")]
    public void Entry_with_what_is_no_name_is_refused(string word)
    {
        Refusal.Of(FailureReason.InvalidInput, () => _ = DispatchHost.FromAddress("build.example.com") with { ForwardCredentials = [word] });
        Refusal.Of(FailureReason.DamagedFile, () => HostEntry.Read("build", new JsonObject { ["address"] = "build.example.com", ["forwardCredentials"] = new JsonArray(word) }, "here"));
    }

    [Fact]
    public void Plan_names_what_the_entry_forwards_and_fetches_nothing()
    {
        var host = DispatchHost.Local with { ForwardCredentials = [_other] };
        var plan = DispatchPlan.Of(host, new TaskRequest { Command = "true" }).ToString();
        Assert.Contains($"with the credentials {_other}", plan, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dispatch_gives_each_host_what_its_entry_forwards_and_fails_before_anything_is_sent_where_that_is_not_set()
    {
        using var folder = new TestFolder();
        await using var dispatcher = new Dispatcher(new DispatcherOptions { Ledger = new Ledger(folder.Path + "/ledger"), Inventory = new HostInventory(folder.Path + "/hosts.json") });
        var cancel = TestContext.Current.CancellationToken;
        var request = new TaskRequest { Command = $"[ \"${_set}\" = value-that-is-set ]" };
        var given = await dispatcher.DispatchAsync(folder.Host with { ForwardCredentials = [_set] }, request, cancel);
        var plain = await dispatcher.DispatchAsync(folder.Host, request, cancel);
        given = await dispatcher.WaitAsync(given, null, cancel);
        Assert.Equal((TaskState.Succeeded, _set), (given.State, Assert.Single(given.CredentialNames)));
        Assert.Empty(plain.CredentialNames);
        await dispatcher.WaitAsync(plain, null, cancel);
        var failure = await Refusal.OfAsync(FailureReason.CredentialUnavailable, () => dispatcher.DispatchAsync(folder.Host with { ForwardCredentials = [_other] }, request, cancel));
        Assert.Equal("local", failure.Host);
        Assert.Equal(2, dispatcher.Options.Ledger.List().Count());
    }
}
