using System.CommandLine;
using System.CommandLine.Parsing;
using RemoteDispatch.Credentials;
using RemoteDispatch.Notifications;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Cli.Verbs;

/// <summary>Whom <c>watch</c> tells. An address may be a secret in itself, so that none is ever a word of a command line.</summary>
internal static class NotifyOptions
{
    private static readonly SecretOptions Slack = new("slack-webhook", "SLACK_WEBHOOK", "the URL of an incoming webhook of Slack, to which changes are posted");
    private static readonly SecretOptions Webhook = new("webhook", "WEBHOOK", "a URL to which changes are posted as JSON");
    private static readonly SecretOptions Key = new("webhook-key", "WEBHOOK_KEY", "the key that signs what is posted to the webhook");
    private static readonly Option<string?> On = new("--notify-on")
    {
        Description = "Of which changes others are told, with commas: " + string.Join(", ", Enum.GetNames<TaskChangeKind>().Select(n => n.ToLowerInvariant())) + ". [default: ended,stalled]",
        HelpName = "KINDS",
    };

    public static IReadOnlyList<Option> All { get; } = [.. Slack.All, .. Webhook.All, .. Key.All, On];

    public static void Validate(CommandResult result)
    {
        foreach (var secret in new[] { Slack, Webhook, Key })
        {
            if (secret.All.Count(o => result.GetResult(o) is not null) > 1)
                result.AddError($"Of {string.Join(", ", secret.All.Select(o => o.Name))} one is enough.");
        }

        if (Key.All.Any(o => result.GetResult(o) is not null) && Webhook.All.All(o => result.GetResult(o) is null))
            result.AddError("A key signs what is posted to a webhook: name one too.");
        foreach (var word in Words(result.GetValue(On)).Where(w => !Enum.GetNames<TaskChangeKind>().Contains(w, StringComparer.OrdinalIgnoreCase)))
            result.AddError($"'{word}' is no change: take {string.Join(", ", Enum.GetNames<TaskChangeKind>().Select(n => n.ToLowerInvariant()))}.");
    }

    public static IReadOnlyCollection<TaskChangeKind> KindsOf(Invocation run) => run.Get(On) is { } words
        ? [.. Words(words).Select(w => Enum.Parse<TaskChangeKind>(w, ignoreCase: true))] : new Watching.WatchOptions().NotifyOn;

    /// <exception cref="DispatchException">An address cannot be had, or cannot be used.</exception>
    public static async Task<IReadOnlyList<INotifier>> CreateAsync(Invocation run)
    {
        var notifiers = new List<INotifier>();
        if (await Slack.FetchAsync(run).ConfigureAwait(false) is { } slack)
            notifiers.Add(new SlackNotifier(slack));
        if (await Webhook.FetchAsync(run).ConfigureAwait(false) is { } webhook)
            notifiers.Add(new WebhookNotifier(webhook, await Key.FetchAsync(run).ConfigureAwait(false)));
        return notifiers;
    }

    private static string[] Words(string? list) => list?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];

    /// <summary>One secret from one of three sources.</summary>
    private sealed class SecretOptions(string option, string name, string what)
    {
        private readonly Option<string?> _variable = new($"--{option}-env") { Description = $"A variable of this environment with {what}.", HelpName = "NAME" };
        private readonly Option<string?> _file = new($"--{option}-file") { Description = "The same from a file here.", HelpName = "PATH" };
        private readonly Option<string?> _command = new($"--{option}-command") { Description = "The same from what a command here prints.", HelpName = "COMMAND" };

        public IReadOnlyList<Option> All => [_variable, _file, _command];

        public Task<CredentialGrant?> FetchAsync(Invocation run) => CredentialOptions.FetchOneAsync(run, name, _file, _command, _variable);
    }
}
