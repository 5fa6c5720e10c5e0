using RemoteDispatch.Credentials;

namespace RemoteDispatch.Core.Tests.Credentials;

/// <summary>Short texts that leave this machine hold no granted value, nor the beginning of one that was cut.</summary>
public sealed class MaskedTextTests
{
    private static readonly CredentialGrant[] Secrets = [CredentialGrant.Create("TOKEN", "tok-0123456789")];

    [Theory]
    [InlineData("curl -H tok-0123456789 x", "curl -H ************** x")]
    [InlineData("curl -H tok-01234…", "curl -H *********…")]
    [InlineData("curl -H tok…", "curl -H tok…")]
    [InlineData("nothing of it", "nothing of it")]
    [InlineData(null, null)]
    public void Text_is_masked(string? text, string? shown) => Assert.Equal(shown, MaskedText.Of(text, Secrets));
}
