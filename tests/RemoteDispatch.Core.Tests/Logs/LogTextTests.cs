using System.Text;
using RemoteDispatch.Logs;

namespace RemoteDispatch.Core.Tests.Logs;

/// <summary>Lines come out whole, wherever the bytes were cut.</summary>
public sealed class LogTextTests
{
    private const string Sample = "first\nzwölf 漢字 🎉\r\n\n\r\nend é";

    [Fact]
    public void Lines_are_the_same_wherever_the_bytes_are_cut()
    {
        var bytes = Encoding.UTF8.GetBytes(Sample);
        string[] expected = ["first", "zwölf 漢字 🎉", "", "", "end é"];
        for (var cut = 0; cut <= bytes.Length; cut++)
            Assert.Equal(expected, Lines(bytes.AsMemory(0, cut), bytes.AsMemory(cut)));
        Assert.Equal(expected, Lines([.. bytes.Select(b => (ReadOnlyMemory<byte>)new[] { b })]));
    }

    [Fact]
    public void Line_is_given_as_soon_as_its_end_has_come_and_not_before()
    {
        var text = new LogText();
        Assert.Empty(text.Add("one"u8));
        Assert.Equal(["one"], text.Add("\ntwo"u8));
        Assert.Equal(["two", "three"], text.Add("\nthree\n"u8));
        Assert.Null(text.Finish());
    }

    [Theory]
    [InlineData("", null), InlineData("\n", null), InlineData("last", "last"), InlineData("a\nlast", "last"), InlineData("a\n ", " ")]
    public void Finish_gives_a_last_line_without_a_line_end(string log, string? expected)
    {
        var text = new LogText();
        text.Add(Encoding.UTF8.GetBytes(log));
        Assert.Equal(expected, text.Finish());
        Assert.Null(text.Finish());
    }

    [Fact]
    public void Carriage_returns_within_a_line_stay() => Assert.Equal(["10%\r20%\r30%", "done"], Lines("10%\r20%\r30%\r\ndone\n"u8.ToArray()));

    [Fact]
    public void Bytes_that_are_no_UTF_8_are_replaced_and_the_rest_is_kept()
    {
        Assert.Equal(["a\ufffdb", "c"], Lines(new byte[] { (byte)'a', 0xFF, (byte)'b', (byte)'\n', (byte)'c' }));
        Assert.Equal(["a\ufffd"], Lines(new byte[] { (byte)'a', 0xF0, 0x9F, 0x8E }));
        Assert.Equal(["a\0b"], Lines("a\0b\n"u8.ToArray()));
    }

    [Fact]
    public void Line_without_an_end_is_given_out_when_it_is_too_long_and_nothing_is_lost()
    {
        var text = new LogText();
        var chunk = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("é", 5000)));
        var given = new List<string>();
        for (var i = 0; i < 10_000; i++)
        {
            var lines = text.Add(chunk);
            given.AddRange(lines);
            Assert.All(lines, l => Assert.InRange(l.Length, 16 << 20, (16 << 20) + 5000));
        }

        Assert.Equal(2, given.Count);
        Assert.Equal(50_000_000, given.Sum(l => l.Length) + text.Finish()!.Length);
    }

    [Fact]
    public void Line_of_ten_mebibytes_is_one_line()
    {
        var line = string.Concat(Enumerable.Repeat("é漢", 2 << 20));
        var bytes = Encoding.UTF8.GetBytes(line + "\nnext");
        Assert.Equal(10 << 20, bytes.Length - 5);
        Assert.Equal([line, "next"], Lines([.. bytes.Chunk(65_521).Select(c => (ReadOnlyMemory<byte>)c)]));
    }

    // Bug in Core (LogText.Add): the end of a line that was given out before its end came is taken for an empty line.
    [Fact]
    public void End_of_a_line_that_was_given_out_is_no_line_of_its_own() =>
        Assert.Equal([(16 << 20) + 1, 4], Lines(new byte[(16 << 20) + 1], "\nnext\n"u8.ToArray()).Select(l => l.Length));

    private static List<string> Lines(params ReadOnlyMemory<byte>[] pieces)
    {
        var text = new LogText();
        var lines = pieces.SelectMany(p => text.Add(p.Span)).ToList();
        if (text.Finish() is { } last)
            lines.Add(last);
        return lines;
    }
}
