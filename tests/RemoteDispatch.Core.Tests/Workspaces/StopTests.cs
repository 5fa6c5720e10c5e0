using System.Diagnostics;
using System.Globalization;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Core.Tests.Workspaces;

/// <summary>What belongs to a task, what ends it, and what is none of its business.</summary>
public sealed class StopTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Stop_ends_a_daemon_that_forked_twice_and_made_its_own_session(string shell)
    {
        await using var client = Shells.Client(shell);
        // Its parent is gone, its session and group are its own: only its environment tells whose it is.
        var daemon = $"(setsid sh -c 'echo $$ >{_folder.Path}/daemon; exec sleep 1000' >/dev/null 2>&1 &) ; exec sleep 1000";
        await LaunchAsync(client, "daemon", daemon);
        var pid = await PidIn(_folder.Path + "/daemon");
        Assert.True(IsAlive(pid));

        var (left, state) = await UntilGone(client, "daemon", StopStep.Term);
        Assert.Equal(0, left);
        Assert.Equal(EndKind.Stopped, Assert.IsType<Ended>(state).Kind);
        Assert.False(IsAlive(pid));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Stop_by_kill_ends_what_ignores_term(string shell)
    {
        await using var client = Shells.Client(shell);
        await LaunchAsync(client, "deaf", $"trap '' TERM; echo $$ >{_folder.Path}/deaf; while :; do sleep 1; done");
        var pid = await PidIn(_folder.Path + "/deaf");
        await client.StopAsync(_folder.Host, "deaf", StopStep.Term, Cancel);
        Assert.True(IsAlive(pid));
        var (_, state) = await UntilGone(client, "deaf", StopStep.Kill);
        Assert.Equal((EndKind.Stopped, 137), (((Ended)state).Kind, ((Ended)state).ExitCode));
        Assert.False(IsAlive(pid));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Pid_that_another_process_has_now_is_neither_running_nor_killed(string shell)
    {
        await using var client = Shells.Client(shell);
        using var innocent = Process.Start("sleep", ["1000"]);
        try
        {
            await LaunchAsync(client, "old", "sleep 1000");
            await UntilGone(client, "old", StopStep.Kill);
            File.Delete(_folder.Workspace("old") + "/exit");
            // As after a wrap of the pid space: same number, same boot, another start.
            var record = (await File.ReadAllTextAsync(_folder.Workspace("old") + "/process", Cancel)).Split(' ');
            record[0] = record[1] = innocent.Id.ToString(CultureInfo.InvariantCulture);
            await File.WriteAllTextAsync(_folder.Workspace("old") + "/process", string.Join(' ', record), Cancel);

            Assert.IsType<Lost>((await client.StatusAsync(_folder.Host, ["old"], Cancel))[0]);
            foreach (var step in Enum.GetValues<StopStep>())
                Assert.Equal(0, (await client.StopAsync(_folder.Host, "old", step, Cancel)).Left);
            Assert.True(IsAlive(innocent.Id));
        }
        finally
        {
            innocent.Kill();
        }
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Task_of_another_boot_is_lost_and_nothing_is_signalled(string shell)
    {
        await using var client = Shells.Client(shell);
        await LaunchAsync(client, "boot", "sleep 1000");
        var path = _folder.Workspace("boot") + "/process";
        var record = await File.ReadAllTextAsync(path, Cancel);
        var words = record.Split(' ');
        words[3] = "00000000-0000-0000-0000-000000000000";
        await File.WriteAllTextAsync(path, string.Join(' ', words), Cancel);
        Assert.IsType<Lost>((await client.StatusAsync(_folder.Host, ["boot"], Cancel))[0]);
        Assert.Equal(0, (await client.StopAsync(_folder.Host, "boot", StopStep.Kill, Cancel)).Left);

        await File.WriteAllTextAsync(path, record, Cancel);
        Assert.IsType<Running>((await client.StatusAsync(_folder.Host, ["boot"], Cancel))[0]);
        await UntilGone(client, "boot", StopStep.Kill);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Wrapper_that_was_killed_leaves_a_lost_task_whose_processes_can_still_be_stopped(string shell)
    {
        await using var client = Shells.Client(shell);
        var started = await LaunchAsync(client, "lost", $"echo $$ >{_folder.Path}/child; exec sleep 1000");
        var child = await PidIn(_folder.Path + "/child");
        using (var wrapper = Process.GetProcessById(started.Process.Pid))
            wrapper.Kill();
        while ((await client.StatusAsync(_folder.Host, ["lost"], Cancel))[0] is Running)
            await Task.Delay(5, Cancel);

        Assert.IsType<Lost>((await client.StatusAsync(_folder.Host, ["lost"], Cancel))[0]);
        await UntilGone(client, "lost", StopStep.Term);
        Assert.False(IsAlive(child));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Time_limit_ends_the_whole_tree_with_kill_after_the_grace(string shell)
    {
        await using var client = Shells.Client(shell);
        var command = $"(setsid sh -c 'trap \"\" TERM; echo $$ >{_folder.Path}/late; while :; do sleep 1; done' &) ; exec sleep 1000";
        await LaunchAsync(client, "late", command, TimeSpan.FromSeconds(1));
        var pid = await PidIn(_folder.Path + "/late");
        WorkspaceState state;
        while ((state = (await client.StatusAsync(_folder.Host, ["late"], Cancel))[0]) is Running)
            await Task.Delay(20, Cancel);
        Assert.Equal(EndKind.TimedOut, Assert.IsType<Ended>(state).Kind);
        Assert.False(IsAlive(pid));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Time_limit_that_is_not_reached_leaves_no_process(string shell)
    {
        await using var client = Shells.Client(shell);
        var looks = 0;
        await LaunchAsync(client, "early", "exit 3", TimeSpan.FromSeconds(987));
        while ((await client.StatusAsync(_folder.Host, ["early"], Cancel))[0] is Running)
            await Task.Delay(5, Cancel);
        // The wrapper's own last step may still be going.
        int left;
        WorkspaceState state;
        do
            (left, state) = await client.StopAsync(_folder.Host, "early", StopStep.Look, Cancel);
        while (left > 0 && ++looks < 100);
        Assert.Equal((0, EndKind.Exited, 3), (left, ((Ended)state).Kind, ((Ended)state).ExitCode));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Remove_leaves_a_running_task_alone_and_takes_an_ended_one_away(string shell)
    {
        await using var client = Shells.Client(shell);
        await LaunchAsync(client, "gone", "echo kept; touch \"$REMOTE_DISPATCH_WORKSPACE/.hidden\"; sleep 1000");
        while (!File.Exists(_folder.Workspace("gone") + "/.hidden"))
            await Task.Delay(5, Cancel);
        Assert.IsType<Running>(await client.RemoveAsync(_folder.Host, "gone", false, Cancel));
        await UntilGone(client, "gone", StopStep.Kill);

        Assert.Null(await client.RemoveAsync(_folder.Host, "gone", keepLog: true, Cancel));
        var left = Directory.GetFileSystemEntries(_folder.Workspace("gone")).Select(Path.GetFileName).Order();
        Assert.Equal(["claim", "exit", "log", "process", "task.json", "times"], left);
        Assert.Equal("kept\n", await File.ReadAllTextAsync(_folder.Workspace("gone") + "/log", Cancel));

        Assert.Null(await client.RemoveAsync(_folder.Host, "gone", keepLog: false, Cancel));
        Assert.False(Directory.Exists(_folder.Workspace("gone")));
        Assert.IsType<Absent>(await client.RemoveAsync(_folder.Host, "gone", false, Cancel));
    }

    private async Task<Running> LaunchAsync(WorkspaceClient client, string id, string command, TimeSpan limit = default)
    {
        var answer = await client.LaunchAsync(_folder.Host, new LaunchOrder
        {
            Id = id, Command = command, Digest = "d", TaskJson = "{}", TimeLimit = limit, Grace = TimeSpan.FromSeconds(1),
        }, Cancel);
        return Assert.IsType<LaunchAnswer.Started>(answer).State;
    }

    private async Task<(int Left, WorkspaceState State)> UntilGone(WorkspaceClient client, string id, StopStep step)
    {
        while (true)
        {
            // Again and again: a command may start between a step's look and its signals.
            var look = await client.StopAsync(_folder.Host, id, step, Cancel);
            if (look.Left == 0 && look.State is not Running)
                return look;
            await Task.Delay(10, Cancel);
        }
    }

    private static async Task<int> PidIn(string file)
    {
        while (!File.Exists(file) || !(await File.ReadAllTextAsync(file, Cancel)).EndsWith('\n'))
            await Task.Delay(5, Cancel);
        return int.Parse(await File.ReadAllTextAsync(file, Cancel), NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture);
    }

    // Dead, or a zombie that nobody has reaped yet.
    private static bool IsAlive(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[stat.LastIndexOf(')') + 2] is not ('Z' or 'X');
        }
        catch (IOException)
        {
            return false;
        }
    }
}
