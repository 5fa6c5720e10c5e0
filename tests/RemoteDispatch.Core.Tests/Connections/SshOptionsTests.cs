using RemoteDispatch.Connections;

namespace RemoteDispatch.Core.Tests.Connections;

/// <summary>A line of options becomes words as in a shell, and nothing in it is expanded.</summary>
public sealed class SshOptionsTests
{
    public static TheoryData<string, string[]> Lines => new()
    {
        { "", [] },
        { " \t\n ", [] },
        { "-v", ["-v"] },
        { "  -o  Compression=yes\t-v\n", ["-o", "Compression=yes", "-v"] },
        { "-F '/a path/config'", ["-F", "/a path/config"] },
        { "-F \"/a path/config\"", ["-F", "/a path/config"] },
        { "-F /a\\ path/config", ["-F", "/a path/config"] },
        { "-o'User=a b'c", ["-oUser=a bc"] },
        { "'' \"\" x", ["", "", "x"] },
        { "'a\"b' \"c'd\"", ["a\"b", "c'd"] },
        { "\"a\\\"b\" \"c\\\\d\" \"e\\f\"", ["a\"b", "c\\d", "e\\f"] },
        { "'a\\' b", ["a\\", "b"] },
        { "\\' \\\" \\\\", ["'", "\"", "\\"] },
        { "-i C:\\keys\\id", ["-i", "C:\\keys\\id"] },
        { "a\\", ["a\\"] },
        { "$HOME `id` $(id) ~ * ;|&", ["$HOME", "`id`", "$(id)", "~", "*", ";|&"] },
        { "-o ProxyCommand='ssh -W %h:%p \"jump host\"'", ["-o", "ProxyCommand=ssh -W %h:%p \"jump host\""] },
        { "größe 🎉", ["größe", "🎉"] },
    };

    [Theory, MemberData(nameof(Lines))]
    public void Split_of_a_line_finds_its_words(string line, string[] words) => Assert.Equal(words, SshOptions.Split(line));

    [Theory, InlineData("'"), InlineData("\""), InlineData("a 'b c"), InlineData("a \"b 'c'"), InlineData("\"a\\\"")]
    public void Split_of_a_quote_that_is_not_closed_is_refused_by_the_variables_name(string line) =>
        Assert.Contains(SshOptions.Variable, Refusal.Of(FailureReason.InvalidInput, () => SshOptions.Split(line)).Message, StringComparison.Ordinal);
}
