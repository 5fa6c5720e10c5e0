using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace RemoteDispatch;

/// <summary>A short question to a program of this machine (<c>ssh -G</c>, <c>tailscale status</c>): no input, no terminal, in bounded time.</summary>
internal static class LocalCommand
{
    /// <summary>Runs it to its end.</summary>
    /// <returns>Its exit code and what it printed; null where the program is not there or did not end in time.</returns>
    public static async Task<LocalAnswer?> AskAsync(IReadOnlyList<string> line, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        either.CancelAfter(limit);
        var start = new ProcessStartInfo(line[0], line.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            CreateNoWindow = true,
        };
        try
        {
            using var process = Process.Start(start)!;
            try
            {
                process.StandardInput.Close();
                using var output = new MemoryStream();
                var errors = process.StandardError.ReadToEndAsync(either.Token);
                await process.StandardOutput.BaseStream.CopyToAsync(output, either.Token).ConfigureAwait(false);
                await process.WaitForExitAsync(either.Token).ConfigureAwait(false);
                return new LocalAnswer(process.ExitCode, output.ToArray(), await errors.ConfigureAwait(false));
            }
            finally
            {
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
}

/// <summary>What a program of this machine answered.</summary>
internal sealed record LocalAnswer(int ExitCode, ReadOnlyMemory<byte> Output, string Errors)
{
    public string OutputText => Encoding.UTF8.GetString(Output.Span);
}
