using System.Management.Automation;
using RemoteDispatch.PowerShell.Binding;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.PowerShell.Tasks;

/// <summary>
/// A job that keeps the SSH agent of this session connected to a task until the task has ended; its output is the task as it ended. Stopping the
/// job lets go of the agent, and never of the task.
/// </summary>
internal sealed class AgentJob : SessionJob
{
    private readonly Dispatcher _dispatcher;
    private readonly RemoteTask _task;

    public AgentJob(Dispatcher dispatcher, RemoteTask task)
        : base(task.Command, $"Agent-{task.Id}", "RemoteTaskAgentJob") => (_dispatcher, _task) = (dispatcher, task);

    public override bool HasMoreData => Output.Count + Error.Count > 0;

    public override string Location => _task.HostName;

    public override string StatusMessage => IsFinished ? "" : $"the SSH agent is connected to the task {_task.Id}";

    protected override async Task RunAsync()
    {
        // Its own streams: a job has no prompt.
        Session.Listen(step => Verbose.Add(new VerboseRecord(step.ToString())));
        try
        {
            Output.Add(PSObject.AsPSObject(await _dispatcher.KeepAgentAsync(_task, null, Stopping).ConfigureAwait(false)));
            SetJobState(JobState.Completed);
        }
        catch (OperationCanceledException) when (Stopping.IsCancellationRequested)
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
