using System.Text;
using RemoteDispatch.Connections;

namespace RemoteDispatch.Core.Tests.Connections;

/// <summary>A reply is found whole, however the stream is cut and whatever is in it or around it.</summary>
public sealed class ReplyReaderTests
{
    private const string Nonce = "0123456789abcdef01234567";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_replies_behind_noise_are_read_however_the_stream_is_cut_in_two()
    {
        var bytes = Bytes($"Welcome!\n\u001e{Nonce}(\nout\n\u001e{Nonce})0\nmore noise\u001eother(\n\u001eother)7\n");
        for (var cut = 0; cut <= bytes.Length; cut++)
            await ReadsBothAsync([bytes.AsMemory(0, cut), bytes.AsMemory(cut)]);
        await ReadsBothAsync(bytes.Select(b => (ReadOnlyMemory<byte>)new[] { b }));

        static async Task ReadsBothAsync(IEnumerable<ReadOnlyMemory<byte>> pieces)
        {
            var reader = new ReplyReader(new PiecewiseStreamDouble(pieces));
            var (body, tail) = await reader.ReadAsync(Nonce, Cancel);
            Assert.Equal(("out\n", "0"), (Encoding.UTF8.GetString(body.Span), tail));
            (body, tail) = await reader.ReadAsync("other", Cancel);
            Assert.Equal(("", "7"), (Encoding.UTF8.GetString(body.Span), tail));
        }
    }

    [Theory]
    [InlineData(""), InlineData("\n"), InlineData("\u001e"), InlineData("\u001e0123456789abcdef01234567"), InlineData("\u001e0123456789abcdef01234567(\n")]
    [InlineData("\u001e0123456789abcdef01234568)0\n"), InlineData("\u001e\u001e"), InlineData("0123456789abcdef01234567)0\n"), InlineData("\u001e0123456789ABCDEF01234567)0\n")]
    public async Task Body_that_looks_like_marks_is_a_body(string text)
    {
        var bytes = Bytes($"\u001e{Nonce}(\n{text}\u001e{Nonce})255\n");
        for (var cut = 0; cut <= bytes.Length; cut++)
        {
            var (body, tail) = await new ReplyReader(new PiecewiseStreamDouble([bytes.AsMemory(0, cut), bytes.AsMemory(cut)])).ReadAsync(Nonce, Cancel);
            Assert.Equal((text, "255"), (Encoding.UTF8.GetString(body.Span), tail));
        }
    }

    [Theory]
    [InlineData("\u001e0123456789abcdef01234567 (\n"), InlineData("\u001e0123456789abcdef01234567("), InlineData("\u001e0123456789abcdef01234567)0\n"), InlineData("0123456789abcdef01234567(\n")]
    public async Task Noise_that_looks_like_marks_is_noise(string text)
    {
        var (body, tail) = await Reader($"{text}\u001e{Nonce}(\nout\u001e{Nonce})0\n").ReadAsync(Nonce, Cancel);
        Assert.Equal(("out", "0"), (Encoding.UTF8.GetString(body.Span), tail));
    }

    [Fact]
    public async Task Body_of_a_megabyte_with_every_byte_comes_unchanged_in_odd_pieces()
    {
        var content = Enumerable.Range(0, (1 << 20) + 7).Select(i => (byte)(i * 31 + i / 256)).ToArray();
        byte[] bytes = [.. Bytes($"\u001e{Nonce}(\n"), .. content, .. Bytes($"\u001e{Nonce})0\n")];
        var random = new Random(7);
        var pieces = new List<ReadOnlyMemory<byte>>();
        for (int at = 0, size; at < bytes.Length; at += size)
            pieces.Add(bytes.AsMemory(at, size = Math.Min(random.Next(1, 70_000), bytes.Length - at)));
        var (body, tail) = await new ReplyReader(new PiecewiseStreamDouble(pieces)).ReadAsync(Nonce, Cancel);
        Assert.Equal("0", tail);
        Assert.True(body.Span.SequenceEqual(content));
    }

    [Fact]
    public async Task Body_of_NULs_comes_unchanged()
    {
        byte[] bytes = [.. Bytes($"\u001e{Nonce}(\n"), .. new byte[1 << 20], .. Bytes($"\u001e{Nonce})0\n")];
        var (body, _) = await new ReplyReader(new PiecewiseStreamDouble(bytes.Chunk(5000).Select(c => (ReadOnlyMemory<byte>)c))).ReadAsync(Nonce, Cancel);
        Assert.True(body.Span.SequenceEqual(new byte[1 << 20]));
    }

    [Fact]
    public async Task Noise_of_megabytes_costs_no_memory_and_only_its_end_is_kept()
    {
        var line = Bytes("a line of a login script that talks and talks and talks\n");
        var noise = Enumerable.Repeat((ReadOnlyMemory<byte>)line, (8 << 20) / line.Length);
        var stream = new PiecewiseStreamDouble([.. noise, Bytes($"the last word\u001e{Nonce}(\nout\u001e{Nonce})0\n")]);
        var reader = new ReplyReader(stream);
        var (body, _) = await reader.ReadAsync(Nonce, Cancel);
        Assert.Equal("out", Encoding.UTF8.GetString(body.Span));
        Assert.True(stream.LargestRead <= 64 << 10, $"the buffer grew to {stream.LargestRead} bytes");
        Assert.EndsWith("the last word", reader.Noise, StringComparison.Ordinal);
        Assert.InRange(reader.Noise.Length, 1000, 10_000);
    }

    [Fact]
    public async Task Many_replies_cost_no_more_memory_than_the_largest()
    {
        var reply = Bytes($"\u001e{Nonce}(\n{new string('x', 10_000)}\u001e{Nonce})0\n");
        var stream = new PiecewiseStreamDouble(Enumerable.Repeat((ReadOnlyMemory<byte>)reply, 1000));
        var reader = new ReplyReader(stream);
        for (var i = 0; i < 1000; i++)
            Assert.Equal(10_000, (await reader.ReadAsync(Nonce, Cancel)).Body.Length);
        Assert.True(stream.LargestRead <= 64 << 10, $"the buffer grew to {stream.LargestRead} bytes");
    }

    [Theory]
    [InlineData(""), InlineData("noise"), InlineData("noise\u001e0123456789abcdef01234567(\npart"), InlineData("\u001e0123456789abcdef01234567(\npart\u001e0123456789abcdef01234567)0")]
    public async Task Stream_that_ends_before_the_reply_says_so_and_leaves_what_it_said(string text)
    {
        var reader = Reader(text);
        await Assert.ThrowsAsync<EndOfStreamException>(() => reader.ReadAsync(Nonce, Cancel));
        Assert.Equal(text.Replace($"\u001e{Nonce}(\n", "", StringComparison.Ordinal), reader.Noise);
    }

    [Fact]
    public async Task Drain_reads_to_the_end_and_keeps_the_last_of_it()
    {
        var reader = Reader(new string('x', 100_000) + "Connection refused");
        await reader.DrainAsync(Cancel);
        Assert.EndsWith("xConnection refused", reader.Noise, StringComparison.Ordinal);
        Assert.InRange(reader.Noise.Length, 1000, 10_000);
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static ReplyReader Reader(string text) => new(new PiecewiseStreamDouble([Bytes(text)]));
}
