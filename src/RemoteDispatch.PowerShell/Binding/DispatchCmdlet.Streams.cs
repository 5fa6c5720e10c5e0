using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Management.Automation;
using System.Threading.Channels;

namespace RemoteDispatch.PowerShell.Binding;

public abstract partial class DispatchCmdlet
{
    // Enough that a burst does not hold the work up, few enough that a flood of log waits at its source.
    private const int MessagesHeld = 512;

    private static readonly TimeSpan ProgressPause = TimeSpan.FromMilliseconds(200);

    private readonly Channel<Action> _messages = Channel.CreateBounded<Action>(MessagesHeld);
    // Beside the messages, which may have to wait: no step is lost, and none holds the work up.
    private readonly ConcurrentQueue<WorkStep> _steps = [];
    private readonly HashSet<string> _silent = new(StringComparer.OrdinalIgnoreCase);
    private readonly long _begun = Stopwatch.GetTimestamp();
    private bool _progressShown;

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
        if (step.Name == "preflight_ok")
            _silent.Remove(step.Host);
        // However many of its tasks are asked for: once for each time that it is silent.
        if (step.Name == "waiting" && _silent.Add(step.Host))
            WriteWarning($"Host '{step.Host}' does not answer, and is asked again until it does: {step.Detail} Ctrl-C ends the wait, never the task.");
        else if (step.Name is "token_unguarded" or "token_not_revoked" or "log_not_collected")
            WriteWarning($"Host '{step.Host}': {step.Detail}");
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
}
