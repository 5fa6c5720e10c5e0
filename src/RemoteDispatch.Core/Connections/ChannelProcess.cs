using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Connections;

/// <summary>The local process at the near end of a channel: <c>ssh … host sh</c>, or <c>sh</c> itself.</summary>
internal sealed class ChannelProcess : IDisposable
{
    private readonly Process _process;
    private readonly bool _isRemote;
    private readonly Task _exited;
    private readonly Stream _output;
    private readonly Stream _errors;

    private ChannelProcess(Process process, bool isRemote)
    {
        (_process, _isRemote) = (process, isRemote);
        _exited = process.WaitForExitAsync();
        (_output, _errors) = (process.StandardOutput.BaseStream, process.StandardError.BaseStream);
        Output = new ReplyReader(_output);
        Errors = new ReplyReader(_errors);
    }

    public ReplyReader Output { get; }

    public ReplyReader Errors { get; }

    public Stream Input => _process.StandardInput.BaseStream;

    public bool HasExited => _exited.IsCompleted || _process.HasExited;

    public int? ExitCode => HasExited ? _process.ExitCode : null;

    /// <summary>Starts it.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.ClientMissing"/>: the program is not on this machine.</exception>
    public static ChannelProcess Start(DispatchHost host, IReadOnlyList<string> commandLine)
    {
        IEnumerable<string> line = LocalCommand.Setsid is null ? commandLine : [LocalCommand.Setsid, .. commandLine];
        var start = new ProcessStartInfo(line.First(), line.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(false),
            CreateNoWindow = true,
        };
        try
        {
            // setsid would start and then fail to find the program: ask first, so that the reason is right on every system.
            if (LocalCommand.Setsid is not null && !IsOnPath(commandLine[0]))
                throw new Win32Exception();
            return new ChannelProcess(Process.Start(start)!, host.Transport != Transport.Local);
        }
        catch (Win32Exception e)
        {
            throw new DispatchException(
                FailureReason.ClientMissing, $"No connection to host '{host.Name}': the program '{commandLine[0]}' is not on this machine.",
                commandLine[0] == "ssh" ? "Install the OpenSSH client." : $"Install '{commandLine[0]}' or put it on the PATH.", e) { Host = host.Name };
        }
    }

    /// <summary>Writes shell text to the shell at the far end.</summary>
    public async Task WriteAsync(string text, CancellationToken cancellationToken)
    {
        await Input.WriteAsync(Encoding.UTF8.GetBytes(text), cancellationToken).ConfigureAwait(false);
        await Input.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Reads the reply to the request with this nonce from both streams. Where one of them ends, the other gets a second more:
    /// somebody else may hold it open (a ControlPersist master, a proxy's child), and a dead connection must not look like a slow one.
    /// </summary>
    /// <exception cref="EndOfStreamException">A stream ended before the reply did.</exception>
    public async Task<(ReadOnlyMemory<byte> Body, string Tail, ReadOnlyMemory<byte> Errors)> ReadReplyAsync(string nonce, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var output = Output.ReadAsync(nonce, either.Token);
        var errors = Errors.ReadAsync(nonce, either.Token);
        var first = await Task.WhenAny(output, errors).ConfigureAwait(false);
        if (!first.IsCompletedSuccessfully)
            either.CancelAfter(TimeSpan.FromSeconds(1));
        try
        {
            await Task.WhenAll(output, errors).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new EndOfStreamException();
        }

        var (body, tail) = await output.ConfigureAwait(false);
        return (body, tail, (await errors.ConfigureAwait(false)).Body);
    }

    /// <summary>Waits for the end of the process, for at most a second, and for the rest of what it had to say.</summary>
    public async Task<string> LastWordsAsync(TimeProvider time)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1), time);
        try
        {
            await Errors.DrainAsync(limit.Token).ConfigureAwait(false);
            await _exited.WaitAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // It hangs on: what it has said so far must do.
        }

        return Errors.Noise;
    }

    /// <summary>Lets the shell end by itself at the end of its input; whatever does not is killed. What it started detached lives on.</summary>
    public async Task CloseAsync(TimeProvider time)
    {
        try
        {
            Input.Close();
            await _exited.WaitAsync(TimeSpan.FromSeconds(1), time).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or IOException or ObjectDisposedException)
        {
        }

        Dispose();
    }

    public void Dispose()
    {
        try
        {
            // With the ssh that it has sent to a jump host, which would wait there for as long as the network lets it. What a local
            // shell has started is a task, and none of ours to end.
            if (!_process.HasExited)
                _process.Kill(entireProcessTree: _isRemote);
        }
        catch (InvalidOperationException)
        {
            // It went by itself in between.
        }

        _process.Dispose();
    }

    /// <summary>Gives the streams back, once nobody reads any more: Process.Dispose leaves those alone that somebody has asked for.</summary>
    public void Release()
    {
        _output.Dispose();
        _errors.Dispose();
    }

    private static bool IsOnPath(string program) =>
        program.Contains('/', StringComparison.Ordinal) ? File.Exists(program)
        : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));
}
