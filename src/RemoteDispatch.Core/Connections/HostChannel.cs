using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Channels;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Connections;

/// <summary>What a request brought back.</summary>
/// <param name="ExitCode">The exit code of its last command.</param>
/// <param name="Output">Its standard output, byte for byte.</param>
/// <param name="Error">Its standard error, byte for byte.</param>
internal sealed record ChannelReply(int ExitCode, ReadOnlyMemory<byte> Output, ReadOnlyMemory<byte> Error)
{
    public string Text => Encoding.UTF8.GetString(Output.Span);

    public string ErrorText => Encoding.UTF8.GetString(Error.Span);
}

/// <summary>
/// The open process at the end of the hops, with its resident shell. Requests are written one behind the other and their
/// replies come in the same order, so that a caller who stops waiting costs nobody else anything.
/// </summary>
internal sealed partial class HostChannel : IAsyncDisposable
{
    // Both are set by sshd and by login(1); asking id(1) would be a fork.
    private const string WhoAmI = """printf %s "${LOGNAME:-${USER-}}" """;

    // How long a request waits for others to be written before it takes another channel; a stream takes for ever.
    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(50);

    private readonly ChannelProcess _process;
    private readonly ConnectionOptions _options;
    private readonly DispatchHost _host;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly Channel<Pending> _pending = Channel.CreateUnbounded<Pending>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _closing = new();
    private Task _pump = Task.CompletedTask;
    private volatile bool _closed;

    private HostChannel(ChannelProcess process, DispatchHost host, ConnectionOptions options) =>
        (_process, _host, _options) = (process, host, options);

    /// <summary>False once the channel is lost or closed: the next request needs another.</summary>
    public bool IsOpen => !_closed && !_process.HasExited;

    /// <summary>The container it ended up in, or none.</summary>
    public ContainerChoice Container { get; private set; } = ContainerChoice.None;

    /// <summary>Who the shell runs as, by its own word; empty where it does not say.</summary>
    public string User { get; private set; } = "";

    /// <summary>What came on standard error before the first answer: ssh's own words, and a banner's.</summary>
    public string SaidBefore { get; private set; } = "";

    /// <summary>The steps of the connect that led here.</summary>
    public IReadOnlyList<PreflightStep> Preflight { get; set; } = [];

    /// <summary>Opens a channel and teaches it. One attempt.</summary>
    /// <param name="route">The way.</param>
    /// <param name="resident">The shell functions that requests will call.</param>
    /// <param name="options">The limits.</param>
    /// <param name="cancellationToken">Ends the attempt and its process.</param>
    /// <exception cref="DispatchException">No connection; the reason says why.</exception>
    public static async Task<HostChannel> OpenAsync(Route route, string resident, ConnectionOptions options, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.ConnectTimeout, options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        var process = ChannelProcess.Start(route.Host, route.CommandLine);
        var channel = new HostChannel(process, route.Host, options);
        try
        {
            var frame = ShellText.Load("channel.sh");
            if (route.Container != ContainerChoice.None)
                channel.Container = await ContainerEntry.EnterAsync(process, route, frame, either.Token).ConfigureAwait(false);
            // The first request goes with the lesson: whoever answers it has understood everything.
            var nonce = NewNonce();
            await process.WriteAsync(frame + resident + Framed(nonce, WhoAmI), either.Token).ConfigureAwait(false);
            var (who, _, _) = await process.ReadReplyAsync(nonce, either.Token).ConfigureAwait(false);
            channel.User = Text.OneLine(Encoding.UTF8.GetString(who.Span), 64);
            channel.SaidBefore = process.Errors.Noise;
            channel._pump = channel.PumpAsync();
            return channel;
        }
        catch (Exception e)
        {
            var failure = await channel.ExplainAsync(e, limit.IsCancellationRequested, cancellationToken).ConfigureAwait(false);
            await channel.DisposeAsync().ConfigureAwait(false);
            throw failure;
        }
    }

    /// <summary>Runs a piece of shell text in the resident shell and brings back what it printed. One round trip.</summary>
    /// <exception cref="DispatchException">
    /// <see cref="FailureReason.ConnectionLost"/>, or <see cref="FailureReason.RequestTimedOut"/>, which costs the channel.
    /// </exception>
    public async Task<ChannelReply> RequestAsync(string script, TimeSpan timeout, CancellationToken cancellationToken) =>
        (await RequestAsync(script, timeout, Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false))!;

    /// <summary>The same, unless a stream has taken the channel or is about to: then nothing is sent.</summary>
    /// <returns>The reply; null where the channel is not free.</returns>
    /// <exception cref="DispatchException">As <see cref="RequestAsync(string, TimeSpan, CancellationToken)"/>.</exception>
    public Task<ChannelReply?> TryRequestAsync(string script, TimeSpan timeout, CancellationToken cancellationToken) =>
        RequestAsync(script, timeout, Turn, cancellationToken);

    private async Task<ChannelReply?> RequestAsync(string script, TimeSpan timeout, TimeSpan turn, CancellationToken cancellationToken)
    {
        var pending = new Pending(NewNonce());
        using var limit = new CancellationTokenSource(timeout, _options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            if (!await SendAsync(pending, script, turn, either.Token).WaitAsync(either.Token).ConfigureAwait(false))
                return null;
            return await pending.Reply.Task.WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            Close();
            throw Silent(timeout);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or FormatException or InvalidDataException || (e is OperationCanceledException && _closed))
        {
            cancellationToken.ThrowIfCancellationRequested();
            Close();
            throw Lost(e);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _closed = true;
        _pending.Writer.TryComplete();
        await _process.CloseAsync(_options.Time).ConfigureAwait(false);
        await _closing.CancelAsync().ConfigureAwait(false);
        await _pump.ConfigureAwait(false);
        _process.Release();
    }

    /// <summary>
    /// Writes one request whole. A caller may go while it is half written: the rest still has to follow, or the shell
    /// would read nonsense, so that only the channel's own end stops it.
    /// </summary>
    private async Task<bool> SendAsync(Pending pending, string script, TimeSpan turn, CancellationToken beforeIt)
    {
        if (!await _writing.WaitAsync(turn, beforeIt).ConfigureAwait(false))
            return false;
        try
        {
            if (!_pending.Writer.TryWrite(pending))
                throw new EndOfStreamException();
            await _process.WriteAsync(Framed(pending.Nonce, script), _closing.Token).ConfigureAwait(false);
            return true;
        }
        finally
        {
            _writing.Release();
        }
    }

    private static string Framed(string nonce, string script) => $"rd_begin {nonce}; {{\n{script}\n}} </dev/null; rd_end {nonce} $?\n";

    internal static string NewNonce() => RandomNumberGenerator.GetHexString(24, lowercase: true);

    private async Task PumpAsync()
    {
        try
        {
            await foreach (var pending in _pending.Reader.ReadAllAsync(_closing.Token).ConfigureAwait(false))
            {
                try
                {
                    if (pending.Stream is { } read)
                    {
                        await ReadStreamAsync(pending, read).ConfigureAwait(false);
                        continue;
                    }

                    var (body, tail, errors) = await _process.ReadReplyAsync(pending.Nonce, _closing.Token).ConfigureAwait(false);
                    var code = int.Parse(tail, NumberStyles.None, CultureInfo.InvariantCulture);
                    pending.Reply.TrySetResult(new ChannelReply(code, body, errors));
                }
                catch (Exception e)
                {
                    Close();
                    pending.Fail(e is OperationCanceledException ? new EndOfStreamException() : e);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The channel closes; what still waits is told below.
        }

        while (_pending.Reader.TryRead(out var left))
            left.Fail(new EndOfStreamException());
    }

    private void Close()
    {
        _closed = true;
        _pending.Writer.TryComplete();
        _closing.Cancel();
        _process.Dispose();
    }

    private DispatchException Silent(TimeSpan timeout) => new(
        FailureReason.RequestTimedOut, $"Host '{_host.Name}' is connected but did not answer within {timeout.TotalSeconds:0.#} seconds.",
        "Is its disk or a network mount stuck? The connection was given up; the next command opens a new one.") { Host = _host.Name };

    private DispatchException Lost(Exception cause)
    {
        var said = Text.OneLine(ConnectFailure.LastLine(_process.Errors.Noise), 200);
        return new DispatchException(
            FailureReason.ConnectionLost, $"The connection to host '{_host.Name}' was lost{(said.Length > 0 ? $": {said}" : "")}.",
            "What runs there goes on. Ask again: a new connection is made.", cause) { Host = _host.Name };
    }

    private async Task<Exception> ExplainAsync(Exception cause, bool timedOut, CancellationToken cancellationToken)
    {
        if (cause is DispatchException || cancellationToken.IsCancellationRequested)
            return cause is DispatchException ? cause : new OperationCanceledException(cancellationToken);
        if (timedOut)
            return ConnectFailure.Silent(_host, _options.ConnectTimeout, _process.Errors.Noise);
        var errors = await _process.LastWordsAsync(_options.Time).ConfigureAwait(false);
        return ConnectFailure.From(_host, errors, _process.ExitCode);
    }

    private sealed record Pending(string Nonce, Func<ChannelStream, Task>? Stream = null)
    {
        /// <summary>The reply to a stream's request has begun.</summary>
        public TaskCompletionSource Begun { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        // Its continuations must not run inside the pump: one slow caller would hold up every other.
        public TaskCompletionSource<ChannelReply> Reply { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Fail(Exception cause)
        {
            Begun.TrySetException(cause);
            Reply.TrySetException(cause);
            // Who gave up does not look.
            _ = (Begun.Task.Exception, Reply.Task.Exception);
        }
    }
}
