using System.Management.Automation;
using System.Threading.Channels;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.PowerShell.Binding;

/// <summary>
/// What every cmdlet here is: it starts work as objects arrive, the work goes on side by side, and whatever it has to say is said
/// on the pipeline's own thread. Ctrl-C ends the waiting at once; no task on a host ends by it.
/// </summary>
public abstract class DispatchCmdlet : PSCmdlet, IDisposable
{
    // Enough that a burst does not hold the work up, few enough that a flood of log waits at its source.
    private const int MessagesHeld = 512;

    private readonly CancellationTokenSource _stopping = new();
    private readonly Channel<Action> _messages = Channel.CreateBounded<Action>(MessagesHeld);
    private readonly List<Task> _work = [];
    private SemaphoreSlim? _places;

    /// <summary>How many hosts or tasks are worked on at once.</summary>
    protected virtual int Throttle => 32;

    private protected static Dispatcher Dispatcher => Session.Dispatcher;

    /// <summary>Cancelled when the user, or the pipeline, has had enough.</summary>
    private protected CancellationToken StopToken => _stopping.Token;

    /// <inheritdoc/>
    protected override void StopProcessing() => _stopping.Cancel();

    /// <inheritdoc/>
    protected override void EndProcessing() => SayUntilDone();

    /// <summary>Ends what still runs.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Ends what still runs.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
            _stopping.Cancel();
    }

    /// <summary>Starts a piece of work. Its failure is one error record, and stops nothing else.</summary>
    /// <param name="target">What an error is about: the host or the task.</param>
    /// <param name="work">The work; it says things through <see cref="SayAsync"/>.</param>
    private protected void Start(object target, Func<Task> work)
    {
        _places ??= new SemaphoreSlim(Throttle);
        var verbose = MyInvocation.BoundParameters.ContainsKey("Verbose") || VerboseIsOn();
        _work.RemoveAll(w => w.IsCompleted);
        _work.Add(Task.Run(() => RunAsync(target, work, verbose)));
        while (_messages.Reader.TryRead(out var message))
            message();
    }

    /// <summary>Has something said on the pipeline's thread.</summary>
    private protected ValueTask SayAsync(Action message) => _messages.Writer.WriteAsync(message, StopToken);

    /// <summary>Writes what the work brings, until all of it is done.</summary>
    private protected void SayUntilDone()
    {
        var done = Task.WhenAll(_work).ContinueWith(_ => _messages.Writer.TryComplete(), TaskScheduler.Default);
        try
        {
            while (_messages.Reader.WaitToReadAsync(StopToken).AsTask().GetAwaiter().GetResult())
            {
                while (_messages.Reader.TryRead(out var message))
                    message();
            }

            done.GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }
    }

    /// <summary>Does a short piece of work now; a failure is one error record.</summary>
    private protected void Do(object target, Action work)
    {
        try
        {
            work();
        }
        catch (DispatchException e)
        {
            WriteError(Failures.ToErrorRecord(e, target));
        }
    }

    /// <summary>Waits for a local step, as a change of the inventory.</summary>
    private protected T Await<T>(Func<CancellationToken, Task<T>> work) => Task.Run(() => work(StopToken)).GetAwaiter().GetResult();

    private async Task RunAsync(object target, Func<Task> work, bool verbose)
    {
        try
        {
            await _places!.WaitAsync(StopToken).ConfigureAwait(false);
            try
            {
                if (verbose)
                    Session.Listen(step => _messages.Writer.TryWrite(() => WriteVerbose(step.ToString())));
                await work().ConfigureAwait(false);
            }
            finally
            {
                _places.Release();
            }
        }
        catch (DispatchException e)
        {
            await SayAsync(() => WriteError(Failures.ToErrorRecord(e, target))).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (StopToken.IsCancellationRequested)
        {
            // Nobody listens any more.
        }
        catch (Exception e)
        {
            // A fault of ours: it is told like any other, since nothing may be lost in the background.
            await SayAsync(() => WriteError(new ErrorRecord(e, "InternalError", ErrorCategory.NotSpecified, target))).ConfigureAwait(false);
        }
    }

    private bool VerboseIsOn() =>
        GetVariableValue("VerbosePreference") is ActionPreference preference && preference != ActionPreference.SilentlyContinue;
}
