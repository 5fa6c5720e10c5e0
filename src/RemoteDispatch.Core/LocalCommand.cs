using System.Buffers;
using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace RemoteDispatch;

/// <summary>A short question to a program of this machine (<c>ssh -G</c>, <c>tailscale status</c>): no input, no terminal, in bounded time.</summary>
internal static class LocalCommand
{
    // What it has printed is there when it ends; a child of it that keeps the output open is not waited for.
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);

    /// <summary>
    /// What puts a program into a session of its own: the terminal's Ctrl-C does not reach it, and it finds no terminal to ask on. Null
    /// where there is no setsid(1).
    /// </summary>
    public static string? Setsid { get; } =
        OperatingSystem.IsLinux() ? new[] { "/usr/bin/setsid", "/bin/setsid" }.FirstOrDefault(File.Exists) : null;

    /// <summary>Runs it to its end.</summary>
    /// <returns>Its exit code and what it printed; null where the program is not there or did not end in time.</returns>
    public static async Task<LocalAnswer?> AskAsync(IReadOnlyList<string> line, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        either.CancelAfter(limit > TimeSpan.Zero ? limit : TimeSpan.Zero);
        IReadOnlyList<string> words = Setsid is null ? line : [Setsid, .. line];
        var start = new ProcessStartInfo(words[0], words.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            CreateNoWindow = true,
        };
        // Nobody is there to be asked in a window either.
        start.Environment.Remove("SSH_ASKPASS");
        try
        {
            using var process = Process.Start(start)!;
            var output = new Collected(process.StandardOutput.BaseStream);
            var errors = new Collected(process.StandardError.BaseStream);
            try
            {
                process.StandardInput.Close();
                var both = Task.WhenAll(output.ReadAsync(either.Token), errors.ReadAsync(either.Token));
                await process.WaitForExitAsync(either.Token).ConfigureAwait(false);
                await Task.WhenAny(both, Task.Delay(Rest, TimeProvider.System, either.Token)).ConfigureAwait(false);
                // setsid itself answers 127 where it finds no such program.
                return Setsid is not null && process.ExitCode == 127 && errors.Text.StartsWith("setsid:", StringComparison.Ordinal)
                    ? null : new LocalAnswer(process.ExitCode, output.Bytes, errors.Text);
            }
            finally
            {
                await either.CancelAsync().ConfigureAwait(false);
                // A proxy that ssh started would hold the pipes open for as long as it likes.
                if (!process.HasExited)
                    process.Kill(entireProcessTree: true);
            }
        }
        catch (Exception e) when (e is Win32Exception or IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return null;
        }
    }

    /// <summary>What a stream has brought so far.</summary>
    private sealed class Collected(Stream stream)
    {
        private readonly ArrayBufferWriter<byte> _bytes = new();
        private readonly Lock _guard = new();

        public byte[] Bytes
        {
            get
            {
                lock (_guard)
                    return _bytes.WrittenSpan.ToArray();
            }
        }

        public string Text => Encoding.UTF8.GetString(Bytes);

        public async Task ReadAsync(CancellationToken cancellationToken)
        {
            var buffer = new byte[16 << 10];
            try
            {
                while (await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and var count)
                {
                    lock (_guard)
                        _bytes.Write(buffer.AsSpan(0, count));
                }
            }
            catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException)
            {
                // What came until then is what there is.
            }
        }
    }
}

/// <summary>What a program of this machine answered.</summary>
internal sealed record LocalAnswer(int ExitCode, ReadOnlyMemory<byte> Output, string Errors)
{
    public string OutputText => Encoding.UTF8.GetString(Output.Span);
}
