using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using RemoteDispatch.Credentials;
using RemoteDispatch.Notifications;

namespace RemoteDispatch.Core.Tests.Notifications;

/// <summary>Webhooks, against a receiver on this machine: what they send, what they make of the answer, and what they never say.</summary>
public sealed class WebhookNotifierTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Webhook_posts_the_change_as_a_document()
    {
        using var receiver = new Receiver(Receiver.Status(200));
        using var webhook = Webhook(receiver.Address);
        Assert.Null((await webhook.NotifyAsync(Changes.Ended(), Cancel)).Failure);

        var got = Assert.Single(receiver.All);
        Assert.Equal(("/services/T00/B00/topsecret", "application/json; charset=utf-8"), (got.Path, got.Headers["Content-Type"]));
        var json = JsonNode.Parse(got.Body)!;
        Assert.Equal((1, "Ended", "gpu1"), ((int)json["version"]!, (string?)json["kind"], (string?)json["host"]));
        Assert.Equal(("build-17", "Failed", 2, 100.0), ((string?)json["task"]!["id"], (string?)json["task"]!["state"], (int)json["task"]!["exitCode"]!, (double)json["task"]!["durationSeconds"]!));
        Assert.Equal((string?)json["delivery"], got.Headers[WebhookNotifier.DeliveryHeader]);
        Assert.DoesNotContain(WebhookNotifier.SignatureHeader, got.Headers.Keys);
    }

    [Fact]
    public async Task Webhook_with_a_key_signs_the_time_and_the_body()
    {
        using var receiver = new Receiver(Receiver.Status(204));
        using var webhook = new WebhookNotifier(CredentialGrant.Create("webhook", receiver.Address), CredentialGrant.Create("webhook_key", "k3y-of-both"));
        await webhook.NotifyAsync(Changes.Ended(command: "echo ü"), Cancel);
        var got = Assert.Single(receiver.All);
        var signed = Encoding.UTF8.GetBytes($"{got.Headers[WebhookNotifier.TimestampHeader]}.{got.Body}");
        Assert.Equal("sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData("k3y-of-both"u8, signed)), got.Headers[WebhookNotifier.SignatureHeader]);
        Assert.DoesNotContain("k3y-of-both", string.Join(' ', got.Headers.Values) + got.Body, StringComparison.Ordinal);
    }

    [Theory, InlineData(500, true), InlineData(503, true), InlineData(429, true), InlineData(400, false), InlineData(404, false), InlineData(302, false)]
    public async Task Answer_decides_whether_another_attempt_may_help(int code, bool mayPass)
    {
        using var elsewhere = new Receiver(Receiver.Status(200));
        using var receiver = new Receiver(Receiver.Status(code, $"Retry-After: 7\r\nLocation: {elsewhere.Address}\r\n"));
        using var webhook = Webhook(receiver.Address);
        var delivery = await webhook.NotifyAsync(Changes.Ended(), Cancel);
        Assert.Equal(mayPass, delivery.MayPass);
        Assert.Contains($"'127.0.0.1' answered {code}", delivery.Failure, StringComparison.Ordinal);
        Assert.DoesNotContain("topsecret", delivery.Failure, StringComparison.Ordinal);
        // A redirect would have taken the document there.
        Assert.Empty(elsewhere.All);
        if (mayPass)
            Assert.Equal(TimeSpan.FromSeconds(7), delivery.RetryAfter);
    }

    [Fact]
    public async Task Answer_that_is_cut_may_pass()
    {
        using var receiver = new Receiver(Receiver.Cut);
        using var webhook = Webhook(receiver.Address);
        var delivery = await webhook.NotifyAsync(Changes.Ended(), Cancel);
        Assert.True(delivery.MayPass);
        Assert.DoesNotContain("topsecret", delivery.Failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Receiver_that_is_not_there_may_come_back()
    {
        string address;
        using (var gone = new Receiver(Receiver.Hang))
            address = gone.Address;
        using var webhook = Webhook(address);
        var delivery = await webhook.NotifyAsync(Changes.Ended(), Cancel);
        Assert.True(delivery.MayPass);
        Assert.Contains("'127.0.0.1' cannot be reached", delivery.Failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Receiver_that_hangs_is_left_when_the_caller_has_had_enough()
    {
        using var receiver = new Receiver(Receiver.Hang);
        using var webhook = Webhook(receiver.Address);
        using var leaving = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => webhook.NotifyAsync(Changes.Ended(), leaving.Token));
    }

    [Theory, InlineData("http://hooks.example/services/topsecret"), InlineData("ftp://127.0.0.1/topsecret"), InlineData("topsecret"), InlineData("https://user:topsecret@hooks.example/")]
    public void Address_that_would_not_be_private_is_refused_and_not_repeated(string address)
    {
        var failure = Assert.Throws<DispatchException>(() => Webhook(address));
        Assert.Equal(FailureReason.InvalidInput, failure.Reason);
        Assert.DoesNotContain("topsecret", failure.Message + failure.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Delivery_is_the_same_for_the_same_end_and_another_for_another()
    {
        var ended = Changes.Ended();
        Assert.Equal(ChangeDocument.DeliveryOf(ended), ChangeDocument.DeliveryOf(ended with { At = Changes.Now.AddHours(1) }));
        Assert.NotEqual(ChangeDocument.DeliveryOf(ended), ChangeDocument.DeliveryOf(Changes.Ended("build-18")));
    }

    private static WebhookNotifier Webhook(string address) => new(CredentialGrant.Create("webhook", address));
}
