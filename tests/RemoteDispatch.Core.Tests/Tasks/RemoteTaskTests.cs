using RemoteDispatch.Hosts;
using RemoteDispatch.Tasks;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Core.Tests.Tasks;

/// <summary>Each state of a workspace makes one state of the task.</summary>
public sealed class RemoteTaskTests
{
    private static readonly DateTimeOffset Started = DateTimeOffset.FromUnixTimeSeconds(1771668000);
    private static readonly DateTimeOffset Finished = Started.AddSeconds(90);
    private static readonly ProcessIdentity Process = new(123, 123, "456", "boot");
    private static readonly RemoteTask Pending = new() { Id = "a", Host = DispatchHost.Local, State = TaskState.Pending, Command = "true" };
    private static readonly RemoteTask IsRunning = Pending.After(new Running(Process, Started));

    [Fact]
    public void After_running_has_the_process_and_the_start() =>
        Assert.Equal((TaskState.Running, Process, Started, null, null, null), (IsRunning.State, IsRunning.Process, IsRunning.Started, IsRunning.Finished, IsRunning.ExitCode, IsRunning.Duration));

    [Fact]
    public void After_claimed_in_this_boot_is_pending() => Assert.Equal(Pending, Pending.After(new Claimed(Started, ThisBoot: true)));

    [Fact]
    public void After_claimed_in_another_boot_was_never_started()
    {
        var task = Pending.After(new Claimed(Started, ThisBoot: false));
        Assert.Equal((TaskState.LaunchFailed, null, null, null), (task.State, task.Started, task.Process, task.ExitCode));
        Assert.Contains("restarted", task.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Exited", 0, TaskState.Succeeded), InlineData("Exited", 1, TaskState.Failed), InlineData("Exited", 137, TaskState.Failed), InlineData("TimedOut", 143, TaskState.TimedOut)]
    [InlineData("TimedOut", 0, TaskState.TimedOut), InlineData("Stopped", 143, TaskState.Stopped), InlineData("Stopped", 0, TaskState.Stopped)]
    public void After_ended_has_its_code_and_times_and_no_process(string kind, int exitCode, TaskState expected)
    {
        var task = IsRunning.After(new Ended(Enum.Parse<EndKind>(kind), exitCode, Started, Finished, ""));
        Assert.Equal((expected, exitCode, Started, Finished), (task.State, task.ExitCode, task.Started, task.Finished));
        Assert.Equal((TimeSpan.FromSeconds(90), null, null), (task.Duration, task.Process, task.Reason));
    }

    [Fact]
    public void After_a_launch_that_failed_has_the_reason_and_no_start()
    {
        var task = Pending.After(new Ended(EndKind.LaunchFailed, 0, Started, Finished, "no such folder"));
        Assert.Equal((TaskState.LaunchFailed, "no such folder", null, null, null), (task.State, task.Reason, task.Started, task.ExitCode, task.Process));
    }

    [Fact]
    public void After_lost_says_that_there_is_no_record()
    {
        var task = IsRunning.After(new Lost(Started));
        Assert.Equal((TaskState.Lost, Started, null, null), (task.State, task.Started, task.Process, task.ExitCode));
        Assert.NotEmpty(task.Reason!);
    }

    [Fact]
    public void After_absent_is_removed_unless_it_had_ended()
    {
        Assert.Equal(TaskState.Removed, IsRunning.After(new Absent()).State);
        Assert.Equal(TaskState.Removed, Pending.After(new Absent()).State);
        var ended = IsRunning.After(new Ended(EndKind.Exited, 3, Started, Finished, ""));
        Assert.Equal(ended, ended.After(new Absent()));
        Assert.Equal(TaskState.Lost, IsRunning.After(new Lost(Started)).After(new Absent()).State);
    }

    [Fact]
    public void After_an_end_that_is_another_what_was_read_of_the_first_explains_it_no_longer()
    {
        var lost = IsRunning.After(new Lost(Started)) with { AgentResult = new RemoteDispatch.Agents.AgentResult { Why = RemoteDispatch.Agents.AgentEnd.Crashed } };
        Assert.NotNull(lost.After(new Lost(Started)).AgentResult);
        Assert.NotNull(lost.After(new Absent()).AgentResult);
        Assert.Null(lost.After(new Ended(EndKind.Exited, 0, Started, Finished, "")).AgentResult);
    }

    [Fact]
    public void IsFinal_is_everything_but_pending_and_running() =>
        Assert.Equal([TaskState.Pending, TaskState.Running], Enum.GetValues<TaskState>().Where(s => !s.IsFinal()));

    [Fact]
    public void ToString_is_the_id() => Assert.Equal("a", Pending.ToString());
}
