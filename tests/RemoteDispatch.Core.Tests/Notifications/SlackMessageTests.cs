using System.Text.Json.Nodes;
using RemoteDispatch.Credentials;
using RemoteDispatch.Notifications;

namespace RemoteDispatch.Core.Tests.Notifications;

/// <summary>What Slack is sent: Block Kit within its limits, and nothing that a task could turn into a mention or a link.</summary>
public sealed class SlackMessageTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Message_has_a_header_fields_the_command_the_id_and_a_text_for_phones()
    {
        using var receiver = new Receiver(Receiver.Status(200));
        using var slack = new SlackNotifier(CredentialGrant.Create("slack", receiver.Address));
        Assert.Null((await slack.NotifyAsync(Changes.Ended(), Cancel)).Failure);
        var json = JsonNode.Parse(Assert.Single(receiver.All).Body)!;
        Assert.Equal("Failed on gpu1", (string?)json["text"]);
        var blocks = json["blocks"]!.AsArray();
        Assert.Equal(["header", "section", "section", "context"], blocks.Select(b => (string?)b!["type"]));
        Assert.Equal(["Host: gpu1", "State: Failed", "Exit code: 2", "Duration: 1m 40s"], blocks[1]!["fields"]!.AsArray().Select(f => (string?)f!["text"]));
        Assert.Equal("make", (string?)blocks[2]!["text"]!["text"]);
        Assert.Equal("task build-17", (string?)blocks[3]!["elements"]![0]!["text"]);
    }

    [Fact]
    public void Text_of_a_task_cannot_mention_or_link()
    {
        const string Hostile = "<!channel> <https://evil.example|click> <@U1> & *bold* `x`";
        var json = SlackMessage.Of(Changes.Ended(command: Hostile, reason: Hostile) with { Detail = Hostile });
        Assert.Contains("&lt;!channel&gt;", json["blocks"]!.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }), StringComparison.Ordinal);
        var texts = Texts(json).ToArray();
        Assert.DoesNotContain(texts, t => t.Text.Contains('<', StringComparison.Ordinal) || t.Text.Contains('>', StringComparison.Ordinal));
        // In a plain text object Slack reads no markup at all.
        Assert.All(texts.Where(t => t.Type is not null), t => Assert.Equal("plain_text", t.Type));
        Assert.Equal((false, false), ((bool)json["mrkdwn"]!, (bool)json["unfurl_links"]!));
    }

    [Theory, InlineData(10), InlineData(150), InlineData(3000)]
    public void Text_keeps_to_its_limit_and_never_cuts_an_entity(int limit)
    {
        for (var length = limit - 8; length < limit + 8; length++)
        {
            var shown = SlackMessage.Escape(new string('a', Math.Max(0, length - 3)) + "<&>😀😀😀", limit);
            Assert.InRange(shown.Length, 1, limit);
            Assert.All(shown.Split('&')[1..], piece => Assert.Matches("^(amp|lt|gt);", piece));
            Assert.Equal(shown, new string([.. shown.EnumerateRunes().SelectMany(r => r.ToString())]));
        }
    }

    private static IEnumerable<(string? Type, string Text)> Texts(JsonNode? node) => node switch
    {
        JsonObject o => o.SelectMany(m => m.Key == "text" && m.Value is JsonValue v ? [((string?)o["type"], (string)v!)] : Texts(m.Value)),
        JsonArray a => a.SelectMany(Texts),
        _ => [],
    };
}
