namespace RemoteDispatch.Fleet.Tests;

/// <summary>rdispatch's own words for tokens, and for what a host's entry forwards.</summary>
public sealed class TokenVerbTests(SharedFleet shared) : IAsyncDisposable
{
    private readonly GitHubDouble _github = new();

    public ValueTask DisposeAsync() => _github.DisposeAsync();

    [Fact]
    public async Task Run_makes_the_task_a_token_and_ends_it_with_the_task()
    {
        using var program = new Rdispatch(shared.Fleet.SshConfigPath);
        var key = Path.Combine(program.Folder, "app.pem");
        await File.WriteAllTextAsync(key, _github.KeyPem, Bench.Cancel);
        string[] token = ["--scoped-token", "octo/one", "--token-permission", "contents:write", "--app-id", GitHubDouble.AppId, "--github-api", _github.Address];
        foreach (var source in new[] { new[] { "--app-key-file", key }, ["--app-key-command", $"cat '{key}'"] })
        {
            var (code, output, errors) = await program.RunAsync(["run", "--host", shared.Fleet.Hosts[0].Name, "--wait", "--verbose", .. token, .. source, "--", "printf %s \"$GH_TOKEN\" | wc -c; echo \"$GH_TOKEN\""]);
            Assert.True(code == 0, errors);
            Assert.StartsWith("40", output.Trim(), StringComparison.Ordinal);
            Assert.Contains(new string('*', 40), output, StringComparison.Ordinal);
            Assert.Contains("token_made", errors, StringComparison.Ordinal);
            Assert.Contains("token_revoked", errors, StringComparison.Ordinal);
            Assert.DoesNotContain(_github.Made, m => $"{output}{errors}".Contains(m, StringComparison.Ordinal));
            // Before the program has ended: the host would be a second later.
            Assert.Empty(_github.Live);
        }

        var (refused, _, why) = await program.RunAsync(["run", "--host", shared.Fleet.Hosts[0].Name, .. token, "--app-key-env", "RDTEST_NO_SUCH_KEY", "--", "true"]);
        Assert.Equal(221, refused);
        Assert.Contains("RDTEST_NO_SUCH_KEY", why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--token-permission", "contents:write")]
    [InlineData("--scoped-token", "octo/one", "--app-key-file", "a", "--app-key-env", "b")]
    [InlineData("--scoped-token", "octo/one", "--token-expires-in", "never")]
    public async Task Run_refuses_token_options_that_do_not_fit_together(params string[] options)
    {
        using var program = new Rdispatch(null);
        var (code, _, _) = await program.RunAsync(["run", .. options, "--", "true"]);
        Assert.Equal(202, code);
    }

    [Fact]
    public async Task Entry_forwards_what_it_names_and_a_run_without_that_sends_nothing()
    {
        using var program = new Rdispatch(shared.Fleet.SshConfigPath);
        Assert.Equal(0, (await program.RunAsync("hosts", "add", "build1", shared.Fleet.Hosts[0].Name, "--forward-credential", "RDTEST_NOT_SET", "--forward-credential", "default")).Code);
        var (_, listed, _) = await program.RunAsync("hosts", "list", "--json");
        Assert.Contains("\"RDTEST_NOT_SET\"", listed, StringComparison.Ordinal);
        var (code, _, errors) = await program.RunAsync("run", "--host", "build1", "--", "true");
        Assert.Equal(221, code);
        Assert.Contains("RDTEST_NOT_SET", errors, StringComparison.Ordinal);
        var (_, tasks, _) = await program.RunAsync("list");
        Assert.DoesNotContain("build1", tasks, StringComparison.Ordinal);
    }
}
