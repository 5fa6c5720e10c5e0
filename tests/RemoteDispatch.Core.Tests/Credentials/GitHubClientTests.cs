using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using RemoteDispatch.Credentials;
using RemoteDispatch.Fleet;

namespace RemoteDispatch.Core.Tests.Credentials;

/// <summary>What is asked of GitHub, and what is made of its answers: against a double on the loopback interface, over real HTTP.</summary>
public sealed class GitHubClientTests : IAsyncDisposable
{
    private readonly GitHubDouble _github = new();
    private readonly GitHubClient _client = new(TimeProvider.System);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _github.DisposeAsync();

    [Fact]
    public async Task Token_is_for_the_repositories_and_permissions_that_were_asked_for_and_revoked_it_holds_no_more()
    {
        var token = await _client.CreateAsync(Wanted("octo/one,octo/two", "contents:write,issues:read"), Cancel);
        Assert.Equal(["octo/one", "octo/two"], token.Repositories);
        Assert.Equal(["contents:write", "issues:read", "metadata:read"], token.Permissions.Select(p => p.ToString()));
        Assert.Equal(_github.Live, [token.Grant.Reveal()]);
        Assert.InRange(token.Expires - TimeProvider.System.GetUtcNow(), TimeSpan.FromMinutes(59), TimeSpan.FromMinutes(60));
        Assert.DoesNotContain(token.Grant.Reveal(), $"{token}{JsonSerializer.Serialize(token)}", StringComparison.Ordinal);

        await _client.RevokeAsync(token.ApiAddress, token.Grant.Reveal(), Cancel);
        Assert.Empty(_github.Live);
        // Once more is no error.
        await _client.RevokeAsync(token.ApiAddress, token.Grant.Reveal(), Cancel);
    }

    [Fact]
    public async Task Key_in_either_form_and_with_written_line_ends_signs()
    {
        foreach (var key in new[] { _github.KeyPem, _github.KeyPkcs8Pem, _github.KeyPem.ReplaceLineEndings("\\n") })
            Assert.NotNull(await _client.CreateAsync(Wanted("octo/one", "contents:read", key), Cancel));
    }

    [Theory]
    [InlineData("octo/unknown", "contents:read", "is not installed on octo/unknown")]
    [InlineData("octo/one,octo/unknown", "contents:read", "at least one repository that does not exist")]
    [InlineData("octo/one", "contents:admin", "permissions requested are not granted")]
    [InlineData("octo/one", "actions:write", "permissions requested are not granted")]
    public async Task What_the_app_may_not_is_refused_with_the_reason(string repositories, string permissions, string said)
    {
        var failure = await Refusal.OfAsync(FailureReason.CredentialUnavailable, () => _client.CreateAsync(Wanted(repositories, permissions), Cancel));
        Assert.Contains(said, failure.Message, StringComparison.Ordinal);
        Assert.Empty(_github.Made);
    }

    [Fact]
    public async Task Key_of_another_app_is_refused_and_is_in_no_message()
    {
        using var other = RSA.Create(2048);
        var failure = await Refusal.OfAsync(FailureReason.CredentialUnavailable, () => _client.CreateAsync(Wanted("octo/one", "contents:read", other.ExportRSAPrivateKeyPem()), Cancel));
        Assert.Contains("does not believe", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("BEGIN", failure.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-3600)]
    [InlineData(-100)]
    [InlineData(100)]
    [InlineData(86400)]
    public async Task Clock_that_is_another_than_githubs_is_no_obstacle(int ahead)
    {
        _github.Ahead = TimeSpan.FromSeconds(ahead);
        Assert.NotNull(await _client.CreateAsync(Wanted("octo/one", "contents:read"), Cancel));
    }

    [Theory]
    [InlineData("less")]
    [InlineData("more")]
    [InlineData("unlisted")]
    [InlineData("forever")]
    [InlineData("nothing")]
    public async Task Token_that_is_not_what_was_asked_for_is_given_to_nobody_and_revoked(string how)
    {
        _github.Grant = token =>
        {
            switch (how)
            {
                case "less":
                    token["permissions"]!["contents"] = "read";
                    break;
                case "more":
                    token["repositories"]!.AsArray().Add((JsonNode)new JsonObject { ["full_name"] = "octo/two" });
                    break;
                case "unlisted":
                    token.Remove("repositories");
                    break;
                case "forever":
                    token["expires_at"] = "never";
                    break;
                default:
                    token.Remove("permissions");
                    break;
            }
        };
        await Refusal.OfAsync(FailureReason.CredentialUnavailable, () => _client.CreateAsync(Wanted("octo/one", "contents:write"), Cancel));
        Assert.Single(_github.Made);
        Assert.Empty(_github.Live);
    }

    [Theory]
    [InlineData(403, "retry-after", "60", "limits how often")]
    [InlineData(403, "x-ratelimit-remaining", "0", "limits how often")]
    [InlineData(429, "x-other", "1", "limits how often")]
    [InlineData(403, "x-other", "1", "forbids it")]
    [InlineData(502, "x-other", "1", "is not well: it answered 502")]
    [InlineData(418, "x-other", "1", "answered 418")]
    [InlineData(301, "location", "http://elsewhere.example/api", "points to another place (elsewhere.example)")]
    public async Task Answer_that_is_none_is_said_in_words_that_help(int status, string header, string value, string said)
    {
        _github.Instead = context =>
        {
            context.Response.Headers[header] = value;
            _github.Reply(context, status, new JsonObject { ["message"] = "some \u001b[31m words\nof its own" });
            return Task.FromResult(true);
        };
        var failure = await Refusal.OfAsync(FailureReason.CredentialUnavailable, () => _client.CreateAsync(Wanted("octo/one", "contents:read"), Cancel));
        Assert.Contains(said, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', failure.Message);
        Assert.DoesNotContain('\n', failure.Message);
    }

    [Theory]
    [InlineData("cut")]
    [InlineData("huge")]
    [InlineData("page")]
    [InlineData("list")]
    [InlineData("twice")]
    [InlineData("text")]
    public async Task Answer_that_cannot_be_read_is_a_failure(string kind)
    {
        _github.Instead = async context =>
        {
            if (kind == "cut")
            {
                context.Response.Abort();
                return true;
            }

            context.Response.StatusCode = 200;
            byte[] body = kind switch
            {
                "huge" => new byte[GitHubAnswer.LargestBody + 1],
                "page" => "<html>please log in</html>"u8.ToArray(),
                "list" => "[1]"u8.ToArray(),
                "twice" => """{"id":1,"id":2}"""u8.ToArray(),
                _ => """{"id":"4711"}"""u8.ToArray(),
            };
            await context.Response.OutputStream.WriteAsync(body, Cancel);
            context.Response.Close();
            return true;
        };
        await Refusal.OfAsync(FailureReason.CredentialUnavailable, () => _client.CreateAsync(Wanted("octo/one", "contents:read"), Cancel));
    }

    [Fact]
    public async Task Silent_server_is_waited_for_twenty_seconds_and_no_longer()
    {
        var clock = new ClockDouble();
        var asked = new TaskCompletionSource();
        _github.Instead = async _ =>
        {
            asked.SetResult();
            await Task.Delay(Timeout.Infinite, Cancel);
            return true;
        };
        var creation = new GitHubClient(clock).CreateAsync(Wanted("octo/one", "contents:read"), Cancel);
        await asked.Task.WaitAsync(Cancel);
        Assert.False(creation.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(20));
        var failure = await Refusal.OfAsync(FailureReason.CredentialUnavailable, () => creation);
        Assert.Contains("did not answer within 20 seconds", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Silent_server_is_left_at_once_when_somebody_cancels()
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        _github.Instead = async _ =>
        {
            await cancel.CancelAsync();
            await Task.Delay(Timeout.Infinite, Cancel);
            return true;
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _client.CreateAsync(Wanted("octo/one", "contents:read"), cancel.Token)).WaitAsync(TimeSpan.FromSeconds(10), Cancel);
    }

    [Fact]
    public async Task Server_that_is_not_there_is_a_failure_that_names_it()
    {
        var address = _github.Address;
        await _github.DisposeAsync();
        var app = GitHubApp.Create(GitHubDouble.AppId, RSA.Create(2048).ExportRSAPrivateKeyPem());
        var wanted = ScopedTokenRequest.Create(app, ["octo/one"], TokenRight.Parse(["contents:read"]), null, address);
        var failure = await Refusal.OfAsync(FailureReason.CredentialUnavailable, () => _client.CreateAsync(wanted, Cancel));
        Assert.Contains("127.0.0.1 cannot be asked", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_of_a_short_life_is_revoked_at_its_time_and_at_the_latest_when_its_maker_ends()
    {
        var clock = new ClockDouble(TimeProvider.System.GetUtcNow());
        await using (var keeper = new TokenKeeper(clock))
        {
            var token = await keeper.CreateAsync(Wanted("octo/one", "contents:read", life: TimeSpan.FromMinutes(5)), Cancel);
            Assert.Equal(clock.GetUtcNow() + TimeSpan.FromMinutes(5), token.Expires);
            clock.Advance(TimeSpan.FromMinutes(4));
            Assert.Single(_github.Live);
            clock.Advance(TimeSpan.FromMinutes(1));
            await keeper.FinishAsync();
            await _github.UntilNoneLivesAsync(Cancel);
            Assert.True(token.IsRevoked);

            var atTheEnd = await keeper.CreateAsync(Wanted("octo/one", "contents:read", life: TimeSpan.FromMinutes(5)), Cancel);
            Assert.Equal([atTheEnd.Grant.Reveal()], _github.Live);
        }

        await _github.UntilNoneLivesAsync(Cancel);
    }

    [Fact]
    public async Task Token_of_a_whole_hour_outlives_its_maker()
    {
        await using (var keeper = new TokenKeeper(TimeProvider.System))
            await keeper.CreateAsync(Wanted("octo/one", "contents:read"), Cancel);
        Assert.Single(_github.Live);
    }

    private ScopedTokenRequest Wanted(string repositories, string permissions, string? key = null, TimeSpan? life = null) => ScopedTokenRequest.Create(
        GitHubApp.Create(GitHubDouble.AppId, key ?? _github.KeyPem), [repositories], TokenRight.Parse([permissions]), life, _github.Address);
}
