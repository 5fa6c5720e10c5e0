using System.Diagnostics;

namespace RemoteDispatch.Core.Tests;

/// <summary>Runs a program to its end.</summary>
internal static class ProcessRun
{
    public static async Task<(int ExitCode, byte[] Output, string Error)> OfAsync(IReadOnlyList<string> line, CancellationToken cancellationToken)
    {
        using var process = Process.Start(new ProcessStartInfo(line[0], line.Skip(1))
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        process.StandardInput.Close();
        using var output = new MemoryStream();
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        await process.StandardOutput.BaseStream.CopyToAsync(output, cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return (process.ExitCode, output.ToArray(), await errors);
    }
}
