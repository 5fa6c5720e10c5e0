using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using RemoteDispatch.Credentials;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Notifications;

/// <summary>Posts each change as JSON to a URL, signed where there is a key.</summary>
public sealed class WebhookNotifier : INotifier, IDisposable
{
    /// <summary>The header with the time of the attempt, in seconds since 1970; it is signed too.</summary>
    public const string TimestampHeader = "X-RemoteDispatch-Timestamp";

    /// <summary>The header with <c>sha256=</c> and the HMAC-SHA256, in hex, of the timestamp, a dot and the body.</summary>
    public const string SignatureHeader = "X-RemoteDispatch-Signature";

    /// <summary>The header with what is the same for the same change, however often it is told.</summary>
    public const string DeliveryHeader = "X-RemoteDispatch-Delivery";

    private readonly WebhookSender _sender;
    private readonly CredentialGrant? _key;
    private readonly TimeProvider _time;

    /// <summary>Makes one. It connects to nothing yet.</summary>
    /// <param name="address">The URL: https, or http to this machine. It is shown nowhere but for its host's name.</param>
    /// <param name="key">What signs the documents; null for no signature.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: the URL cannot be used.</exception>
    public WebhookNotifier(CredentialGrant address, CredentialGrant? key = null, TimeProvider? time = null)
    {
        var place = new WebhookAddress(address);
        (_sender, _key, _time) = (new WebhookSender(place), key, time ?? TimeProvider.System);
        Name = $"The webhook at '{place.Host}'";
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public Task<Delivery> NotifyAsync(TaskChange change, CancellationToken cancellationToken)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(ChangeDocument.Of(change));
        return _sender.PostAsync(json, headers =>
        {
            headers.Add(DeliveryHeader, ChangeDocument.DeliveryOf(change));
            if (_key is null)
                return;
            var stamp = _time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
            var signature = HMACSHA256.HashData(Encoding.UTF8.GetBytes(_key.Reveal()), (byte[])[.. Encoding.ASCII.GetBytes(stamp + "."), .. json]);
            headers.Add(TimestampHeader, stamp);
            headers.Add(SignatureHeader, "sha256=" + Convert.ToHexStringLower(signature));
        }, _time, cancellationToken);
    }

    /// <summary>Closes its connections.</summary>
    public void Dispose() => _sender.Dispose();
}
