using RemoteDispatch.Credentials;

namespace RemoteDispatch.Notifications;

/// <summary>Where a webhook listens. The address may be a secret in itself (Slack's is), so that only its host's name is ever shown.</summary>
internal sealed class WebhookAddress
{
    private readonly CredentialGrant _address;

    public WebhookAddress(CredentialGrant address)
    {
        // The text is in no message: it may be the secret.
        if (!Uri.TryCreate(address.Reveal().Trim(), UriKind.Absolute, out var uri) || uri.Scheme is not ("https" or "http") || uri.UserInfo.Length > 0)
            throw Invalid($"The address of the webhook ({address.Name}) is no https:// URL.", "Give the whole URL, as the receiver shows it; a user and a password are none of it.");
        if (uri.Scheme != "https" && !uri.IsLoopback)
            throw Invalid($"The address of the webhook at '{Text.OneLine(uri.Host, 100)}' is not encrypted.", "Use https://; http:// is for this machine alone.");
        (_address, Host) = (address, Text.OneLine(uri.IdnHost, 100));
    }

    /// <summary>The name of its host.</summary>
    public string Host { get; }

    public Uri Reveal() => new(_address.Reveal().Trim());

    private static DispatchException Invalid(string message, string remedy) => new(FailureReason.InvalidInput, message, remedy);
}
