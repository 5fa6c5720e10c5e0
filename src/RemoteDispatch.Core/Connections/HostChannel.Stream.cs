using System.Globalization;

namespace RemoteDispatch.Connections;

/// <summary>The reply to a request that streams, as it comes.</summary>
/// <param name="output">The channel's output, behind the reply's begin mark.</param>
/// <param name="end">What the end mark begins with.</param>
/// <param name="closing">The channel closes.</param>
internal sealed class ChannelStream(ReplyReader output, string end, CancellationToken closing)
{
    /// <summary>The next line, or null at the end of the reply.</summary>
    /// <exception cref="EndOfStreamException">The connection ended and the reply did not.</exception>
    public async Task<string?> ReadLineAsync()
    {
        var line = await output.ReadLineAsync(closing).ConfigureAwait(false);
        if (!line.StartsWith(end, StringComparison.Ordinal))
            return line;
        ExitCode = int.Parse(line.AsSpan(end.Length), NumberStyles.None, CultureInfo.InvariantCulture);
        return null;
    }

    /// <summary>So many of the bytes behind a line as are there, at least one.</summary>
    public Task<byte[]> ReadSomeAsync(int most) => output.ReadSomeAsync(most, closing);

    /// <summary>The request's exit code, once the reply has ended.</summary>
    public int? ExitCode { get; private set; }
}

internal sealed partial class HostChannel
{
    // A byte on stdin that a process which was just ended has swallowed is written again; an empty line means nothing to a shell.
    private static readonly TimeSpan LeavePause = TimeSpan.FromMilliseconds(200);

    /// <summary>Is a stream under way that nobody has asked to end? A request would wait for it.</summary>
    public bool IsStreaming { get; private set; }

    /// <summary>
    /// Runs a piece of shell text whose reply is read as it comes, until it ends by itself or is left. To leave is to write to the channel's
    /// stdin, which that text has to listen to. No other request goes out meanwhile.
    /// </summary>
    /// <param name="script">The shell text.</param>
    /// <param name="read">Reads the reply to its end, whoever still wants it. It must not throw away the connection's own failures.</param>
    /// <param name="leave">Asks the host to end the reply.</param>
    /// <param name="cancellationToken">Ends the wait for the channel; of a stream that has begun, it is no end.</param>
    /// <exception cref="DispatchException"><see cref="FailureReason.ConnectionLost"/>, or <see cref="FailureReason.RequestTimedOut"/>.</exception>
    public async Task StreamAsync(string script, Func<ChannelStream, Task> read, CancellationToken leave, CancellationToken cancellationToken)
    {
        var pending = new Pending(NewNonce(), read);
        try
        {
            await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                if (!_pending.Writer.TryWrite(pending))
                    throw new EndOfStreamException();
                IsStreaming = true;
                await _process.WriteAsync(Framed(pending.Nonce, script), _closing.Token).ConfigureAwait(false);
                await pending.Begun.Task.WaitAsync(_options.RequestTimeout, _options.Time, _closing.Token).ConfigureAwait(false);
                await LeftOrEndedAsync(pending.Reply.Task, leave).ConfigureAwait(false);
            }
            finally
            {
                IsStreaming = false;
                _writing.Release();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested && !_closed)
        {
            throw;
        }
        catch (TimeoutException)
        {
            Close();
            throw Silent(_options.RequestTimeout);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or FormatException or OverflowException or InvalidDataException or OperationCanceledException)
        {
            Close();
            throw Lost(e);
        }
    }

    private async Task LeftOrEndedAsync(Task ended, CancellationToken leave)
    {
        try
        {
            await ended.WaitAsync(leave).ConfigureAwait(false);
            return;
        }
        catch (OperationCanceledException) when (leave.IsCancellationRequested)
        {
            IsStreaming = false;
        }

        var asked = _options.Time.GetTimestamp();
        while (!ended.IsCompleted)
        {
            if (_options.Time.GetElapsedTime(asked) > _options.RequestTimeout)
                throw new TimeoutException();
            await _process.WriteAsync("\n", _closing.Token).ConfigureAwait(false);
            try
            {
                await ended.WaitAsync(LeavePause, _options.Time, _closing.Token).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                // Again.
            }
        }

        await ended.ConfigureAwait(false);
    }

    private async Task ReadStreamAsync(Pending pending, Func<ChannelStream, Task> read)
    {
        // Beside each other: what a shell says on stderr must not fill its pipe.
        var errors = _process.Errors.ReadAsync(pending.Nonce, _closing.Token);
        await _process.Output.BeginAsync(pending.Nonce, _closing.Token).ConfigureAwait(false);
        pending.Begun.TrySetResult();
        var stream = new ChannelStream(_process.Output, ReplyReader.EndOf(pending.Nonce), _closing.Token);
        await read(stream).ConfigureAwait(false);
        var said = await errors.ConfigureAwait(false);
        pending.Reply.TrySetResult(new ChannelReply(stream.ExitCode ?? 0, default, said.Body));
    }
}
