using System.Text;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Core.Tests.Workspaces;

/// <summary>Bytes of a log by their offset, under every shell.</summary>
public sealed class LogReadTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Every_offset_and_count_gives_exactly_those_bytes(string shell)
    {
        var log = Enumerable.Range(0, 256).SelectMany(b => new[] { (byte)b, (byte)'\n', (byte)0x1e }).ToArray();
        await WriteAsync(log);
        await using var client = Shells.Client(shell);
        foreach (var (offset, count) in new[] { (0, 10_000), (0, 1), (1, 3), (255, 256), (767, 5), (768, 5), (5000, 5) })
        {
            var (state, bytes) = await client.ReadAsync(_folder.Host, "log", FeedWhat.Log, offset, count, Cancel);
            Assert.IsType<Ended>(state);
            Assert.Equal(log.Skip(offset).Take(count), bytes.ToArray());
        }
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Offset_beyond_four_gigabytes_is_reached_without_reading(string shell)
    {
        await WriteAsync([]);
        await using (var log = new FileStream(_folder.Workspace("log") + "/log", FileMode.Open))
        {
            log.Seek(5L << 30, SeekOrigin.Begin);
            log.Write("far"u8);
        }

        await using var client = Shells.Client(shell);
        var (_, bytes) = await client.ReadAsync(_folder.Host, "log", FeedWhat.Log, 5L << 30, 100, Cancel);
        Assert.Equal("far", Encoding.UTF8.GetString(bytes.Span));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Tail_is_the_offset_of_the_last_lines(string shell)
    {
        await WriteAsync("one\ntwo\nthree"u8.ToArray());
        await using var client = Shells.Client(shell);
        Assert.Equal(4, await client.TailOffsetAsync(_folder.Host, "log", FeedWhat.Log, 2, follow: false, Cancel));
        Assert.Equal(13, await client.TailOffsetAsync(_folder.Host, "log", FeedWhat.Log, 0, follow: false, Cancel));
        Assert.Equal(0, await client.TailOffsetAsync(_folder.Host, "log", FeedWhat.Log, 99, follow: false, Cancel));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Tail_of_lines_that_are_longer_than_what_is_read_at_once_is_found(string shell)
    {
        await WriteAsync([.. "one\n"u8, .. new byte[200_000], .. "\n"u8, .. new byte[600_000], .. "\nend\n"u8]);
        await using var client = Shells.Client(shell);
        foreach (var (lines, offset) in new[] { (1, 800_006), (2, 200_005), (3, 4), (4, 0), (5, 0) })
            Assert.Equal(offset, await client.TailOffsetAsync(_folder.Host, "log", FeedWhat.Log, lines, follow: false, Cancel));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Log_that_cannot_be_read_is_a_failure_and_never_an_empty_log(string shell)
    {
        await WriteAsync("text"u8.ToArray());
        File.Delete(_folder.Workspace("log") + "/log");
        Directory.CreateDirectory(_folder.Workspace("log") + "/log");
        await using var client = Shells.Client(shell);
        var failure = await Assert.ThrowsAsync<DispatchException>(() => client.ReadAsync(_folder.Host, "log", FeedWhat.Log, 0, 10, Cancel));
        Assert.Equal((FailureReason.WorkspaceRefused, "log"), (failure.Reason, failure.TaskId));
    }

    private async Task WriteAsync(byte[] log)
    {
        Directory.CreateDirectory(_folder.Workspace("log"));
        await File.WriteAllTextAsync(_folder.Workspace("log") + "/exit", "exited 0 2 \n", Cancel);
        await File.WriteAllBytesAsync(_folder.Workspace("log") + "/log", log, Cancel);
    }
}
