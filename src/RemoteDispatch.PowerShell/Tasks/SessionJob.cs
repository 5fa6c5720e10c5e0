using System.Management.Automation;

namespace RemoteDispatch.PowerShell.Tasks;

/// <summary>A job whose work is done in the background of this session; stopping it waits until the work has ended.</summary>
internal abstract class SessionJob : Job
{
    private readonly CancellationTokenSource _stopping = new();
    private Task _work = Task.CompletedTask;

    protected SessionJob(string command, string? name, string type)
        : base(command, name) => PSJobTypeName = type;

    /// <summary>Asks the work to end.</summary>
    protected CancellationToken Stopping => _stopping.Token;

    protected bool IsFinished => JobStateInfo.State is JobState.Completed or JobState.Failed or JobState.Stopped;

    public void Begin()
    {
        SetJobState(JobState.Running);
        _work = Task.Run(RunAsync);
    }

    public override void StopJob()
    {
        if (IsFinished)
            return;
        SetJobState(JobState.Stopping);
        _stopping.Cancel();
        _work.Wait();
        SetJobState(JobState.Stopped);
    }

    /// <summary>Does the work, and says how it ended unless it was asked to end.</summary>
    protected abstract Task RunAsync();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _stopping.Cancel();
        base.Dispose(disposing);
    }
}
