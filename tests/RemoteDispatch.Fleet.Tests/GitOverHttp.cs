using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;

namespace RemoteDispatch.Fleet.Tests;

/// <summary>
/// Repositories over HTTP, by git's own <c>git http-backend</c>: for whoever signs in with one of the tokens that live, as GitHub does it. It
/// answers in the place of a <see cref="GitHubDouble"/>, at its address.
/// </summary>
/// <param name="root">The folder of the bare repositories.</param>
/// <param name="tokens">The tokens that are good now.</param>
internal sealed class GitOverHttp(string root, Func<IEnumerable<string>> tokens)
{
    private const string Backend = "/usr/lib/git-core/git-http-backend";

    /// <summary>Each request: the host that was asked for, and what it signed in with (empty for nothing).</summary>
    public ConcurrentQueue<(string Host, string SignedIn)> Requests { get; } = [];

    public static void SkipWhereMissing() => Assert.SkipUnless(File.Exists(Backend), "git has no http-backend here: apt-get install git.");

    /// <summary>Answers what is git's, and says whether it was.</summary>
    public async Task<bool> AnswerAsync(HttpListenerContext context)
    {
        var (request, response) = (context.Request, context.Response);
        if (!request.Url!.AbsolutePath.Contains(".git/", StringComparison.Ordinal))
            return false;
        var signed = request.Headers["Authorization"] is { } header && header.StartsWith("Basic ", StringComparison.Ordinal)
            ? Encoding.UTF8.GetString(Convert.FromBase64String(header["Basic ".Length..])) : "";
        Requests.Enqueue((request.UserHostName, signed));
        if (!tokens().Any(t => signed == $"x-access-token:{t}"))
        {
            response.StatusCode = 401;
            response.Headers["WWW-Authenticate"] = "Basic realm=\"git\"";
            response.Close();
            return true;
        }

        await RunAsync(request, response);
        return true;
    }

    private async Task RunAsync(HttpListenerRequest request, HttpListenerResponse response)
    {
        var start = new ProcessStartInfo(Backend) { RedirectStandardInput = true, RedirectStandardOutput = true };
        var environment = start.Environment;
        environment["GIT_PROJECT_ROOT"] = root;
        environment["GIT_HTTP_EXPORT_ALL"] = "1";
        environment["GIT_CONFIG_GLOBAL"] = "/dev/null";
        environment["REMOTE_USER"] = "token";
        environment["REQUEST_METHOD"] = request.HttpMethod;
        environment["PATH_INFO"] = request.Url!.AbsolutePath;
        environment["QUERY_STRING"] = request.Url.Query.TrimStart('?');
        environment["CONTENT_TYPE"] = request.ContentType ?? "";
        environment["HTTP_CONTENT_ENCODING"] = request.Headers["Content-Encoding"] ?? "";
        environment["GIT_PROTOCOL"] = request.Headers["Git-Protocol"] ?? "";
        if (request.ContentLength64 >= 0)
            environment["CONTENT_LENGTH"] = request.ContentLength64.ToString(CultureInfo.InvariantCulture);
        using var backend = Process.Start(start)!;
        await request.InputStream.CopyToAsync(backend.StandardInput.BaseStream);
        backend.StandardInput.Close();
        using var answer = new MemoryStream();
        await backend.StandardOutput.BaseStream.CopyToAsync(answer);
        await backend.WaitForExitAsync();
        var bytes = answer.ToArray();
        var end = bytes.AsSpan().IndexOf("\r\n\r\n"u8);
        foreach (var line in Encoding.ASCII.GetString(bytes, 0, end).Split("\r\n"))
        {
            var (name, value) = (line[..line.IndexOf(':', StringComparison.Ordinal)], line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim());
            if (name == "Status")
                response.StatusCode = int.Parse(value[..3], CultureInfo.InvariantCulture);
            else
                response.Headers[name] = value;
        }

        await response.OutputStream.WriteAsync(bytes.AsMemory(end + 4));
        response.Close();
    }
}
