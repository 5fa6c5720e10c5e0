using System.Text.Json;
using RemoteDispatch.Credentials;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Notifications;

/// <summary>Posts each change as a message to a channel of Slack, by an incoming webhook. Its URL is the secret: who has it can post.</summary>
public sealed class SlackNotifier : INotifier, IDisposable
{
    private readonly WebhookSender _sender;
    private readonly TimeProvider _time;

    /// <summary>Makes one. It connects to nothing yet.</summary>
    /// <param name="address">The URL of the incoming webhook.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: the URL cannot be used.</exception>
    public SlackNotifier(CredentialGrant address, TimeProvider? time = null)
    {
        var place = new WebhookAddress(address);
        (_sender, _time) = (new WebhookSender(place), time ?? TimeProvider.System);
        Name = $"Slack at '{place.Host}'";
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public Task<Delivery> NotifyAsync(TaskChange change, CancellationToken cancellationToken) =>
        _sender.PostAsync(JsonSerializer.SerializeToUtf8Bytes(SlackMessage.Of(change)), null, _time, cancellationToken);

    /// <summary>Closes its connections.</summary>
    public void Dispose() => _sender.Dispose();
}
