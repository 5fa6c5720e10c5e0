using System.Net;
using System.Net.Http.Headers;

namespace RemoteDispatch.Notifications;

/// <summary>Posts a JSON document once, and says what came of it without the address. Redirects are not followed: they would carry the
/// document, and whatever signs it, to where nobody sent it.</summary>
internal sealed class WebhookSender(WebhookAddress address) : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private readonly HttpClient _client = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = Limit, PooledConnectionLifetime = TimeSpan.FromMinutes(5), MaxResponseHeadersLength = 16,
    }) { Timeout = Limit };

    public async Task<Delivery> PostAsync(byte[] json, Action<HttpRequestHeaders>? headers, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, address.Reveal()) { Content = new ByteArrayContent(json) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json") { CharSet = "utf-8" };
            request.Headers.UserAgent.Add(new ProductInfoHeaderValue("RemoteDispatch", null));
            headers?.Invoke(request.Headers);
            // What it answers beside the status is not read: it could be anything, and as long as it likes.
            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
            return Understand(response, time);
        }
        catch (HttpRequestException e)
        {
            return new Delivery($"'{address.Host}' cannot be reached ({e.HttpRequestError})") { MayPass = true };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new Delivery($"'{address.Host}' did not answer within {Duration.Show(Limit)}") { MayPass = true };
        }
        catch (IOException)
        {
            return new Delivery($"the connection to '{address.Host}' was lost") { MayPass = true };
        }
    }

    public void Dispose() => _client.Dispose();

    private Delivery Understand(HttpResponseMessage response, TimeProvider time)
    {
        var code = (int)response.StatusCode;
        if (response.IsSuccessStatusCode)
            return Delivery.Done;
        if (code is >= 300 and < 400)
            return new Delivery($"'{address.Host}' answered {code}, and redirects are not followed");
        return new Delivery($"'{address.Host}' answered {code}")
        {
            MayPass = code >= 500 || response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout,
            RetryAfter = response.Headers.RetryAfter is { } after ? after.Delta ?? after.Date - time.GetUtcNow() : null,
        };
    }
}
