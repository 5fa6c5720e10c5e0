using System.Security.Cryptography;
using RemoteDispatch.Logs;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Core.Tests.Logs;

/// <summary>What a host is asked for a copy's sake: hashes of parts of a log, and pieces of it that are compressed.</summary>
public sealed class LogProofTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Hashes_of_parts_are_those_of_their_bytes(string shell)
    {
        var content = Log(RandomNumberGenerator.GetBytes(100_000));
        await using var client = Shells.Client(shell);
        FilePart[] parts = [new(0, 100_000), new(0, 1), new(99_999, 1), new(12_345, 50_000)];
        Assert.Equal(
            parts.Select(p => Convert.ToHexStringLower(SHA256.HashData(content.AsSpan((int)p.Offset, (int)p.Length)))),
            await client.HashAsync(_folder.Host, "a", FeedWhat.Log, parts, Cancel));
    }

    [Fact]
    public async Task Bytes_that_are_not_what_the_host_has_are_a_failure_that_names_both_hashes()
    {
        Log(new byte[1000].Select((_, i) => (byte)i).ToArray());
        await using var client = Shells.Client("dash");
        using var proof = new LogProof(client, new TaskFile(_folder.Host, "a", FeedWhat.Log), 0);
        await proof.AddAsync(new byte[400], isLast: false, Cancel);
        var failure = await Refusal.OfAsync(FailureReason.UnexpectedReply, () => proof.AddAsync(new byte[600], isLast: true, Cancel));
        Assert.Equal("a", failure.TaskId);
        Assert.Matches("SHA-256 here is [0-9a-f]{64} and there [0-9a-f]{64}", failure.Message);
    }

    [Fact]
    public async Task Workspace_that_goes_between_two_pieces_is_a_task_that_is_not_found()
    {
        Log(new byte[200_000]);
        await using var client = Shells.Client("dash");
        var file = new TaskFile(_folder.Host, "a", FeedWhat.Log);
        using var proof = new LogProof(client, file, 0);
        await using var parts = new LogFetch(client, file, proof).ReadAsync(new LogMask([], 0), Cancel).GetAsyncEnumerator(Cancel);
        Assert.True(await parts.MoveNextAsync());
        Directory.Delete(_folder.Workspace("a"), recursive: true);
        await Refusal.OfAsync(FailureReason.TaskNotFound, async () => await parts.MoveNextAsync());
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Packed_piece_is_the_piece_and_shorter_on_its_way(string shell)
    {
        var content = Log(System.Text.Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 10_000).Select(i => $"line {i} of a log\n"))));
        await using var client = Shells.Client(shell);
        foreach (var (offset, count) in new[] { (0, 100_000), (12_345, 50_000), (content.Length - 10, 100), (content.Length, 100), (content.Length + 5, 100) })
        {
            var piece = await client.ReadPackedAsync(_folder.Host, "a", FeedWhat.Log, offset, count, Cancel);
            var expected = content.AsSpan(Math.Min(offset, content.Length));
            Assert.Equal(expected[..Math.Min(count, expected.Length)], piece.Bytes.Span);
            Assert.IsType<Ended>(piece.State);
            Assert.True(piece.Carried < piece.Bytes.Length / 3 || piece.Bytes.Length < 100, $"{piece.Carried} for {piece.Bytes.Length}");
        }

        Assert.IsType<Absent>((await client.ReadPackedAsync(_folder.Host, "b", FeedWhat.Log, 0, 10, Cancel)).State);
    }

    [Fact]
    public async Task Packed_piece_of_a_host_without_gzip_comes_as_it_is()
    {
        var content = Log(new byte[5000]);
        await using var client = new WorkspaceClient(_folder.Without("gzip"));
        var piece = await client.ReadPackedAsync(_folder.Host, "a", FeedWhat.Log, 0, 10_000, Cancel);
        Assert.Equal((5000L, false), (piece.Carried, piece.IsPacked));
        Assert.Equal(content, piece.Bytes.ToArray());
    }

    [Theory]
    [InlineData("head -c 3000 | gzip -c", "an end too early")]
    [InlineData("gzip -c | head -c 60", "a stream that is cut off")]
    [InlineData("head -c 4000 /dev/zero | gzip -c; gzip -c", "more than was announced")]
    [InlineData("cat - /dev/zero | head -c 200000000 | gzip -c", "a bomb")]
    [InlineData("cat", "no stream of gzip's")]
    public async Task Packed_piece_that_is_not_what_was_announced_is_a_failure(string gzipDouble, string what)
    {
        Log(RandomNumberGenerator.GetBytes(5000));
        var options = _folder.Without("gzip");
        var real = File.Exists("/usr/bin/gzip") ? "/usr/bin/gzip" : "/bin/gzip";
        var path = _folder.Path + "/bin/gzip";
        await File.WriteAllTextAsync(path, $"#!/bin/sh\n{gzipDouble.Replace("gzip", real, StringComparison.Ordinal)}\n", Cancel);
        File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
        await using var client = new WorkspaceClient(options);
        var failure = await Refusal.OfAsync(FailureReason.UnexpectedReply, () => client.ReadPackedAsync(_folder.Host, "a", FeedWhat.Log, 0, 10_000, Cancel));
        Assert.True(failure.Message.Length > 0, what);
    }

    private byte[] Log(byte[] content)
    {
        Directory.CreateDirectory(_folder.Workspace("a"));
        File.WriteAllText(_folder.Workspace("a") + "/exit", "exited 0 1771668000 \n");
        File.WriteAllBytes(_folder.Workspace("a") + "/log", content);
        return content;
    }
}
