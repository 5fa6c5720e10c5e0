using System.Text;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Core.Tests.Workspaces;

/// <summary>What <c>rd</c> reports: every byte of it, once, whoever reports beside it, under every shell.</summary>
public sealed class ToolReportTests
{
    private static string EveryByte { get; } = string.Concat(Enumerable.Range(1, 255).Select(b => (char)b));

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Every_byte_of_a_message_comes_back_as_its_character(string shell)
    {
        using var tool = new ToolRun(shell);
        tool.Write("bytes", Encoding.Latin1.GetBytes(EveryByte));
        await tool.ScriptAsync("rd message \"$(cat bytes)\"; rd message - <bytes; rd event all=\"$(cat bytes)\"");
        var lines = tool.Lines();
        Assert.Equal([EveryByte, EveryByte], lines.Take(2).Select(l => l.Text));
        Assert.Equal(EveryByte, lines[2].Data["all"]);
        Assert.All(lines, l => Assert.NotNull(l.Time));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Characters_of_every_length_and_what_only_looks_like_them_are_told_apart(string shell)
    {
        using var tool = new ToolRun(shell);
        // Shortest and longest of each length; then overlong, a surrogate, beyond the last, and a beginning without an end.
        await File.WriteAllBytesAsync(tool.Workspace + "/text", [.. "\u0080߿ࠀ￿𐀀\U0010FFFF"u8, 0xC0, 0xAF, 0xED, 0xA0, 0x80, 0xF4, 0x90, 0x80, 0x80, 0, 0xE6, 0xBC], TestContext.Current.CancellationToken);
        await tool.ScriptAsync("rd message - <\"$REMOTE_DISPATCH_WORKSPACE/text\"");
        Assert.Equal("\u0080߿ࠀ￿𐀀\U0010FFFF\u00C0\u00AF\u00ED\u00A0\u0080\u00F4\u0090\u0080\u0080\0\u00E6\u00BC", tool.Line().Text);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Two_hundred_writers_at_once_lose_and_mix_nothing(string shell)
    {
        using var tool = new ToolRun(shell);
        var (code, _, error) = await tool.ScriptAsync(
            """
            big=$(head -c 30000 /dev/zero | tr '\0' x)
            n=0
            while [ $n -lt 200 ]; do
              n=$((n + 1))
              # Longer than a pipe takes at once; 'é' has every one made by awk.
              if [ $((n % 4)) = 0 ]; then rd message "$n é $big" & else rd message "$n é" & fi
            done
            wait
            """);
        Assert.Equal((0, ""), (code, error));
        var big = new string('x', 30000);
        Assert.Equal(
            Enumerable.Range(1, 200).Select(n => n % 4 == 0 ? $"{n} é {big}" : $"{n} é").Order(StringComparer.Ordinal),
            tool.Lines().Select(l => l.Text).Order(StringComparer.Ordinal));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Each_command_has_its_kind(string shell)
    {
        using var tool = new ToolRun(shell);
        await tool.ScriptAsync("rd status in_progress; rd message two  words; rd event tool=Bash summary='ls -l'; rd event loss=0.5 step=3; rd blocked 'which key?'; rd done; rd message -n");
        Assert.Equal(
            [
                (TaskEventKind.Status, "in_progress"), (TaskEventKind.Message, "two words"), (TaskEventKind.Tool, "Bash: ls -l"), (TaskEventKind.Data, "loss=0.5 step=3"),
                (TaskEventKind.Blocked, "which key?"), (TaskEventKind.Done, ""), (TaskEventKind.Message, "-n"),
            ],
            tool.Lines().Select(l => (l.Kind, l.Text)));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Text_beyond_the_limit_is_cut_and_says_so(string shell)
    {
        using var tool = new ToolRun(shell);
        await tool.ScriptAsync(
            """
            text=$(head -c 65535 /dev/zero | tr '\0' a)
            printf %s "${text}b" | rd message -
            printf %s "${text}bc" | rd message -
            printf %s "${text}é" | rd message -
            rd message "${text}bc"
            rd event v="$(head -c 4097 /dev/zero | tr '\0' '"')"
            """);
        var text = new string('a', 65535);
        Assert.Equal(
            [(text + "b", false), (text + "b", true), (text + "é", false), (text + "b", true)],
            tool.Lines().Take(4).Select(l => (l.Text, l.IsCut)));
        Assert.Equal((new string('"', 4096), true), (tool.Lines()[4].Data["v"], tool.Lines()[4].IsCut));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Flood_ends_at_the_limit_with_one_word_about_it(string shell)
    {
        using var tool = new ToolRun(shell);
        await tool.RunAsync("status", "first");
        await using (var events = new FileStream(tool.Events, FileMode.Open))
        {
            events.Seek((32 << 20) - 1, SeekOrigin.Begin);
            events.WriteByte((byte)'\n');
        }

        var (code, _, error) = await tool.ScriptAsync("rd message one 2>/dev/null & rd message two 2>/dev/null & rd message three 2>/dev/null & wait; rd message last");
        Assert.Equal(3, code);
        Assert.Contains("32 MiB", error, StringComparison.Ordinal);
        var tail = (await File.ReadAllBytesAsync(tool.Events, TestContext.Current.CancellationToken))[(32 << 20)..];
        Assert.Equal(TaskEventKind.Dropped, Assert.Single(new TaskEventReader(0).Add(tail)).Line.Kind);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Wrong_usage_is_two_and_shows_how(string shell)
    {
        using var tool = new ToolRun(shell);
        foreach (var words in new string[][] { [], ["sing"], ["message"], ["event"], ["event", "novalue"], ["event", "1=x"], ["event", "a b=x"], ["event", "=x"], ["inbox", "--wait"], ["inbox", "--wait", "-1"], ["inbox", "x"] })
        {
            var (code, output, error) = await tool.RunAsync(words);
            Assert.Equal((2, 0), (code, output.Length));
            Assert.Contains("rd blocked REASON", error, StringComparison.Ordinal);
        }

        var (help, text, _) = await tool.RunOutsideAsync("help");
        Assert.Equal(0, help);
        Assert.Contains("rd blocked REASON", ToolRun.TextOf(text), StringComparison.Ordinal);
        Assert.False(File.Exists(tool.Events));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task What_cannot_be_reported_is_told_in_a_word_and_by_the_exit_code(string shell)
    {
        using var tool = new ToolRun(shell);
        Assert.Contains("no task", (await tool.RunOutsideAsync("status", "x")).Error, StringComparison.Ordinal);
        await File.WriteAllTextAsync(tool.Workspace + "/exit", "exited 0 2 \n", TestContext.Current.CancellationToken);
        Assert.Contains("has ended", (await tool.RunAsync("status", "x")).Error, StringComparison.Ordinal);
        File.Delete(tool.Workspace + "/exit");
        // Stands for a full disk, as any write that fails.
        File.CreateSymbolicLink(tool.Events, "/dev/full");
        foreach (var text in new[] { "x", new string('x', 9000) })
        {
            var (code, _, error) = await tool.RunAsync("message", text);
            Assert.Equal(3, code);
            Assert.Contains("is the disk full?", error, StringComparison.Ordinal);
            Assert.Single(error.TrimEnd('\n').Split('\n'));
        }

        Directory.Delete(tool.Workspace, recursive: true);
        Assert.Contains("workspace of the task is gone", (await tool.RunAsync("status", "x")).Error, StringComparison.Ordinal);
        Assert.Contains("workspace of the task is gone", (await tool.RunAsync("inbox")).Error, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Hook_reports_what_says_most_of_a_tool_and_never_holds_it_up(string shell)
    {
        using var tool = new ToolRun(shell);
        await HookAsync("""{"session_id":"s","tool_input":{"description":"Lists","options":{"command":"no"},"list":["command","no",{"command":"no"}],"command":"ls \"a b\" \\ \u001b[0m é\n漢"},"tool_name":"Bash","hook_event_name":"PreToolUse"}""");
        await HookAsync("""{"tool_name" : "Write", "tool_input" : { "content": "x", "file_path": "/tmp/a" }, "tool_response": {"file_path": "/no"} }""");
        await HookAsync("""{"hook_event_name":"Notification","message":"Claude waits","tool_input":{"command":"x"}}""");
        await HookAsync("""{"hook_event_name":"Stop","stop_hook_active":false}""");
        await HookAsync($$$"""{"tool_name":"Bash","tool_input":{"command":"{{{new string('é', 400)}}}"}}""");
        foreach (var junk in new[] { "", "no json", "{\"tool_name\":", "[[[[", "{}{}}}}}", "\u0001\"\\u12" })
            await HookAsync(junk);
        Assert.Equal(
            [
                (TaskEventKind.Tool, "Bash: ls \"a b\" \\ \u001b[0m é\n漢"), (TaskEventKind.Tool, "Write: /tmp/a"), (TaskEventKind.Message, "Claude waits"),
                (TaskEventKind.Data, "hook=Stop"), (TaskEventKind.Tool, $"Bash: {new string('é', 300)}..."),
            ],
            tool.Lines().Select(l => (l.Kind, l.Text)));

        async Task HookAsync(string json)
        {
            tool.Write("input", Encoding.UTF8.GetBytes(json));
            var (code, output, _) = await tool.ScriptAsync("rd hook <input");
            Assert.Equal((0, 0), (code, output.Length));
        }
    }
}
