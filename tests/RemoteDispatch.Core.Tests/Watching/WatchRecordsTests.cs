using RemoteDispatch.Hosts;
using RemoteDispatch.Tasks;
using RemoteDispatch.Watching;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Core.Tests.Watching;

/// <summary>What the watches of one ledger share.</summary>
public sealed class WatchRecordsTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Task_belongs_to_one_watch_at_a_time_and_what_was_done_is_known_to_the_next()
    {
        var task = Task("a");
        var silence = new Silence(new TaskPulse(TimeSpan.FromSeconds(5), 7, TimeSpan.FromSeconds(1), 2, "f"), TimeSpan.FromMinutes(3), true);
        using (var mine = Records().TryTake(task)!)
        {
            Assert.Null(Records().TryTake(task));
            Assert.False(mine.Record.IsAnnounced);
            mine.Save(new WatchRecord { IsAnnounced = true, Silence = silence });
        }

        using var next = Records().TryTake(task)!;
        Assert.Equal(new WatchRecord { IsAnnounced = true, Silence = silence }, next.Record);
    }

    [Fact]
    public void Later_task_of_the_same_id_was_not_announced()
    {
        using (var first = Records().TryTake(Task("a"))!)
            first.Save(new WatchRecord { IsAnnounced = true, IsCollected = true });
        using var later = Records().TryTake(Task("a") with { Dispatched = DateTimeOffset.UnixEpoch.AddDays(2) })!;
        Assert.Equal(new WatchRecord(), later.Record);
    }

    [Theory, InlineData("{"), InlineData("[]"), InlineData("""{"version":1,"dispatched":"86400000","silence":{"uptime":"x"}}""")]
    public void Record_that_a_killed_watch_left_half_written_is_as_good_as_none(string content)
    {
        var task = Task("a");
        Records().TryTake(task)!.Dispose();
        File.WriteAllText(Assert.Single(Directory.GetFiles(_folder.Path + "/ledger/watch")), content);
        using var next = Records().TryTake(task)!;
        Assert.Equal(new WatchRecord(), next.Record);
        next.Save(new WatchRecord { IsAnnounced = true });
    }

    [Fact]
    public async Task What_had_ended_before_the_first_watch_is_old_for_all_watches()
    {
        var cancel = TestContext.Current.CancellationToken;
        var (old, running) = (Task("old"), Task("running") with { State = TaskState.Running });
        var first = Records();
        await first.BeginAsync([old, running], TimeProvider.System, cancel);
        var second = Records();
        await second.BeginAsync([old, running with { State = TaskState.Failed }], TimeProvider.System, cancel);
        foreach (var records in new[] { first, second })
            Assert.Equal((true, false), (records.IsOld(old), records.IsOld(running)));
    }

    private WatchRecords Records() => new(new Ledger(_folder.Path + "/ledger"));

    private static RemoteTask Task(string id) => new() { Id = id, Host = DispatchHost.Local, State = TaskState.Succeeded, Dispatched = DateTimeOffset.UnixEpoch.AddDays(1) };
}
