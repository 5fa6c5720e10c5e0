using System.Diagnostics;

namespace RemoteDispatch.Fleet;

/// <summary>
/// The process that takes a fleet down: when it is told to, and also when we were killed and can tell nobody any more.
/// </summary>
internal sealed class Watchdog : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly Process _process;
    private bool _isDisposed;

    public Watchdog(string directory) =>
        _process = Command.Start(Tools.Require("sh"), [Tools.Unpack("watchdog.sh", directory), directory]);

    /// <summary>Kills every process of the fleet and removes its folder.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        using var limit = new CancellationTokenSource(Patience);
        _process.StandardInput.Close();
        try
        {
            await _process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"The fleet's watchdog, process {_process.Id}, did not end within {Patience.TotalSeconds} s.");
        }
        finally
        {
            _process.Dispose();
        }
    }
}
