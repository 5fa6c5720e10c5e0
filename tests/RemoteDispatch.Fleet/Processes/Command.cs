using System.Diagnostics;

namespace RemoteDispatch.Fleet;

/// <summary>A program that runs to its end and prints little.</summary>
internal static class Command
{
    /// <summary>What it printed, stdout first.</summary>
    /// <exception cref="InvalidOperationException">It ended with something else than 0.</exception>
    public static async Task<string> RunAsync(
        string file, IEnumerable<string> arguments, CancellationToken cancellationToken, bool acceptFailure = false)
    {
        using var process = Start(file, arguments);
        process.StandardInput.Close();
        // Each reader of a pipe blocks a thread of the pool, and a fleet runs dozens of these at a time: wait first, which blocks
        // none, and read then. What is printed has to fit into a pipe (64 KiB), and it does.
        await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
        var printed = await process.StandardOutput.ReadToEndAsync(cancellationToken).ConfigureAwait(false)
            + await process.StandardError.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
        return process.ExitCode == 0 || acceptFailure
            ? printed
            : throw new InvalidOperationException($"{file} failed with exit code {process.ExitCode}: {printed.Trim()}");
    }

    /// <summary>Starts a program with all three streams in our hands, so that it never holds on to the console of the tests.</summary>
    public static Process Start(string file, IEnumerable<string> arguments) =>
        Process.Start(new ProcessStartInfo(file, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        }) ?? throw new InvalidOperationException($"{file} did not start.");
}
