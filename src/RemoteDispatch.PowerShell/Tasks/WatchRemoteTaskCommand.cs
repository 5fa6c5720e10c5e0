using System.Management.Automation;
using RemoteDispatch.Notifications;
using RemoteDispatch.PowerShell.Binding;
using RemoteDispatch.Tasks;
using RemoteDispatch.Watching;

namespace RemoteDispatch.PowerShell.Tasks;

/// <summary>
/// Follows the state of all tasks that were sent from here, and of those that are sent meanwhile: emits what changes, collects the logs of those
/// that end, flags those that are silent, and tells others. Ctrl-C ends the watch, never a task.
/// </summary>
[Cmdlet(VerbsCommon.Watch, "RemoteTask", DefaultParameterSetName = EndlessSet)]
[OutputType(typeof(TaskChange))]
public sealed class WatchRemoteTaskCommand : DispatchCmdlet
{
    private const string EndlessSet = "Endless";
    private const string OnceSet = "Once";
    private const string UntilEndedSet = "UntilEnded";

    /// <summary>Only these tasks, by id, with wildcards; without it, all.</summary>
    [Parameter(Position = 0)]
    [Alias("TaskId")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(TaskIdCompleter))]
    public string[] Id { get; set; } = [];

    /// <summary>Only tasks on these hosts: names, or sets of them.</summary>
    [Parameter]
    [Alias("ComputerName", "Cn")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(HostNameCompleter))]
    public HostIdentity[] HostName { get; set; } = [];

    /// <summary>Look at every host once, do what there is to do, and end: for a scheduled task.</summary>
    [Parameter(Mandatory = true, ParameterSetName = OnceSet)]
    public SwitchParameter Once { get; set; }

    /// <summary>End when all tasks have ended.</summary>
    [Parameter(Mandatory = true, ParameterSetName = UntilEndedSet)]
    public SwitchParameter UntilEnded { get; set; }

    /// <summary>How long a task may be silent that was given no limit of its own (30m unless said otherwise); 0 for ever.</summary>
    [Parameter]
    [Duration]
    public TimeSpan StallLimit { get; set; } = new WatchOptions().StallLimit;

    /// <summary>Stop tasks that are stalled.</summary>
    [Parameter]
    public SwitchParameter StopStalled { get; set; }

    /// <summary>Runs in this session for each change that others are told of, with the change as its argument.</summary>
    [Parameter]
    [ValidateNotNull]
    public ScriptBlock? Notify { get; set; }

    /// <summary>A URL to which changes are posted as JSON: a SecureString, a PSCredential, 'vault:name' of SecretManagement, or the name of a variable of this environment.</summary>
    [Parameter]
    [ValidateNotNull]
    public object? Webhook { get; set; }

    /// <summary>The key that signs what is posted to the webhook, given as -Webhook is.</summary>
    [Parameter]
    [ValidateNotNull]
    public object? WebhookKey { get; set; }

    /// <summary>The URL of an incoming webhook of Slack, given as -Webhook is.</summary>
    [Parameter]
    [ValidateNotNull]
    public object? SlackWebhook { get; set; }

    /// <summary>Of which changes others are told (Ended and Stalled unless said otherwise).</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public TaskChangeKind[] NotifyOn { get; set; } = [.. new WatchOptions().NotifyOn];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        try
        {
            var options = ToOptions();
            Start("watch", () => WatchAsync(options));
        }
        catch (DispatchException e)
        {
            ThrowTerminatingError(Failures.ToErrorRecord(e, "watch"));
        }
    }

    private WatchOptions ToOptions()
    {
        if (WebhookKey is not null && Webhook is null)
            throw new DispatchException(FailureReason.InvalidInput, "A key signs what is posted to a webhook, and there is none.", "Name the webhook with -Webhook.");
        var hosts = HostName.Length == 0 ? null : NamesOf(HostName);
        var ids = Id.Select(id => WildcardPattern.Get(id, WildcardOptions.None)).ToArray();
        var options = new WatchOptions
        {
            Until = Once ? WatchUntil.Once : UntilEnded ? WatchUntil.AllEnded : WatchUntil.Endless,
            StallLimit = StallLimit,
            StopStalled = StopStalled,
            NotifyOn = NotifyOn,
            Notifiers = [.. CreateNotifiers()],
            Filter = hosts is null && ids.Length == 0 ? null
                : task => (hosts is null || hosts.Contains(task.HostName)) && (ids.Length == 0 || ids.Any(i => i.IsMatch(task.Id))),
            Warn = message => _ = SayAsync(() => WriteWarning(message)).AsTask(),
        };
        options.Validate();
        return options;
    }

    private HashSet<string> NamesOf(IEnumerable<HostIdentity> given)
    {
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        DoEach(given, host => names.Add(host.Name));
        return names;
    }

    private IEnumerable<INotifier> CreateNotifiers()
    {
        if (Notify is not null)
            yield return new ScriptNotifier(this, Notify);
        if (SlackWebhook is not null)
            yield return new SlackNotifier(CredentialBinding.FetchOne(this, "SLACK_WEBHOOK", SlackWebhook));
        if (Webhook is not null)
            yield return new WebhookNotifier(CredentialBinding.FetchOne(this, "WEBHOOK", Webhook), WebhookKey is null ? null : CredentialBinding.FetchOne(this, "WEBHOOK_KEY", WebhookKey));
    }

    private async Task WatchAsync(WatchOptions options)
    {
        try
        {
            await foreach (var change in new TaskWatch(Dispatcher, options).RunAsync(StopToken).ConfigureAwait(false))
                await SayAsync(() => WriteObject(change)).ConfigureAwait(false);
        }
        finally
        {
            foreach (var notifier in options.Notifiers.OfType<IDisposable>())
                notifier.Dispose();
        }
    }

    /// <summary>A script block of the user's, run on the pipeline's thread: one after the other, and its errors are warnings.</summary>
    private sealed class ScriptNotifier(WatchRemoteTaskCommand watch, ScriptBlock script) : INotifier
    {
        public string Name => "The script block of -Notify";

        public Task<Delivery> NotifyAsync(TaskChange change, CancellationToken cancellationToken) => watch.AskAsync(() =>
        {
            try
            {
                // What it gives is the pipeline's, as it would be in ForEach-Object; but the pipeline's objects are changes.
                script.Invoke(change);
                return Delivery.Done;
            }
            catch (RuntimeException e)
            {
                return new Delivery(Text(e.Message));
            }
        });

        private static string Text(string message) => new([.. message.Select(c => char.IsControl(c) ? ' ' : c).Take(300)]);
    }
}
