using System.Management.Automation;
using RemoteDispatch.Hosts;
using RemoteDispatch.PowerShell.Binding;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.PowerShell.Tasks;

/// <summary>
/// A job that sends a task to hosts and waits for the ends. Its output is the tasks as they ended; it has failed where one was
/// not sent or did not succeed. Stopping the job stops its tasks, since that is what the job is.
/// </summary>
internal sealed class DispatchJob : SessionJob
{
    private readonly Dispatcher _dispatcher;
    private readonly TaskRequest _request;
    private readonly IReadOnlyList<DispatchHost> _hosts;
    private readonly int _throttle;
    private readonly List<RemoteTask> _running = [];
    private readonly Lock _guard = new();
    private volatile bool _failed;

    public DispatchJob(Dispatcher dispatcher, TaskRequest request, IReadOnlyList<DispatchHost> hosts, int throttle, string command)
        : base(command, null, "RemoteTaskJob") =>
        (_dispatcher, _request, _hosts, _throttle) = (dispatcher, request, hosts, throttle);

    /// <summary>Are the logs copied to this machine at the ends?</summary>
    public bool Collects { get; init; } = true;

    public override bool HasMoreData => Output.Count + Error.Count + Information.Count > 0;

    public override string Location => string.Join(',', _hosts.Select(h => h.Name));

    public override string StatusMessage
    {
        get
        {
            lock (_guard)
                return string.Join(", ", _running.GroupBy(t => t.State).Select(g => $"{g.Count()} {g.Key}"));
        }
    }

    protected override async Task RunAsync()
    {
        var options = new ParallelOptions { MaxDegreeOfParallelism = _throttle };
        await Parallel.ForEachAsync(_hosts, options, async (host, _) => await RunAsync(host).ConfigureAwait(false)).ConfigureAwait(false);
        if (!Stopping.IsCancellationRequested)
            SetJobState(_failed ? JobState.Failed : JobState.Completed);
    }

    private async Task RunAsync(DispatchHost host)
    {
        RemoteTask? task = null;
        // Its own streams: a job has no prompt.
        Session.Listen(step =>
        {
            Information.Add(new InformationRecord(step, "Invoke-RemoteTask") { Tags = { "RemoteDispatch", step.Name } });
            Verbose.Add(new VerboseRecord(step.ToString()));
            if (step.Name == "log_not_collected")
                Warning.Add(new WarningRecord($"Host '{step.Host}': {step.Detail}"));
        });
        try
        {
            Stopping.ThrowIfCancellationRequested();
            // Not to be cancelled half-way: what may have been started must be known, to be stopped. The connect has its own limit.
            task = await _dispatcher.DispatchAsync(host, _request, new DispatchOptions { IsAwaited = true }, CancellationToken.None).ConfigureAwait(false);
            lock (_guard)
                _running.Add(task);
            Stopping.ThrowIfCancellationRequested();
            var ended = await _dispatcher.WaitAsync(task, null, Stopping).ConfigureAwait(false);
            lock (_guard)
                _running[_running.IndexOf(task)] = ended;
            _failed |= ended.State != TaskState.Succeeded;
            Output.Add(PSObject.AsPSObject(Collects ? await _dispatcher.CollectEndedLogAsync(ended, Stopping).ConfigureAwait(false) : ended));
        }
        catch (OperationCanceledException)
        {
            if (task is not null)
                await StopAsync(task).ConfigureAwait(false);
        }
        catch (DispatchException e)
        {
            _failed = true;
            Error.Add(Failures.ToErrorRecord(e, host.Name));
        }
        catch (Exception e)
        {
            // A fault of ours: told like any other, or the job would run for ever.
            _failed = true;
            Error.Add(new ErrorRecord(e, "InternalError", ErrorCategory.NotSpecified, host.Name));
        }
    }

    private async Task StopAsync(RemoteTask task)
    {
        try
        {
            Output.Add(PSObject.AsPSObject(await _dispatcher.StopAsync(task).ConfigureAwait(false)));
        }
        catch (DispatchException e)
        {
            Error.Add(Failures.ToErrorRecord(e, task.Id));
        }
    }
}
