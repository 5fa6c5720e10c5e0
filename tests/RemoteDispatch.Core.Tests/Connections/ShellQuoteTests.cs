using System.Text;
using RemoteDispatch.Connections;

namespace RemoteDispatch.Core.Tests.Connections;

/// <summary>Whatever is quoted is read back as exactly that by a real shell, and nothing of it runs.</summary>
public sealed class ShellQuoteTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Quote_of_every_character_is_read_back_alone_and_between_others(string shell)
    {
        var single = Enumerable.Range(1, 0x24F).Select(c => ((char)c).ToString());
        string[] others = ["", " ", "''", "'\\''", "\\", "\\\\", "-n", "--", "\n", "\n\n", "a\n", "\r\n", "~", "~root", "*", "$HOME", "$(id)", "`id`", "${x:=1}", "!!", "🎉", "漢字", "\u202e"];
        await ReadBackAsync(shell, [.. single, .. single.Select(c => $"a{c}b"), .. others]);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Quote_of_random_metacharacters_is_read_back(string shell)
    {
        string[] pieces = ["'", "\"", "\\", "$", "`", "(", ")", "{", "}", "\n", "\r", "\t", " ", ";", "&", "|", "<", ">", "*", "?", "[", "]", "#", "~", "=", "%", "!", "^", "-", "a", "0", "é", "漢", "🎉", "\u001e", "\u007f"];
        var random = new Random(20260221);
        var words = Enumerable.Range(0, 300).Select(_ => string.Concat(random.GetItems(pieces, random.Next(0, 60)))).ToArray();
        Assert.Contains(words, w => w.Contains("'\"", StringComparison.Ordinal));
        await ReadBackAsync(shell, words);
    }

    [Theory, InlineData("\0"), InlineData("a\0"), InlineData("a\0b")]
    public void Quote_of_a_NUL_is_refused(string text)
    {
        Refusal.Of(FailureReason.InvalidInput, () => ShellQuote.Quote(text));
        Refusal.Of(FailureReason.InvalidInput, () => ShellQuote.Join(["good", text]));
    }

    private static async Task ReadBackAsync(string shell, IReadOnlyList<string> words)
    {
        var (code, output, error) = await ProcessRun.OfAsync([.. Shells.CommandLine(shell), "-c", "printf '%s\\0' " + ShellQuote.Join(words)], Cancel);
        Assert.Equal((0, ""), (code, error));
        Assert.Equal(words, Encoding.UTF8.GetString(output).Split('\0')[..^1]);
    }
}
