using System.Security.Cryptography;
using System.Text;
using RemoteDispatch.Credentials;
using RemoteDispatch.Hosts;
using RemoteDispatch.Logs;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Core.Tests.Logs;

/// <summary>A copy that is there already is extended, where it is known to be the beginning of the same log; and nobody else's file is touched.</summary>
public sealed class LogCopyTests : IDisposable
{
    private static readonly DateTimeOffset Started = new(2026, 2, 21, 10, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Finished = DateTimeOffset.FromUnixTimeSeconds(1771668000);

    private readonly TestFolder _folder = new();
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Log => _folder.Workspace("a") + "/log";

    private string Copies => _folder.Path + "/copies";

    public LogCopyTests() => Directory.CreateDirectory(_folder.Workspace("a"));

    public void Dispose() => _folder.Dispose();

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Growing_log_that_is_collected_ten_times_is_fetched_once(string shell)
    {
        await using var client = Shells.Client(shell);
        var fetched = 0L;
        for (var turn = 0; turn < 10; turn++)
        {
            await GrowAsync(RandomNumberGenerator.GetBytes(turn == 5 ? 0 : 30_000 + turn * 40_000));
            var copy = await CollectAsync(client, Order());
            fetched += copy.Fetched;
            Assert.Equal(Hash(Log), Hash(copy.Path));
        }

        Assert.Equal(new FileInfo(Log).Length, fetched);
        Assert.Equal(2, Directory.GetFiles(Copies + "/local").Length);
    }

    [Theory]
    [InlineData("a byte that is another")]
    [InlineData("fewer bytes")]
    [InlineData("more bytes")]
    public async Task Copy_that_is_not_what_was_written_is_fetched_whole(string change)
    {
        await using var client = Shells.Client("dash");
        await GrowAsync(RandomNumberGenerator.GetBytes(100_000));
        var first = await CollectAsync(client, Order());
        var bytes = await File.ReadAllBytesAsync(first.Path, Cancel);
        bytes[50_000] ^= (byte)(change.StartsWith('a') ? 1 : 0);
        await File.WriteAllBytesAsync(first.Path, change.StartsWith('f') ? bytes[..70_000] : change.StartsWith('m') ? [.. bytes, 1] : bytes, Cancel);
        var second = await CollectAsync(client, Order());
        Assert.Equal((first.Path, 100_000L), (second.Path, second.Fetched));
        Assert.Equal(Hash(Log), Hash(first.Path));
    }

    [Theory, InlineData(""), InlineData("{}"), InlineData("{\"version\": 1, \"length\": \"x\"}"), InlineData(null)]
    public async Task Copy_whose_record_is_lost_is_extended_where_the_host_has_its_bytes(string? damage)
    {
        await using var client = Shells.Client("dash");
        await GrowAsync(RandomNumberGenerator.GetBytes(100_000));
        var first = await CollectAsync(client, Order());
        File.Delete(first.Path + ".proof");
        if (damage is not null)
            await File.WriteAllTextAsync(first.Path + ".proof", damage, Cancel);
        await GrowAsync([1, 2, 3]);
        var second = await CollectAsync(client, Order());
        Assert.Equal((first.Path, 3L), (second.Path, second.Fetched));
        Assert.Equal(Hash(Log), Hash(first.Path));
    }

    [Fact]
    public async Task Other_log_under_the_same_name_gets_a_file_of_its_own()
    {
        await using var client = Shells.Client("dash");
        await GrowAsync("the log of a task\n"u8.ToArray());
        var first = await CollectAsync(client, Order());
        await File.WriteAllTextAsync(Log, "the log of another task, of the same second\n", Cancel);
        var second = await CollectAsync(client, Order());
        Assert.Equal((Copies + "/local/a.20260221T100000.log", Copies + "/local/a.20260221T100000.2.log"), (first.Path, second.Path));
        Assert.Equal("the log of a task\n", await File.ReadAllTextAsync(first.Path, Cancel));
        Assert.Equal(Hash(Log), Hash(second.Path));
        await GrowAsync([7]);
        Assert.Equal((second.Path, 1L), await CollectAsync(client, Order()) is var third ? (third.Path, third.Fetched) : default);
    }

    [Fact]
    public async Task Named_file_of_another_task_or_of_nobody_is_refused_and_replaced_by_force()
    {
        await using var client = Shells.Client("dash");
        await GrowAsync("a's log\n"u8.ToArray());
        var path = _folder.Path + "/one.log";
        await CollectAsync(client, Order() with { Path = path });
        var others = Order("b") with { Path = path };
        Directory.CreateDirectory(_folder.Workspace("b"));
        File.Copy(Log, _folder.Workspace("b") + "/log");
        var failure = await Refusal.OfAsync(FailureReason.LocalFile, () => CollectAsync(client, others));
        Assert.Equal("b", failure.TaskId);
        Assert.Contains("-Force", failure.Remedy, StringComparison.Ordinal);
        await File.WriteAllTextAsync(_folder.Path + "/mine.txt", "my own\n", Cancel);
        await Refusal.OfAsync(FailureReason.LocalFile, () => CollectAsync(client, others with { Path = _folder.Path + "/mine.txt" }));
        Assert.Equal("my own\n", await File.ReadAllTextAsync(_folder.Path + "/mine.txt", Cancel));
        await CollectAsync(client, others with { Path = _folder.Path + "/mine.txt", Force = true });
        Assert.Equal("a's log\n", await File.ReadAllTextAsync(_folder.Path + "/mine.txt", Cancel));
        // One of the same id on another host, too; and on a file system that does not tell cases apart the names of 'a' and 'A' are one.
        await Refusal.OfAsync(FailureReason.LocalFile, () => CollectAsync(client, Order(host: _folder.Host with { Name = "elsewhere" }) with { Path = path }));
        await Refusal.OfAsync(FailureReason.LocalFile, () => CollectAsync(client, Order("A") with { Path = path }));
    }

    [Fact]
    public async Task Twenty_collectors_of_one_log_at_once_leave_one_good_copy_and_nothing_else()
    {
        await using var client = Shells.Client("dash");
        await GrowAsync(RandomNumberGenerator.GetBytes(300_000));
        var copies = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => CollectAsync(client, Order())));
        Assert.Single(copies.Select(c => c.Path).Distinct());
        Assert.Equal(Hash(Log), Hash(copies[0].Path));
        Assert.Equal([copies[0].Path, copies[0].Path + ".proof"], Directory.GetFiles(Copies + "/local").Order());
    }

    [Fact]
    public async Task Complete_copy_is_not_asked_for_again_where_that_is_known()
    {
        await GrowAsync("all of it\n"u8.ToArray());
        await File.WriteAllTextAsync(_folder.Workspace("a") + "/exit", $"exited 0 {Finished.ToUnixTimeSeconds()} \n", Cancel);
        var order = Order() with { Owner = Order().Owner with { Dispatched = Started, Finished = Finished }, TrustsComplete = true };
        await using var client = Shells.Client("dash");
        var path = (await CollectAsync(client, order)).Path;
        Directory.Delete(_folder.Workspace("a"), recursive: true);
        Assert.Equal((path, 0L), await CollectAsync(client, order) is var again ? (again.Path, again.Fetched) : default);
        Assert.True(await LogCollector.IsAllAsync(order, path, Cancel));
        await Refusal.OfAsync(FailureReason.TaskNotFound, () => CollectAsync(client, order with { TrustsComplete = false }));
        await Refusal.OfAsync(FailureReason.TaskNotFound, () => CollectAsync(client, order with { Owner = order.Owner with { Finished = Finished.AddSeconds(1) } }));
        Assert.False(await LogCollector.IsAllAsync(order with { Owner = order.Owner with { Dispatched = Started.AddMilliseconds(1) } }, path, Cancel));
        await File.AppendAllTextAsync(path, "x", Cancel);
        Assert.False(await LogCollector.IsAllAsync(order, path, Cancel));
    }

    [Fact]
    public async Task Secret_that_was_printed_in_two_halves_between_two_collections_is_masked()
    {
        await using var client = Shells.Client("dash");
        var masked = Order() with { Secrets = [CredentialGrant.Create("TOKEN", "s3cret-0123456789")] };
        await GrowAsync([.. RandomNumberGenerator.GetBytes(100_000), .. "token: s3cret-01"u8]);
        await CollectAsync(client, masked);
        await GrowAsync("23456789 end\n"u8.ToArray());
        var copy = await CollectAsync(client, masked);
        Assert.True(copy.Fetched < 1000, $"{copy.Fetched} bytes");
        Assert.EndsWith("token: ***************** end\n", Encoding.Latin1.GetString(await File.ReadAllBytesAsync(copy.Path, Cancel)), StringComparison.Ordinal);
        Assert.Equal(new FileInfo(Log).Length, copy.Length);
    }

    [Fact]
    public async Task Copy_of_another_masking_is_fetched_whole_and_no_hash_of_what_is_masked_is_kept()
    {
        await using var client = Shells.Client("dash");
        await GrowAsync("token: s3cret-0123456789\n"u8.ToArray());
        var plain = await CollectAsync(client, Order());
        var masked = Order() with { Secrets = [CredentialGrant.Create("TOKEN", "s3cret-0123456789")] };
        var second = await CollectAsync(client, masked);
        Assert.Equal((plain.Path, 25L), (second.Path, second.Fetched));
        Assert.Equal("token: *****************\n", await File.ReadAllTextAsync(second.Path, Cancel));
        Assert.DoesNotContain(Hash(Log), await File.ReadAllTextAsync(second.Path + ".proof", Cancel), StringComparison.OrdinalIgnoreCase);
        await CollectAsync(client, Order() with { IsExact = true });
        Assert.Equal(Hash(Log), Hash(second.Path));
    }

    [Fact]
    public async Task Host_that_has_nothing_to_hash_with_is_told_of_and_its_log_fetched_whole()
    {
        var steps = new List<string>();
        await using var client = new WorkspaceClient(_folder.Without("sha256sum", "shasum", "openssl") with { Observer = step => steps.Add(step.Name) });
        await GrowAsync(RandomNumberGenerator.GetBytes(1000));
        await CollectAsync(client, Order());
        await GrowAsync([1]);
        var copy = await CollectAsync(client, Order());
        Assert.Equal((Copies + "/local/a.20260221T100000.log", 1001L), (copy.Path, copy.Fetched));
        Assert.Equal(Hash(Log), Hash(copy.Path));
        Assert.Equal(["log_unproven", "log_unproven"], steps.Where(s => s == "log_unproven"));
    }

    private CopyOrder Order(string id = "a", DispatchHost? host = null) =>
        new(new CopyOwner { File = new TaskFile(host ?? _folder.Host, id, FeedWhat.Log), Started = Started });

    private Task<CollectedLog> CollectAsync(WorkspaceClient client, CopyOrder order) => new LogCollector(client, Copies).CollectAsync(order, Cancel);

    private async Task GrowAsync(byte[] bytes) => await File.AppendAllBytesAsync(Log, bytes, Cancel);

    private static string Hash(string path) => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path)));
}
