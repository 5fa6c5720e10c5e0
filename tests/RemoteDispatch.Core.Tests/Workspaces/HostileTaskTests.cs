using System.Diagnostics;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Core.Tests.Workspaces;

/// <summary>Tasks that do to their own wrapper, workspace and host what tasks do.</summary>
public sealed class HostileTaskTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Variable_that_makes_the_loader_complain_does_not_hide_that_the_task_runs(string shell)
    {
        await using var client = Shells.Client(shell);
        var answer = await client.LaunchAsync(_folder.Host, TestOrders.Order("noisy", "exit 5") with
        {
            Environment = new Dictionary<string, string> { ["LD_PRELOAD"] = "/no/such/library.so", ["LC_ALL"] = "xx_YY.UTF-8" },
        }, Cancel);
        Assert.IsType<LaunchAnswer.Started>(answer);
        Assert.Equal(5, (await client.EndAsync(_folder.Host, "noisy")).ExitCode);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Script_that_kills_its_process_group_still_has_an_exit_record(string shell)
    {
        await using var client = Shells.Client(shell);
        await client.LaunchAsync(_folder.Host, TestOrders.Order("group", "trap 'kill 0' EXIT; sleep 1000 & exit 3"), Cancel);
        var ended = await client.EndAsync(_folder.Host, "group");
        Assert.Equal(EndKind.Exited, ended.Kind);
        Assert.NotEqual(0, ended.ExitCode);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Group_kill_and_killed_sleeps_neither_end_nor_lift_the_time_limit(string shell)
    {
        await using var client = Shells.Client(shell);
        var command = "trap '' TERM; kill 0; pkill -s 0 sleep; echo survived; exec sleep 1000";
        var clock = Stopwatch.StartNew();
        await client.LaunchAsync(_folder.Host, TestOrders.Order("limit", command) with { TimeLimit = TimeSpan.FromSeconds(2) }, Cancel);
        var ended = await client.EndAsync(_folder.Host, "limit");
        Assert.Equal(EndKind.TimedOut, ended.Kind);
        Assert.True(clock.Elapsed > TimeSpan.FromSeconds(1), $"it struck after {clock.Elapsed}");
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Relative_directory_is_below_the_home(string shell)
    {
        await using var client = Shells.Client(shell);
        var values = new Dictionary<string, string> { ["HOME"] = _folder.Path };
        Directory.CreateDirectory(_folder.Path + "/below");
        await client.LaunchAsync(_folder.Host, TestOrders.Order("below", "pwd") with { WorkingDirectory = "below", Environment = values }, Cancel);
        await client.EndAsync(_folder.Host, "below");
        Assert.Equal(_folder.Path + "/below\n", await File.ReadAllTextAsync(_folder.Workspace("below") + "/log", Cancel));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Damaged_records_of_one_task_hide_no_other(string shell)
    {
        await using var client = Shells.Client(shell);
        await client.LaunchAsync(_folder.Host, TestOrders.Order("good", "exit 0"), Cancel);
        await client.EndAsync(_folder.Host, "good");
        await client.LaunchAsync(_folder.Host, TestOrders.Order("liar", "echo 'exited garbage' >\"$REMOTE_DISPATCH_WORKSPACE/exit\"; exec sleep 1000"), Cancel);
        while (new FileInfo(_folder.Workspace("liar") + "/exit") is not { Exists: true, Length: > 0 })
            await Task.Delay(5, Cancel);
        Directory.CreateDirectory(_folder.Path + "/tasks/no\nid");

        var list = await client.ListAsync(_folder.Host, Cancel);
        Assert.Equal(["good", "liar"], list.Select(t => t.Id).Order());
        Assert.IsType<Ended>(list.First(t => t.Id == "good").State);
        Assert.IsType<Unreadable>(list.First(t => t.Id == "liar").State);
        File.Delete(_folder.Workspace("liar") + "/exit");
        await client.StopAsync(_folder.Host, "liar", StopStep.Kill, Cancel);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Task_that_fills_the_disk_keeps_its_exit_code(string shell)
    {
        Assert.SkipUnless(Environment.UserName == "root" && File.Exists("/usr/bin/mount"), "A small file system of one's own needs root.");
        var small = _folder.Path + "/tasks";
        Directory.CreateDirectory(small);
        using (var mount = Process.Start("mount", ["-t", "tmpfs", "-o", "size=200k,mode=700", "tmpfs", small]))
            await mount.WaitForExitAsync(Cancel);
        try
        {
            await using var client = Shells.Client(shell);
            await client.LaunchAsync(_folder.Host, TestOrders.Order("full", "head -c 400000 /dev/zero; exit 7"), Cancel);
            var ended = await client.EndAsync(_folder.Host, "full");
            Assert.Equal((EndKind.Exited, 7), (ended.Kind, ended.ExitCode));

            var refused = Assert.IsType<LaunchAnswer.Full>(await client.LaunchAsync(_folder.Host, TestOrders.Order("next", new string('#', 5000)), Cancel));
            Assert.Contains("No space left", refused.Room.Why, StringComparison.Ordinal);
        }
        finally
        {
            using var umount = Process.Start("umount", ["-l", small]);
            await umount.WaitForExitAsync(CancellationToken.None);
        }
    }
}
