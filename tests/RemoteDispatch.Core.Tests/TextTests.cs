namespace RemoteDispatch.Core.Tests;

/// <summary>What comes from outside is shown without doing anything to a terminal, and names files without leaving their folder.</summary>
public sealed class TextTests
{
    [Theory]
    [InlineData("plain", "plain"), InlineData("a\nb", "a\\nb"), InlineData("a\r\nb", "a\\u000d\\nb"), InlineData("\t", "\\u0009"), InlineData("\0", "\\u0000")]
    [InlineData("\u001b[2J\u001b[31mred", "\\u001b[2J\\u001b[31mred"), InlineData("\u001b]0;title\u0007", "\\u001b]0;title\\u0007"), InlineData("\u009b2J", "\\u009b2J")]
    [InlineData("\u007f", "\\u007f"), InlineData("a\u202egpj.exe", "a\\u202egpj.exe"), InlineData("\u2066a\u2069", "\\u2066a\\u2069"), InlineData("\u200b\u200f\ufeff", "\\u200b\\u200f\\ufeff")]
    [InlineData("ä漢字🎉é", "ä漢字🎉é"), InlineData("it's \"quoted\" \\ $(id)", "it's \"quoted\" \\ $(id)"), InlineData("", "")]
    public void OneLine_shows_controls_as_their_codes_and_the_rest_as_it_is(string text, string expected) => Assert.Equal(expected, Text.OneLine(text, 1000));

    // Bug in Core (Text.OneLine): the line and the paragraph separator are of categories of their own, and pass.
    [Theory, InlineData("a\u2028b", "a\\u2028b"), InlineData("a\u2029b", "a\\u2029b")]
    public void OneLine_of_Unicodes_own_line_ends_is_one_line(string text, string expected) => Assert.Equal(expected, Text.OneLine(text, 1000));

    [Theory, InlineData("\ud83d"), InlineData("a\udf89b")]
    public void OneLine_of_half_a_surrogate_pair_is_valid_Unicode(string text) =>
        Assert.DoesNotContain(Text.OneLine(text, 1000), char.IsSurrogate);

    [Fact]
    public void OneLine_of_a_long_text_is_cut_and_says_so()
    {
        Assert.Equal(new string('x', 80), Text.OneLine(new string('x', 80), 80));
        Assert.Equal(new string('x', 79) + "…", Text.OneLine(new string('x', 81), 80));
        Assert.InRange(Text.OneLine(new string('\u0001', 100), 80).Length, 1, 80);
    }

    [Theory, InlineData(80, 39), InlineData(81, 40)]
    public void OneLine_of_a_long_text_never_cuts_a_character_in_half(int limit, int whole) =>
        Assert.Equal(string.Concat(Enumerable.Repeat("🎉", whole)) + "…", Text.OneLine(string.Concat(Enumerable.Repeat("🎉", 100)), limit));

    [Fact]
    public void Show_is_the_line_in_quotes_and_short() => Assert.Equal($"'a\\n{new string('x', 76)}…'", Text.Show("a\n" + new string('x', 1000)));

    [Theory]
    [InlineData("gpu1", "gpu1"), InlineData("gpu-1_a.b", "gpu-1_a.b"), InlineData("..", "%2e."), InlineData(".hidden", "%2ehidden"), InlineData("a/b", "a%2fb"), InlineData("../../x", "%2e.%2f..%2fx")]
    [InlineData("ssh://me@[::1]:22", "ssh%3a%2f%2fme%40%5b%3a%3a1%5d%3a22"), InlineData("CORP\\me@x", "CORP%5cme%40x"), InlineData("a%2fb", "a%252fb"), InlineData("é", "%c3%a9")]
    [InlineData("a b\n\0*?", "a%20b%0a%00%2a%3f"), InlineData("~", "%7e"), InlineData("", "")]
    public void Escape_of_a_name_is_a_plain_file_name(string name, string expected)
    {
        Assert.Equal(expected, FileNames.Escape(name));
        Assert.Equal(expected, Path.GetFileName(expected));
    }

    [Fact]
    public void Escape_of_two_names_is_never_the_same() =>
        Assert.Distinct(new[] { "a/b", "a%2fb", "a%2Fb", "a_b", "a.b", ".a", "%2ea", "a", "A" }.Select(FileNames.Escape));
}
