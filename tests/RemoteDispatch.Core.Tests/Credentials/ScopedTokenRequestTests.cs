using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using RemoteDispatch.Credentials;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Core.Tests.Credentials;

/// <summary>What can be refused before GitHub is asked, and what an App says of itself.</summary>
public sealed class ScopedTokenRequestTests
{
    private static readonly string Pem = Make(r => r.ExportRSAPrivateKeyPem());

    [Theory]
    [InlineData("one")]
    [InlineData("")]
    [InlineData("a/b/c")]
    [InlineData("a/..")]
    [InlineData("a/b?x=1")]
    [InlineData("../a")]
    [InlineData("a/b c")]
    [InlineData("octo/one,other/two")]
    public void Repositories_that_are_none_or_of_two_owners_are_refused(string repositories) =>
        Refusal.Of(FailureReason.InvalidInput, () => Wanted(repositories, ["contents:read"]));

    [Theory]
    [InlineData("contents")]
    [InlineData("contents:all")]
    [InlineData(":read")]
    [InlineData("contents:read,contents:write")]
    [InlineData("a b:read")]
    [InlineData("")]
    public void Permissions_that_are_none_are_refused(string permissions) => Refusal.Of(FailureReason.InvalidInput, () => Wanted("octo/one", [permissions]));

    [Fact]
    public void Permissions_are_read_as_they_are_typed() =>
        Assert.Equal(["contents:write", "pull_requests:read", "issues:admin"], TokenRight.Parse(["Contents:write, pull-requests:READ", "issues:admin"]).Select(p => p.ToString()));

    [Theory]
    [InlineData("0s")]
    [InlineData("61m")]
    [InlineData("2h")]
    public void Life_longer_than_githubs_hour_is_refused(string life) =>
        Refusal.Of(FailureReason.InvalidInput, () => Wanted("octo/one", ["contents:read"], Duration.Parse(life)));

    [Theory]
    [InlineData("http://github.example/api/v3")]
    [InlineData("ftp://127.0.0.1/")]
    [InlineData("https://user:password@github.example/")]
    [InlineData("https://github.example/?a=b")]
    [InlineData("github.example")]
    public void Api_address_that_would_show_the_token_to_others_or_is_none_is_refused(string address) =>
        Refusal.Of(FailureReason.InvalidInput, () => Wanted("octo/one", ["contents:read"], address: address));

    [Fact]
    public void Key_that_cannot_sign_is_refused_and_not_repeated()
    {
        foreach (var key in new[] { "", "secret-text", Make(r => r.ExportRSAPublicKeyPem()), Make(r => r.ExportEncryptedPkcs8PrivateKeyPem("x", new PbeParameters(PbeEncryptionAlgorithm.Aes128Cbc, HashAlgorithmName.SHA256, 1))), Make(r => r.ExportRSAPrivateKeyPem(), 1024), Pem[..200] })
        {
            var failure = Refusal.Of(FailureReason.InvalidInput, () => GitHubApp.Create("1", key));
            Assert.DoesNotContain("secret-text", failure.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain("BEGIN", failure.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Word_of_an_app_is_three_parts_without_padding_and_verifies_whatever_the_moment()
    {
        using var rsa = RSA.Create();
        rsa.ImportFromPem(Pem);
        var random = new Random(20261121);
        for (var round = 0; round < 200; round++)
        {
            var app = GitHubApp.Create(new string([.. Enumerable.Range(0, random.Next(1, 40)).Select(_ => (char)('a' + random.Next(26)))]), Pem);
            var now = DateTimeOffset.FromUnixTimeSeconds(random.NextInt64(100, 4_000_000_000));
            var parts = AppJwt.Create(app, now).Split('.');
            Assert.Equal(3, parts.Length);
            Assert.All(parts, p => Assert.Matches(@"\A[A-Za-z0-9_-]+\z", p));
            Assert.True(rsa.VerifyData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64Url.DecodeFromChars(parts[2]), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
            var claims = JsonNode.Parse(Base64Url.DecodeFromChars(parts[1]))!;
            Assert.Equal(app.Id, (string?)claims["iss"]);
            Assert.Equal(now.ToUnixTimeSeconds() - 60, (long)claims["iat"]!);
            Assert.InRange((long)claims["exp"]! - now.ToUnixTimeSeconds(), 60, 600 - 60);
        }
    }

    [Fact]
    public void Request_with_a_token_tells_what_it_is_for_and_never_the_key()
    {
        var plain = new TaskRequest { Command = "true" };
        var request = plain with { ScopedToken = Wanted("octo/one", ["contents:write"]) };
        request.Validate();
        Assert.NotEqual(plain.Digest(), request.Digest());
        Assert.NotEqual(request.Digest(), (plain with { ScopedToken = Wanted("octo/one", ["contents:read"]) }).Digest());
        Assert.Equal(request.Digest(), (plain with { ScopedToken = Wanted("octo/one", ["contents:write"]) }).Digest());
        Assert.Equal(["GH_TOKEN"], request.CredentialNames);
        Assert.Contains("\"credentials\":[\"GH_TOKEN\"]", request.ToJson(TaskId.New(TimeProvider.System), default), StringComparison.Ordinal);
        Assert.Contains("with a token for octo/one (contents:write)", DispatchPlan.Of(RemoteDispatch.Hosts.DispatchHost.Local, request).ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("BEGIN", request.ToString(), StringComparison.Ordinal);
        Refusal.Of(FailureReason.InvalidInput, () => (request with { Credentials = [CredentialGrant.Create("GH_TOKEN", "another")] }).Validate());
    }

    private static ScopedTokenRequest Wanted(string repositories, string[] permissions, TimeSpan? life = null, string? address = null) =>
        ScopedTokenRequest.Create(GitHubApp.Create("1", Pem), [repositories], TokenRight.Parse(permissions), life, address);

    private static string Make(Func<RSA, string> export, int size = 2048)
    {
        using var rsa = RSA.Create(size);
        return export(rsa);
    }
}
