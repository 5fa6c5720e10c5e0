using RemoteDispatch.Hosts;
using RemoteDispatch.Tasks;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Core.Tests.Workspaces;

/// <summary>A disk that takes no more, and a limit that is reached, are told as what they are, under every shell.</summary>
public sealed class RoomTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Full_disk_is_named_with_its_size_and_leaves_the_id_free(string shell)
    {
        using var disk = Tmpfs.Mount("size=512k");
        await using var client = Shells.Client(shell);
        var host = On(disk);
        Directory.CreateDirectory(disk.Folder + "/tasks");
        disk.Fill();
        var full = Assert.IsType<LaunchAnswer.Full>(await client.LaunchAsync(host, TestOrders.Order("a", "echo ran"), Cancel));
        Assert.Equal(("No space left on device", $"tmpfs on {disk.Folder}", 512L << 10, 0L), (full.Room.Why, full.Room.FileSystem, full.Room.TotalBytes, full.Room.FreeBytes));
        Assert.Contains("512 KiB, 0 B free", full.Room.ToString(), StringComparison.Ordinal);

        File.Delete(disk.Folder + "/ballast");
        Assert.Empty(Directory.EnumerateFileSystemEntries(disk.Folder + "/tasks"));
        Assert.IsType<LaunchAnswer.Started>(await client.LaunchAsync(host, TestOrders.Order("a", "echo ran"), Cancel));
        Assert.Equal(0, (await client.EndAsync(host, "a")).ExitCode);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Disk_that_fills_at_any_step_of_a_launch_is_full_and_the_task_runs_when_there_is_room(string shell)
    {
        await using var client = Shells.Client(shell);
        for (var pages = 0; pages < 14; pages++)
        {
            using var disk = Tmpfs.Mount("size=512k");
            Directory.CreateDirectory(disk.Folder + "/tasks");
            disk.Fill();
            // So many pages of 4096 bytes are left.
            await using (var ballast = File.OpenWrite(disk.Folder + "/ballast"))
                ballast.SetLength(ballast.Length - (pages << 12));
            var answer = await client.LaunchAsync(On(disk), TestOrders.Order("a", $"echo ran >>{_folder.Path}/runs-{pages}"), Cancel);
            Assert.True(answer is LaunchAnswer.Full or LaunchAnswer.Started, $"{pages}: {answer}");
            File.Delete(disk.Folder + "/ballast");
            var again = await client.LaunchAsync(On(disk), TestOrders.Order("a", $"echo ran >>{_folder.Path}/runs-{pages}"), Cancel);
            Assert.Equal((pages, answer is LaunchAnswer.Full), (pages, again is LaunchAnswer.Started));
            await client.EndAsync(On(disk), "a");
            Assert.Equal("ran\n", await File.ReadAllTextAsync($"{_folder.Path}/runs-{pages}", Cancel));
        }
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Disk_that_fills_under_a_sandbox_or_an_agent_is_full_too(string shell)
    {
        await using var client = Shells.Client(shell);
        var seen = 0;
        var box = new SandboxRequest();
        var order = TestOrders.Order("a", "echo ran");
        foreach (var given in (LaunchOrder[])[order with { With = ["agent:asked", "agent"] }, order with { With = [.. box.Words()], More = box.ToShellText([]) }])
        {
            for (var pages = 0; pages < 22; pages++)
            {
                using var disk = Tmpfs.Mount("size=512k");
                Directory.CreateDirectory(disk.Folder + "/tasks");
                disk.Fill();
                await using (var ballast = File.OpenWrite(disk.Folder + "/ballast"))
                    ballast.SetLength(ballast.Length - (pages << 12));
                var answer = await client.LaunchAsync(On(disk) with { ForwardAgent = true }, given, Cancel);
                Assert.True(answer is LaunchAnswer.Full or LaunchAnswer.Started, $"{given.With[0]}, {pages}: {answer}");
                Assert.Equal(answer is LaunchAnswer.Started, File.Exists(disk.Folder + "/tasks/a/claim"));
                seen += answer is LaunchAnswer.Full ? 1 : 0;
                if (answer is LaunchAnswer.Started)
                    await client.EndAsync(On(disk) with { ForwardAgent = true }, "a");
            }
        }

        Assert.True(seen > 10);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Disk_without_inodes_is_full_whatever_space_it_has(string shell)
    {
        using var disk = Tmpfs.Mount("size=8m,nr_inodes=12");
        await using var client = Shells.Client(shell);
        Directory.CreateDirectory(disk.Folder + "/tasks");
        for (var i = 0; i < 10; i++)
            await File.WriteAllTextAsync($"{disk.Folder}/{i}", "", Cancel);
        var full = Assert.IsType<LaunchAnswer.Full>(await client.LaunchAsync(On(disk), TestOrders.Order("a", "echo ran"), Cancel));
        Assert.Equal(("No space left on device", 0L), (full.Room.Why, full.Room.FreeInodes));
        Assert.True(full.Room.FreeBytes > 4 << 20);
        Assert.Contains("0 more files", full.Room.ToString(), StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Disk_that_is_read_only_is_that_and_not_full(string shell)
    {
        using var disk = Tmpfs.Mount("size=512k");
        await using var client = Shells.Client(shell);
        Directory.CreateDirectory(disk.Folder + "/tasks");
        disk.Remount("ro");
        var refused = Assert.IsType<LaunchAnswer.Refused>(await client.LaunchAsync(On(disk), TestOrders.Order("a", "echo ran"), Cancel));
        Assert.Contains("Read-only file system", refused.Why, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Task_that_fills_the_disk_keeps_its_end_and_says_that_its_log_is_cut_short(string shell)
    {
        using var disk = Tmpfs.Mount("size=512k");
        await using var client = Shells.Client(shell);
        await client.LaunchAsync(On(disk), TestOrders.Order("fills", "head -c 2000000 /dev/zero 2>/dev/null; exit 5"), Cancel);
        var ended = await client.EndAsync(On(disk), "fills");
        Assert.Equal((5, "the disk was full when it ended: its log may be cut short"), (ended.ExitCode, ended.Why));
        Assert.False(File.Exists(disk.Folder + "/tasks/fills/exit.try"));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Limit_that_is_reached_refuses_the_next_launch_and_no_other_request(string shell)
    {
        await using var client = Shells.Client(shell);
        var host = _folder.Host with { WorkspaceLimit = 1 << 20 };
        var first = TestOrders.Order("first", "head -c 2000000 /dev/zero");
        Assert.IsType<LaunchAnswer.Started>(await client.LaunchAsync(host, first, Cancel));
        await client.EndAsync(host, "first");
        // As if the last measure were long ago.
        File.Delete(_folder.Path + "/tasks/.usage");

        var over = Assert.IsType<LaunchAnswer.OverLimit>(await client.LaunchAsync(host, TestOrders.Order("second", "echo ran"), Cancel));
        Assert.Equal(1 << 20, over.LimitBytes);
        Assert.InRange(over.UsedBytes, 2_000_000, 3_000_000);
        Assert.False(Directory.Exists(_folder.Workspace("second")));
        // The same task again takes no more.
        Assert.IsType<LaunchAnswer.Taken>(await client.LaunchAsync(host, first, Cancel));
        // Room that was made counts at once.
        await client.RemoveAsync(host, "first", false, Cancel);
        Assert.IsType<LaunchAnswer.Started>(await client.LaunchAsync(host, TestOrders.Order("second", "echo ran"), Cancel));
        Assert.Equal(0, (await client.EndAsync(host, "second")).ExitCode);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Limit_is_measured_once_for_many_launches_and_whatever_the_record_of_it_holds(string shell)
    {
        await using var client = Shells.Client(shell);
        var host = _folder.Host with { WorkspaceLimit = 1 << 20 };
        var record = _folder.Path + "/tasks/.usage";
        await client.LaunchAsync(_folder.Host, TestOrders.Order("0", "true"), Cancel);
        await client.LaunchAsync(host, TestOrders.Order("1", "true"), Cancel);
        var measured = await File.ReadAllTextAsync(record, Cancel);
        await File.WriteAllTextAsync(record, measured.Split(' ')[0] + " 7\n", Cancel);
        await client.LaunchAsync(host, TestOrders.Order("2", "true"), Cancel);
        Assert.EndsWith(" 7\n", await File.ReadAllTextAsync(record, Cancel), StringComparison.Ordinal);
        foreach (var odd in (string[])["", "rubbish", "9999999999 1", "08 09", "1 $(touch x)", "-1 -1"])
        {
            await File.WriteAllTextAsync(record, odd, Cancel);
            Assert.IsType<LaunchAnswer.Started>(await client.LaunchAsync(host, TestOrders.Order($"odd-{odd.Length}-{odd.GetHashCode(StringComparison.Ordinal):x}", "true"), Cancel));
            Assert.Matches(@"\A[0-9]{10} [0-9]+\n\z", await File.ReadAllTextAsync(record, Cancel));
        }
    }

    [Theory]
    [InlineData("No space left on device\t/dev/sda1 100 100 0 100% /home\t/dev/sda1 10 4 6 40% /home", "No space left on device (/dev/sda1 on /home: 100 KiB, 0 B free, 6 more files (inodes))")]
    [InlineData("Disc quota exceeded\t/dev/disk3s5 2048 10 1024 1% /Users/a b\t/dev/disk3s5 2048 10 1024 1% 500 9000 5% /Users/a b", "Disc quota exceeded (/dev/disk3s5 on /Users/a b: 2 MiB, 1 MiB free)")]
    [InlineData("No space left on device\tnas:/a b 1 1 0 100% /x\tnas:/a b 0 0 0 - /x", "No space left on device (nas:/a b on /x: 1 KiB, 0 B free)")]
    [InlineData("No space left on device\t\t", "No space left on device")]
    [InlineData("No space left on device", "No space left on device")]
    public void Answers_of_df_are_understood(string said, string shown) => Assert.Equal(shown, DiskRoom.Parse(said).ToString());

    private static DispatchHost On(Tmpfs disk) => DispatchHost.Local with { WorkspaceRoot = disk.Folder + "/tasks" };
}
