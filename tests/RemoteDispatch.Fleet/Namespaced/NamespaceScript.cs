using System.Diagnostics;

namespace RemoteDispatch.Fleet;

/// <summary>The process inside the namespaces, a script, and the conversation with it: one line there, one line back.</summary>
internal sealed class NamespaceScript : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly string _log;
    private readonly Process _process;
    private bool _isDisposed;

    private NamespaceScript(string directory, string script, IEnumerable<string> arguments)
    {
        _log = Path.Combine(directory, "log");
        _process = Command.Start(Tools.Require("unshare"), [
            "--net", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc",
            Tools.Require("bash"), Tools.Unpack(script, directory), directory, .. arguments]);
    }

    /// <summary>The process whose network namespace is the fleet's.</summary>
    public int ProcessId => _process.Id;

    /// <summary>Makes the namespaces and their network, without a host yet.</summary>
    /// <param name="directory">The fleet's folder, the script's first argument.</param>
    /// <param name="name">The script that this assembly carries.</param>
    /// <param name="arguments">Its further arguments.</param>
    /// <param name="cancellationToken">Gives up; nothing stays behind.</param>
    public static async Task<NamespaceScript> StartAsync(
        string directory, string name, IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        var script = new NamespaceScript(directory, name, arguments);
        try
        {
            await script.ExpectOkAsync("making the network", cancellationToken).ConfigureAwait(false);
            return script;
        }
        catch
        {
            await script.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <exception cref="InvalidOperationException">It did not work; the message holds what was logged.</exception>
    public async Task RunAsync(string command, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // Once the line is sent its reply has to be read, or the next command would take it for its own.
            await _process.StandardInput.WriteLineAsync(command).ConfigureAwait(false);
            await _process.StandardInput.FlushAsync(CancellationToken.None).ConfigureAwait(false);
            await ExpectOkAsync(command, CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Ends the script's input, and with it every process in the namespaces and the fleet's folder.</summary>
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
            _process.Kill(); // --kill-child takes the namespaces along.
            throw new TimeoutException($"The fleet's namespaces did not end within {Patience.TotalSeconds} s of being told to.");
        }
        finally
        {
            _process.Dispose();
            _turn.Dispose();
        }
    }

    private async Task ExpectOkAsync(string what, CancellationToken cancellationToken)
    {
        var reply = await _process.StandardOutput.ReadLineAsync(cancellationToken).AsTask()
            .WaitAsync(Patience, cancellationToken).ConfigureAwait(false);
        if (reply == "ok")
            return;
        var logged = File.Exists(_log) ? await File.ReadAllTextAsync(_log, cancellationToken).ConfigureAwait(false) : "";
        if (reply is null)
            logged += await _process.StandardError.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
        throw new InvalidOperationException($"The fleet's namespaces: '{what}' failed. {logged.Trim()}");
    }
}
