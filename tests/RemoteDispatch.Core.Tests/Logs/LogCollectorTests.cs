using RemoteDispatch.Hosts;
using RemoteDispatch.Logs;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Core.Tests.Logs;

/// <summary>A log is read by its offsets from a real workspace of this machine, and copied whole or not at all.</summary>
public sealed class LogCollectorTests : IDisposable
{
    private static readonly DateTimeOffset Started = new(2026, 2, 21, 10, 0, 0, TimeSpan.FromHours(2));

    private readonly TestFolder _folder = new();
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Place_of_a_log_has_host_id_and_start()
    {
        Assert.Equal(Path.Combine("gpu1", "a.20260221T080000.log"), LogCollector.PlaceOf(DispatchHost.FromAddress("gpu1"), "a", Started));
        Assert.Equal(Path.Combine("me%40gpu1", "a.log"), LogCollector.PlaceOf(DispatchHost.FromAddress("me@gpu1"), "a", null));
        Assert.Equal(Path.Combine("gpu1", "a.20260221T080000.3.error.log"), LogCollector.PlaceOf(DispatchHost.FromAddress("gpu1"), "a", Started, FeedWhat.Error, 3));
    }

    [Theory, InlineData(0), InlineData(1), InlineData(64 << 10), InlineData(3_000_000)]
    public async Task Collect_of_a_log_brings_every_byte_into_a_file_of_its_owner(int size)
    {
        var content = Workspace(size);
        await using var client = Shells.Client("dash");
        var path = _folder.Path + "/logs/new/a.log";
        Assert.Equal(path, (await new LogCollector(client, _folder.Path).CollectAsync(Order(path), Cancel)).Path);
        Assert.Equal(content, await File.ReadAllBytesAsync(path, Cancel));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.Equal([path, path + ".proof"], Directory.GetFiles(Path.GetDirectoryName(path)!).Order());
    }

    [Fact]
    public async Task Collect_of_a_task_that_is_not_there_leaves_nothing_behind_and_an_old_copy_as_it_was()
    {
        await using var client = Shells.Client("dash");
        var path = _folder.Path + "/a.log";
        await File.WriteAllTextAsync(path, "old", Cancel);
        var failure = await Refusal.OfAsync(FailureReason.TaskNotFound, () => new LogCollector(client, _folder.Path).CollectAsync(Order(path) with { Force = true }, Cancel));
        Assert.Equal("a", failure.TaskId);
        Assert.Equal("old", await File.ReadAllTextAsync(path, Cancel));
        Assert.Equal([path], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task Collect_into_a_place_that_cannot_be_written_is_a_failure_of_the_local_file()
    {
        Workspace(10);
        await using var client = Shells.Client("dash");
        await File.WriteAllTextAsync(_folder.Path + "/file", "", Cancel);
        await Refusal.OfAsync(FailureReason.LocalFile, () =>
            new LogCollector(client, _folder.Path).CollectAsync(Order(_folder.Path + "/file/a.log"), Cancel));
    }

    [Theory, InlineData(0), InlineData(1), InlineData(99_999), InlineData(100_000), InlineData(150_000)]
    public async Task Read_from_an_offset_gives_the_rest_and_each_parts_own_offset(long offset)
    {
        var content = Workspace(100_000);
        await using var client = Shells.Client("dash");
        var at = offset;
        var bytes = new List<byte>();
        var reader = new LogReader(client, new HostFeeds(client));
        var start = await reader.StartAsync(_folder.Host, "a", new LogStart(offset), follow: true, Cancel);
        await foreach (var part in reader.ReadAsync(_folder.Host, "a", start, follow: true, [], Cancel))
        {
            Assert.Equal(at, part.Offset);
            at += part.Bytes.Length;
            bytes.AddRange(part.Bytes.Span);
        }

        Assert.Equal(content[(int)Math.Min(offset, content.Length)..], bytes);
    }

    [Theory, InlineData(0, ""), InlineData(1, "three\n"), InlineData(2, "two\nthree\n"), InlineData(9, "one\ntwo\nthree\n")]
    public async Task Read_of_a_tail_begins_so_many_lines_before_the_end(long lines, string expected)
    {
        Workspace(0);
        await File.WriteAllTextAsync(_folder.Workspace("a") + "/log", "one\ntwo\nthree\n", Cancel);
        await using var client = Shells.Client("dash");
        var text = "";
        var reader = new LogReader(client, new HostFeeds(client));
        var start = await reader.StartAsync(_folder.Host, "a", new LogStart(-1, lines), follow: false, Cancel);
        await foreach (var part in reader.ReadAsync(_folder.Host, "a", start, follow: false, [], Cancel))
            text += System.Text.Encoding.UTF8.GetString(part.Bytes.Span);
        Assert.Equal(expected, text);
    }

    private CopyOrder Order(string path) => new(new CopyOwner { File = new TaskFile(_folder.Host, "a", FeedWhat.Log), Started = Started }) { Path = path };

    // A workspace of a task that has ended, as the contract lays it out.
    private byte[] Workspace(int size)
    {
        var content = Enumerable.Range(0, size).Select(i => (byte)(i * 31 + i / 256)).ToArray();
        Directory.CreateDirectory(_folder.Workspace("a"));
        File.WriteAllText(_folder.Workspace("a") + "/exit", "exited 0 1771668000 \n");
        File.WriteAllBytes(_folder.Workspace("a") + "/log", content);
        return content;
    }
}
