using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Threading.Channels;
using RemoteDispatch.Hosts;
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

    private static readonly TimeSpan ProgressPause = TimeSpan.FromMilliseconds(200);

    private readonly CancellationTokenSource _stopping = new();
    private readonly Channel<Action> _messages = Channel.CreateBounded<Action>(MessagesHeld);
    // Beside the messages, which may have to wait: no step is lost, and none holds the work up.
    private readonly ConcurrentQueue<WorkStep> _steps = [];
    private readonly List<Task> _work = [];
    private readonly long _begun = Stopwatch.GetTimestamp();
    private SemaphoreSlim? _places;
    private HostSets? _sets;
    private int _started;
    private int _done;
    private int _failed;
    private bool _progressShown;

    /// <summary>How many hosts or tasks are worked on at once.</summary>
    protected virtual int Throttle => 32;

    /// <summary>What the progress bar says is going on; null for no bar.</summary>
    protected virtual string? Activity => null;

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
        if (_places is null)
        {
            _places = new SemaphoreSlim(Throttle);
            WriteDebug($"RemoteDispatch {GetType().Assembly.GetName().Version?.ToString(3)}: hosts in {UserFolders.HostsFile}, tasks in {UserFolders.State}, "
                + $"logs in {UserFolders.Logs}; {Throttle} at once");
        }

        WriteDebug($"Begins: {target}");
        _work.RemoveAll(w => w.IsCompleted);
        _started++;
        _work.Add(Task.Run(() => RunAsync(target, work)));
        SayWhatIsReady();
    }

    /// <summary>Has something said on the pipeline's thread.</summary>
    private protected ValueTask SayAsync(Action message) => _messages.Writer.WriteAsync(message, StopToken);

    /// <summary>Has something answered on the pipeline's thread.</summary>
    private protected async Task<T> AskAsync<T>(Func<T> question)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        await SayAsync(() => answer.SetResult(question())).ConfigureAwait(false);
        // A question that ends the pipeline has no answer.
        return await answer.Task.WaitAsync(StopToken).ConfigureAwait(false);
    }

    /// <summary>Is -WhatIf given, or preferred?</summary>
    private protected bool IsWhatIf => MyInvocation.BoundParameters.TryGetValue("WhatIf", out var given)
        ? given is SwitchParameter { IsPresent: true } : LanguagePrimitives.IsTrue(GetVariableValue("WhatIfPreference"));

    /// <summary>Asks before a change; with force it does not, unless -WhatIf or -Confirm stands beside it or is preferred.</summary>
    private protected bool MayChange(string target, string action, bool isForced)
    {
        var mustAsk = MyInvocation.BoundParameters.TryGetValue("Confirm", out var confirm) && confirm is SwitchParameter { IsPresent: true };
        if (isForced && !IsWhatIf && !mustAsk)
            return true;
        try
        {
            return ShouldProcess(target, action);
        }
        catch (Exception e) when (e is HostException or InvalidOperationException or NullReferenceException)
        {
            // pwsh -NonInteractive, a host without prompts, or a console whose input has ended: pwsh's own words name no way out.
            var message = $"{MyInvocation.MyCommand.Name} asks before it changes '{target}', unless -Force or -Confirm:$false is given, and there is nobody to ask.";
            ThrowTerminatingError(new ErrorRecord(new InvalidOperationException(message, e), "CannotConfirm", ErrorCategory.InvalidOperation, target)
            {
                ErrorDetails = new ErrorDetails(message) { RecommendedAction = "Add -Force or -Confirm:$false." },
            });
            throw;
        }
    }

    /// <summary>Writes what the work brings, until all of it is done.</summary>
    private protected void SayUntilDone()
    {
        var done = Task.WhenAll(_work).ContinueWith(_ => _messages.Writer.TryComplete(), TaskScheduler.Default);
        try
        {
            var more = _messages.Reader.WaitToReadAsync(StopToken).AsTask();
            while (!more.Wait(ProgressPause, StopToken) || more.Result)
            {
                ShowProgress();
                SayWhatIsReady();
                if (!more.IsCompleted)
                    continue;
                more = _messages.Reader.WaitToReadAsync(StopToken).AsTask();
            }

            done.GetAwaiter().GetResult();
            SayWhatIsReady();
            if (_progressShown)
                WriteProgress(new ProgressRecord(0, Activity, "Done") { RecordType = ProgressRecordType.Completed });
        }
        catch (Exception e) when (e is OperationCanceledException or AggregateException { InnerException: OperationCanceledException })
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

    /// <summary>Does it for each host of the inventory that is meant; one that fails stops no other.</summary>
    private protected void DoEach(IEnumerable<string> given, Action<string, HostSets> work)
    {
        var sets = new Lazy<HostSets>(() => _sets = Session.Inventory.Sets(_sets));
        foreach (var set in given)
        {
            Do(set, () =>
            {
                foreach (var name in sets.Value.ExpandEntries(set, mayBeNobody: true))
                    Do(name, () => work(name, sets.Value));
            });
        }
    }

    /// <summary>Does it for each host that is meant, by whatever name, once; one that fails stops no other.</summary>
    private protected void DoEach(IEnumerable<HostIdentity> given, Action<DispatchHost> work)
    {
        var sets = new Lazy<HostSets>(() => _sets = Session.Inventory.Sets(_sets));
        var done = new HashSet<DispatchHost>();
        foreach (var one in given)
        {
            Do(one.Name, () =>
            {
                foreach (var name in one.Expand(sets))
                {
                    Do(name, () =>
                    {
                        if (one.Get(name, sets) is var host && done.Add(host))
                            work(host);
                    });
                }
            });
        }
    }

    /// <summary>Waits for a local step, as a change of the inventory.</summary>
    private protected T Await<T>(Func<CancellationToken, Task<T>> work) => Task.Run(() => work(StopToken)).GetAwaiter().GetResult();

    private void SayWhatIsReady()
    {
        while (true)
        {
            // First how it came about, then what came of it.
            while (_steps.TryDequeue(out var step))
                Tell(step);
            if (!_messages.Reader.TryRead(out var message))
                return;
            message();
        }
    }

    /// <summary>One bar for all that goes on, once it has taken longer than a second; it costs the work nothing.</summary>
    private void ShowProgress()
    {
        var elapsed = Stopwatch.GetElapsedTime(_begun);
        if (Activity is null || elapsed < TimeSpan.FromSeconds(1))
            return;
        _progressShown = true;
        var (done, failed) = (Volatile.Read(ref _done), Volatile.Read(ref _failed));
        var rate = string.Create(CultureInfo.InvariantCulture, $"{done / elapsed.TotalSeconds:0.#}/s");
        WriteProgress(new ProgressRecord(0, Activity, $"{done} done, {_started - done} running, {failed} failed, {rate}")
        {
            PercentComplete = 100 * done / Math.Max(1, _started),
        });
    }

    /// <summary>One standard line per operation: typed and as text in the information stream, and for -Verbose.</summary>
    private void Tell(WorkStep step)
    {
        WriteInformation(step, ["RemoteDispatch", step.Name]);
        WriteVerbose(step.ToString());
        if (step.Name == "waiting")
            WriteWarning($"Host '{step.Host}' does not answer, and is asked again until it does: {step.Detail} Ctrl-C ends the wait, never the task.");
        else if (step.Name == "ledger_failed")
            WriteWarning($"What became of the task is not noted here, so that Get-RemoteTask finds it with -HostName {step.Host} only: {step.Detail}");
    }

    /// <summary>Tells a failure as the record that it is, and as the step that did not succeed.</summary>
    private protected async Task FailAsync(DispatchException failure, object target, long since)
    {
        Interlocked.Increment(ref _failed);
        _steps.Enqueue(new WorkStep(failure.Host ?? $"{target}", "failure", Stopwatch.GetElapsedTime(since),
            $"{(failure.TaskId is { } task ? $"task={task} " : "")}reason={failure.Reason}"));
        await SayAsync(() => WriteError(Failures.ToErrorRecord(failure, target))).ConfigureAwait(false);
    }

    private async Task RunAsync(object target, Func<Task> work)
    {
        var since = Stopwatch.GetTimestamp();
        try
        {
            await _places!.WaitAsync(StopToken).ConfigureAwait(false);
            try
            {
                Session.Listen(_steps.Enqueue);
                await work().ConfigureAwait(false);
            }
            finally
            {
                _places.Release();
            }
        }
        catch (DispatchException e)
        {
            await FailAsync(e, target, since).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (StopToken.IsCancellationRequested)
        {
            // Nobody listens any more.
        }
        catch (Exception e)
        {
            // A fault of ours: it is told like any other, since nothing may be lost in the background.
            Interlocked.Increment(ref _failed);
            await SayAsync(() => WriteError(new ErrorRecord(e, "InternalError", ErrorCategory.NotSpecified, target))).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Increment(ref _done);
        }
    }
}
