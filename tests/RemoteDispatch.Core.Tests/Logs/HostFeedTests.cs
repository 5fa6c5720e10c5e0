using System.Security.Cryptography;
using System.Text;
using RemoteDispatch.Core.Tests.Workspaces;
using RemoteDispatch.Logs;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Core.Tests.Logs;

/// <summary>The feed of a host, from real workspaces of this machine and under every shell: nothing lost, nothing twice, nothing left over.</summary>
public sealed class HostFeedTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Follower_gets_each_line_as_it_is_printed_and_then_the_end(string shell)
    {
        await using var client = Shells.Client(shell);
        using var feeds = new HostFeeds(client);
        await client.LaunchAsync(_folder.Host, TestOrders.Order("a", $"for n in 1 2 3; do echo $n; until [ -e '{_folder.Path}'/$n ]; do sleep 0.02; done; done; exit 7"), Cancel);
        var text = new StringBuilder();
        WorkspaceState? last = null;
        await foreach (var news in feeds.FollowAsync(_folder.Host, "a", FeedWhat.Log, 0, Cancel))
        {
            Assert.Equal(text.Length, news.Offset);
            text.Append(Encoding.UTF8.GetString(news.Bytes.Span));
            last = news.State;
            // The next line is only printed once this one was heard.
            if (news.Bytes.Length > 0)
                await File.WriteAllTextAsync($"{_folder.Path}/{text.Length / 2}", "", Cancel);
        }

        Assert.Equal("1\n2\n3\n", text.ToString());
        Assert.Equal((EndKind.Exited, 7), last is Ended e ? (e.Kind, e.ExitCode) : default);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Followers_of_many_tasks_from_many_offsets_get_exactly_their_bytes(string shell)
    {
        await using var client = Shells.Client(shell);
        using var feeds = new HostFeeds(client);
        var all = RandomNumberGenerator.GetBytes(300_000);
        await File.WriteAllBytesAsync(_folder.Path + "/data", all, Cancel);
        foreach (var id in new[] { "a", "b", "c" })
            await client.LaunchAsync(_folder.Host, TestOrders.Order(id, $"head -c 100000 '{_folder.Path}/data'; sleep 0.2; tail -c +100001 '{_folder.Path}/data'"), Cancel);
        var starts = new[] { 0, 1, 99_999, 100_000, 100_001, 299_999, 300_000, 400_000 };
        await Task.WhenAll(new[] { "a", "b", "c" }.SelectMany(_ => starts, async (id, from) =>
            Assert.Equal(all.Skip(from), await FollowAsync(feeds, id, FeedWhat.Log, from))));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task End_is_told_to_who_only_waits_and_a_missing_task_is_told_as_absent(string shell)
    {
        await using var client = Shells.Client(shell);
        using var feeds = new HostFeeds(client);
        await client.LaunchAsync(_folder.Host, TestOrders.Order("a", "sleep 0.3"), Cancel);
        await client.LaunchAsync(_folder.Host, TestOrders.Order("b", "sleep 1000"), Cancel);
        var (a, b, none) = (LastAsync(feeds, "a"), LastAsync(feeds, "b"), LastAsync(feeds, "none"));
        Assert.IsType<Absent>(await none);
        Assert.IsType<Ended>(await a);
        Assert.False(b.IsCompleted);
        // Its wrapper is killed: no record, and no hint.
        await client.StopAsync(_folder.Host, "b", StopStep.End, Cancel);
        Assert.Equal(EndKind.Stopped, Assert.IsType<Ended>(await b).Kind);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Events_that_begin_later_are_followed_beside_the_log(string shell)
    {
        await using var client = Shells.Client(shell);
        using var feeds = new HostFeeds(client);
        await client.LaunchAsync(_folder.Host, TestOrders.Order("a", "echo log; sleep 0.3; echo '{}' >>\"$REMOTE_DISPATCH_WORKSPACE/events\"; sleep 0.1; echo end"), Cancel);
        var log = FollowAsync(feeds, "a", FeedWhat.Log, 0);
        Assert.Equal("{}\n", Encoding.UTF8.GetString(await FollowAsync(feeds, "a", FeedWhat.Events, 0)));
        Assert.Equal("log\nend\n", Encoding.UTF8.GetString(await log));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Reader_that_does_not_keep_up_holds_up_nobody_and_loses_nothing(string shell)
    {
        await using var client = Shells.Client(shell);
        using var feeds = new HostFeeds(client);
        await client.LaunchAsync(_folder.Host, TestOrders.Order("flood", "head -c 8000000 /dev/zero"), Cancel);
        await client.LaunchAsync(_folder.Host, TestOrders.Order("quiet", "sleep 0.5; echo here"), Cancel);
        var (begun, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        var flood = Task.Run(async () =>
        {
            var length = 0L;
            await foreach (var news in feeds.FollowAsync(_folder.Host, "flood", FeedWhat.Log, 0, Cancel))
            {
                Assert.Equal(length, news.Offset);
                length += news.Bytes.Length;
                begun.TrySetResult();
                await goOn.Task;
            }

            return length;
        }, Cancel);
        await begun.Task.WaitAsync(Cancel);
        Assert.Equal("here\n", Encoding.UTF8.GetString(await FollowAsync(feeds, "quiet", FeedWhat.Log, 0)));
        goOn.SetResult();
        Assert.Equal(8_000_000, await flood);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Log_that_is_deleted_or_cut_short_is_a_failure_that_says_so_and_the_others_go_on(string shell)
    {
        await using var client = Shells.Client(shell);
        using var feeds = new HostFeeds(client);
        foreach (var id in new[] { "gone", "cut", "whole" })
            await client.LaunchAsync(_folder.Host, TestOrders.Order(id, $"echo 12345; until [ -e '{_folder.Path}/go' ]; do sleep 0.05; done; exit 3"), Cancel);
        var seen = new[] { new TaskCompletionSource(), new TaskCompletionSource() };
        var gone = FailAsync("gone", seen[0]);
        var cut = FailAsync("cut", seen[1]);
        var whole = FollowAsync(feeds, "whole", FeedWhat.Log, 0);
        await Task.WhenAll(seen.Select(s => s.Task));
        File.Delete(_folder.Workspace("gone") + "/log");
        await File.WriteAllTextAsync(_folder.Workspace("cut") + "/log", "123", Cancel);

        // While the tasks run.
        Assert.Equal((FailureReason.WorkspaceRefused, "gone"), ((await gone).Reason, (await gone).TaskId));
        Assert.Contains("6 bytes were read, 0 are there", (await gone).Message, StringComparison.Ordinal);
        Assert.Contains("6 bytes were read, 3 are there", (await cut).Message, StringComparison.Ordinal);
        Assert.IsType<Running>((await client.StatusAsync(_folder.Host, ["gone"], Cancel))[0]);
        await File.WriteAllTextAsync(_folder.Path + "/go", "", Cancel);
        Assert.Equal("12345\n", Encoding.UTF8.GetString(await whole));
        // Afterwards, from its beginning.
        await client.EndAsync(_folder.Host, "gone");
        await Assert.ThrowsAsync<DispatchException>(() => FollowAsync(feeds, "gone", FeedWhat.Log, 0));

        async Task<DispatchException> FailAsync(string id, TaskCompletionSource first) => await Assert.ThrowsAsync<DispatchException>(async () =>
        {
            await foreach (var news in feeds.FollowAsync(_folder.Host, id, FeedWhat.Log, 0, Cancel))
            {
                if (news.Bytes.Length > 0)
                    first.TrySetResult();
            }
        });
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Nothing_is_left_on_the_host_when_the_followers_leave_or_the_channel_is_gone(string shell)
    {
        var client = Shells.Client(shell);
        var feeds = new HostFeeds(client);
        await client.LaunchAsync(_folder.Host, TestOrders.Order("a", "cd /; echo begun; exec sleep 1000"), Cancel);
        await foreach (var news in feeds.FollowAsync(_folder.Host, "a", FeedWhat.Log, 0, Cancel))
        {
            if (news.Bytes.Length > 0)
                break;
        }

        // The shell itself is there; what it had started for the follower is not.
        await UntilAsync(() => Residents() <= 1);
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var waiting = Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in feeds.FollowAsync(_folder.Host, "a", FeedWhat.Log, 0, leaving.Token))
            {
            }
        });
        await UntilAsync(() => Residents() >= 4);
        feeds.Dispose();
        await client.DisposeAsync();
        await leaving.CancelAsync();
        await UntilAsync(() => Residents() == 0);
        Assert.Empty(Directory.GetFiles(_folder.Path + "/tasks", ".feed*"));
        await using var other = Shells.Client(shell);
        await other.StopAsync(_folder.Host, "a", StopStep.End, Cancel);
        await Task.WhenAny(waiting);
    }

    /// <summary>The processes whose working directory is the folder of the workspaces: a feed's.</summary>
    private int Residents() => Directory.GetDirectories("/proc").Count(p =>
    {
        try
        {
            return int.TryParse(Path.GetFileName(p), out _) && new FileInfo(p + "/cwd").LinkTarget == _folder.Path + "/tasks";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    });

    private static async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
            await Task.Delay(5, Cancel);
    }

    private async Task<byte[]> FollowAsync(HostFeeds feeds, string id, FeedWhat what, long from)
    {
        using var bytes = new MemoryStream();
        await foreach (var news in feeds.FollowAsync(_folder.Host, id, what, from, Cancel))
        {
            Assert.Equal(from + bytes.Length, news.Offset);
            bytes.Write(news.Bytes.Span);
        }

        return bytes.ToArray();
    }

    private async Task<WorkspaceState?> LastAsync(HostFeeds feeds, string id)
    {
        WorkspaceState? last = null;
        await foreach (var news in feeds.FollowAsync(_folder.Host, id, FeedWhat.State, 0, Cancel))
            last = news.State;
        return last;
    }
}
