using System.Runtime.InteropServices;

namespace RemoteDispatch.Cli;

/// <summary>
/// Ctrl-C and SIGTERM: the first asks everything to end and leaves it a moment, a second one ends the process at once.
/// Tasks go on in any case: they are no children of this process.
/// </summary>
internal sealed class Interruption : IDisposable
{
    // Within two seconds in all. What can hold longer is a write to a terminal or pipe that nobody reads.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1.5);

    private readonly CancellationTokenSource _asked = new();
    private readonly PosixSignalRegistration[] _signals;
    private int _exitCode;

    public Interruption() => _signals =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, c => Ask(c, ExitCodes.Interrupted)),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, c => Ask(c, ExitCodes.Terminated)),
    ];

    /// <summary>Is cancelled by the first signal.</summary>
    public CancellationToken Token => _asked.Token;

    /// <summary>The exit code of the signal that came; null while none has.</summary>
    public int? ExitCode => Volatile.Read(ref _exitCode) is > 0 and var code ? code : null;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var signal in _signals)
            signal.Dispose();
        _asked.Dispose();
    }

    private void Ask(PosixSignalContext context, int exitCode)
    {
        if (Interlocked.CompareExchange(ref _exitCode, exitCode, 0) != 0)
            return;
        context.Cancel = true;
        _ = EndAsync(exitCode);
    }

    private async Task EndAsync(int exitCode)
    {
        // Not here: this is the signal's thread, and what hears of the cancellation runs on.
        await _asked.CancelAsync().ConfigureAwait(false);
        await Task.Delay(Patience).ConfigureAwait(false);
        await Console.Error.WriteLineAsync("rdispatch: Interrupted; nobody reads the output.\n  → Tasks that were started go on: 'rdispatch list' shows them.").ConfigureAwait(false);
        Environment.Exit(exitCode);
    }
}
