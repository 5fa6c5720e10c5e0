using System.Management.Automation;
using RemoteDispatch.PowerShell.Binding;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.PowerShell.Tasks;

/// <summary>
/// A job that keeps the SSH agent of this session connected to a task until the task has ended; its output is the task as it ended. Stopping the
/// job lets go of the agent, and never of the task.
/// </summary>
internal sealed class AgentJob : Job
{
    private readonly Dispatcher _dispatcher;
    private readonly RemoteTask _task;
    private readonly CancellationTokenSource _stopping = new();
    private Task _work = Task.CompletedTask;

    public AgentJob(Dispatcher dispatcher, RemoteTask task)
        : base(task.Command, $"Agent-{task.Id}")
    {
        (_dispatcher, _task) = (dispatcher, task);
        PSJobTypeName = "RemoteTaskAgentJob";
    }

    public override bool HasMoreData => Output.Count + Error.Count > 0;

    public override string Location => _task.HostName;

    public override string StatusMessage => IsFinished ? "" : $"the SSH agent is connected to the task {_task.Id}";

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

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _stopping.Cancel();
        base.Dispose(disposing);
    }

    private bool IsFinished => JobStateInfo.State is JobState.Completed or JobState.Failed or JobState.Stopped;

    private async Task RunAsync()
    {
        // Its own streams: a job has no prompt.
        Session.Listen(step => Verbose.Add(new VerboseRecord(step.ToString())));
        try
        {
            Output.Add(PSObject.AsPSObject(await _dispatcher.KeepAgentAsync(_task, null, _stopping.Token).ConfigureAwait(false)));
            SetJobState(JobState.Completed);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // StopJob says so.
        }
        catch (DispatchException e)
        {
            Fail(Failures.ToErrorRecord(e, _task.Id));
        }
        catch (Exception e)
        {
            Fail(new ErrorRecord(e, "InternalError", ErrorCategory.NotSpecified, _task.Id));
        }
    }

    private void Fail(ErrorRecord error)
    {
        Error.Add(error);
        SetJobState(JobState.Failed);
    }
}
