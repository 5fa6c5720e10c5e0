using System.Diagnostics;
using System.Management.Automation;
using RemoteDispatch.Hosts;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.PowerShell.Binding;

/// <summary>
/// What every cmdlet here is: it starts work as objects arrive, the work goes on side by side, and whatever it has to say is said
/// on the pipeline's own thread (<c>DispatchCmdlet.Streams.cs</c>). Ctrl-C ends the waiting at once; no task on a host ends by it.
/// </summary>
public abstract partial class DispatchCmdlet : PSCmdlet, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Task> _work = [];
    private SemaphoreSlim? _places;
    private HostSets? _sets;
    private int _started;
    private int _done;
    private int _failed;

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
        var sets = ReadSets();
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
        var sets = ReadSets();
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

    /// <summary>Does it for each host that workspaces may be on, as far as is known here.</summary>
    private protected void DoEachWithWorkspaces(Action<DispatchHost> work) => Do("inventory", () =>
    {
        var problems = new List<DispatchException>();
        foreach (var host in Dispatcher.HostsWithWorkspaces(problems))
            Do(host.Name, () => work(host));
        foreach (var problem in problems)
            WriteError(Failures.ToErrorRecord(problem, problem.Host));
    });

    /// <summary>Starts work on an id: on the host that is named, where there is one. A task knows its own, whatever else the pipeline's object says.</summary>
    private protected void StartOn(TaskIdentity id, HostIdentity? host, Func<DispatchHost?, Task> work)
    {
        if (host is null || id.IsTask)
            Start(id.Id, () => work(null));
        else
            DoEach([host], one => Start(id.Id, () => work(one)));
    }

    /// <summary>Reads the inventory when it is first asked for, and anew only where the file has changed.</summary>
    private Lazy<HostSets> ReadSets() => new(() => _sets = Session.Inventory.Sets(_sets));

    /// <summary>Waits for a local step, as a change of the inventory.</summary>
    private protected T Await<T>(Func<CancellationToken, Task<T>> work) => Task.Run(() => work(StopToken)).GetAwaiter().GetResult();

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
