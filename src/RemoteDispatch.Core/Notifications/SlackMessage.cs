using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Notifications;

/// <summary>
/// A change as a message of Slack's Block Kit. All that comes from outside stands in plain text objects, with <c>&amp;</c>, <c>&lt;</c> and
/// <c>&gt;</c> as entities: no link, no mention and no markup can be written into it. Limits: a header has 150 characters, a text of a
/// section 3000, a field 2000 (Slack's reference of blocks, and of formatting text).
/// </summary>
internal static class SlackMessage
{
    private const int HeaderLimit = 150;
    private const int TextLimit = 3000;
    private const int FieldLimit = 2000;

    public static JsonObject Of(TaskChange change)
    {
        var title = Title(change);
        var blocks = new JsonArray(new JsonObject { ["type"] = "header", ["text"] = Plain(title, HeaderLimit) });
        var fields = Fields(change).Where(f => !string.IsNullOrEmpty(f.Value)).Select(f => (JsonNode)Plain($"{f.Name}: {f.Value}", FieldLimit)).ToArray();
        blocks.Add(new JsonObject { ["type"] = "section", ["fields"] = new JsonArray(fields) });
        foreach (var text in new[] { change.Task?.Command, change.Task?.Reason, change.Detail }.Where(t => !string.IsNullOrEmpty(t)))
            blocks.Add(new JsonObject { ["type"] = "section", ["text"] = Plain(text!, TextLimit) });
        if (change.Id is { } id)
            blocks.Add(new JsonObject { ["type"] = "context", ["elements"] = new JsonArray(Plain($"task {id}", FieldLimit)) });
        return new JsonObject
        {
            // What a phone's notification shows; 'mrkdwn' off, since this one would be read as markup.
            ["text"] = Escape(title, TextLimit),
            ["mrkdwn"] = false,
            ["unfurl_links"] = false,
            ["unfurl_media"] = false,
            ["blocks"] = blocks,
        };
    }

    /// <summary>The text on one line, with Slack's three entities, and never more than the limit: an entity is whole or not there.</summary>
    internal static string Escape(string text, int limit)
    {
        var shown = new StringBuilder();
        foreach (var rune in Text.OneLine(text, limit).EnumerateRunes())
        {
            var piece = rune.Value switch { '&' => "&amp;", '<' => "&lt;", '>' => "&gt;", _ => rune.ToString() };
            if (shown.Length + piece.Length > limit - 1)
                return shown.Append('…').ToString();
            shown.Append(piece);
        }

        return shown.ToString();
    }

    private static string Title(TaskChange change) => change.Kind switch
    {
        TaskChangeKind.Ended => $"{change.Task?.State} on {change.HostName}",
        TaskChangeKind.Unreachable or TaskChangeKind.Reachable => $"{change.HostName} is {change.Kind.ToString().ToLowerInvariant()}",
        _ => $"{change.Kind} on {change.HostName}",
    };

    private static IEnumerable<(string Name, string? Value)> Fields(TaskChange change) =>
    [
        ("Host", change.HostName),
        ("State", change.Task?.State.ToString()),
        ("Exit code", change.Task?.ExitCode?.ToString(CultureInfo.InvariantCulture)),
        ("Duration", change.Task?.Duration is { } span ? Duration.Show(span) : null),
    ];

    private static JsonObject Plain(string text, int limit) => new() { ["type"] = "plain_text", ["text"] = Escape(text, limit), ["emoji"] = false };
}
