using System.Diagnostics;
using System.Globalization;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Core.Tests.Workspaces;

/// <summary>From a time to an offset: never a byte too few, and seldom many too much.</summary>
public sealed class LogSinceTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Time_is_the_offset_of_the_last_line_of_the_index_before_it(string shell)
    {
        await using var client = Shells.Client(shell);
        await WriteAsync(5000, "100 10\n110 2000\n3000 4000\n");
        foreach (var (at, offset) in new[] { (0, 0), (100, 0), (101, 10), (110, 10), (111, 2000), (3000, 2000), (3001, 4000), (int.MaxValue, 4000) })
            Assert.Equal(offset, await At(client, at));
        Assert.Equal(4000, await client.SinceOffsetAsync(_folder.Host, "log", new LogTime(TimeSpan.FromMinutes(10)), follow: false, Cancel));
        // Before 1970, and beyond what a file can hold: the whole of it, and no error.
        Assert.Equal(0, await client.SinceOffsetAsync(_folder.Host, "log", new LogTime(DateTimeOffset.MinValue), follow: false, Cancel));
        Assert.Equal(0, await client.SinceOffsetAsync(_folder.Host, "none", new LogTime(TimeSpan.Zero), follow: false, Cancel));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Index_that_is_damaged_or_went_back_in_time_hides_no_byte(string shell)
    {
        await using var client = Shells.Client(shell);
        foreach (var (index, offset) in new[]
        {
            ("", 0), ("100 10\n900 20\n150 30\n", 10), ("100 10\n110110 20\n", 10), ("100 10\n110 9999999\n", 0), ("100 10\n110 $(id)\nx\n120\n130 -5\n140 4x\n", 10),
            ("100 10\n110 99999999999999999999999\n", 0),
        })
        {
            await WriteAsync(5000, index);
            Assert.Equal(offset, await At(client, 500));
        }
    }

    [Fact]
    public async Task Index_is_written_while_a_task_prints_and_at_its_end_and_its_writer_ends_with_the_task() =>
        await Task.WhenAll(Shells.All.Select(s => WritesAsync(s.Data.ToString()!)));

    private async Task WritesAsync(string shell)
    {
        await using var client = Shells.Client(shell);
        var id = "t-" + Guid.NewGuid().ToString("N")[..8];
        await client.LaunchAsync(_folder.Host, TestOrders.Order(id, $"echo old; until [ -e '{_folder.Path}/{id}' ]; do sleep 0.1; done; echo new"), Cancel);
        var times = _folder.Workspace(id) + "/times";
        string[] first;
        while ((first = File.Exists(times) ? (await File.ReadAllTextAsync(times, Cancel)).Split([' ', '\n']) : []).Length < 3)
            await Task.Delay(50, Cancel);
        Assert.Equal("4", first[1]);
        var noted = long.Parse(first[0], CultureInfo.InvariantCulture);
        await File.WriteAllTextAsync(_folder.Path + "/" + id, "", Cancel);
        await client.EndAsync(_folder.Host, id);
        var last = (await File.ReadAllLinesAsync(times, Cancel))[^1].Split(' ');
        Assert.Equal("8", last[1]);
        var end = long.Parse(last[0], CultureInfo.InvariantCulture);
        Assert.Equal((0, end > noted ? 4 : 0, 8), (await At(client, noted, id), await At(client, end, id), await At(client, end + 1, id)));
        // Its next look would be ten seconds away.
        var clock = Stopwatch.StartNew();
        while ((await client.StopAsync(_folder.Host, id, StopStep.Look, Cancel)).Left > 0)
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), "what writes the index outlived its task");
    }

    private Task<long> At(WorkspaceClient client, long seconds, string id = "log") =>
        client.SinceOffsetAsync(_folder.Host, id, new LogTime(DateTimeOffset.FromUnixTimeSeconds(seconds)), follow: false, Cancel);

    private async Task WriteAsync(int size, string index)
    {
        Directory.CreateDirectory(_folder.Workspace("log"));
        await File.WriteAllTextAsync(_folder.Workspace("log") + "/exit", "exited 0 2 \n", Cancel);
        await File.WriteAllBytesAsync(_folder.Workspace("log") + "/log", new byte[size], Cancel);
        await File.WriteAllTextAsync(_folder.Workspace("log") + "/times", index, Cancel);
    }
}
