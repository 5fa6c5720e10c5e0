using System.Text;
using RemoteDispatch.Credentials;
using RemoteDispatch.Hosts;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Core.Tests.Tasks;

/// <summary>Lines of events: read once each, whatever they hold, however they come.</summary>
public sealed class TaskEventTests
{
    private const string Good = """{"time":1700000000,"kind":"message","text":"good"}""";

    [Fact]
    public void Line_that_is_no_event_is_unknown_and_shown_as_it_is()
    {
        foreach (var line in new[]
        {
            "text", "[]", "1", "null", "{", "{}", """{"kind":1}""", """{"kind":"sing"}""", """{"kind":"message"}""", """{"kind":"message","text":1}""",
            """{"kind":"event","data":[]}""", """{"kind":"event"}""", """{"kind":"message","text":"\ud800"}""", """{"kind":"event","data":{"\udfff":"x"}}""", new string('[', 5000),
        })
        {
            var read = Parse(line);
            Assert.Equal((TaskEventKind.Unknown, line[..Math.Min(line.Length, TaskEventLine.LongestUnknown)]), (read.Kind, read.Text));
        }
    }

    [Fact]
    public void Time_that_is_none_costs_nothing_but_the_time()
    {
        foreach (var time in new[] { "-1", "1e400", "\"now\"", "999999999999999", "99999999999999999999", "{}" })
            Assert.Equal((TaskEventKind.Status, null), Kind(Parse($$"""{"time":{{time}},"kind":"status","text":"x"}""")));
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1700000000), Parse(Good).Time);

        static (TaskEventKind, DateTimeOffset?) Kind(TaskEventLine line) => (line.Kind, line.Time);
    }

    [Fact]
    public void Data_that_is_no_text_is_shown_as_it_stands()
    {
        var read = Parse("""{"kind":"event","data":{"n":1.50,"b":true,"o":{"a":[1]},"n":"last"}}""");
        Assert.Equal("last", read.Data["n"]);
        Assert.Equal("{\"a\":[1]}", read.Data["o"]);
        Assert.Equal(TaskEventKind.Data, read.Kind);
    }

    [Fact]
    public void Event_behind_one_that_a_full_disk_cut_is_not_lost()
    {
        var text = $$"""{"time":1700000000,"kind":"message","te{{Good}}""" + "\n" + Good + "\n";
        var lines = new TaskEventReader(0).Add(Encoding.UTF8.GetBytes(text));
        Assert.Equal([TaskEventKind.Unknown, TaskEventKind.Message, TaskEventKind.Message], lines.Select(l => l.Line.Kind));
        AssertContiguous(lines, 0, text.Length);
    }

    [Fact]
    public void Cursor_within_a_line_begins_with_the_next()
    {
        var bytes = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 5).Select(n => $$"""{"time":1,"kind":"status","text":"{{n}}"}""" + "\n")));
        var length = bytes.Length / 5;
        for (var begin = 0; begin <= bytes.Length; begin++)
        {
            var reader = new TaskEventReader(begin);
            var lines = reader.Add(bytes.AsSpan((int)reader.ReadFrom));
            Assert.Equal(Enumerable.Range(0, 5).Where(n => n * length >= begin).Select(n => $"{n}"), lines.Select(l => l.Line.Text));
            Assert.All(lines, l => Assert.Equal(int.Parse(l.Line.Text) * (long)length, l.Offset));
        }
    }

    [Fact]
    public void Line_without_an_end_costs_bounded_memory_and_only_itself()
    {
        var reader = new TaskEventReader(0);
        var lines = new List<PlacedLine>();
        for (var n = 0; n < 50; n++)
            lines.AddRange(reader.Add(new byte[100_000]));
        lines.AddRange(reader.Add(Encoding.UTF8.GetBytes("\n" + Good + "\n")));
        Assert.Equal([TaskEventKind.Unknown, TaskEventKind.Message], lines.Select(l => l.Line.Kind));
        Assert.True(lines[0].Line.IsCut);
        Assert.Equal((5_000_001, 5_000_002 + Good.Length), (lines[1].Offset, lines[1].NextOffset));
    }

    [Fact]
    public void Random_and_damaged_lines_never_fail_and_read_alike_however_they_are_cut()
    {
        var random = new Random(7);
        for (var round = 0; round < 300; round++)
        {
            var bytes = new List<byte>();
            for (var n = random.Next(1, 8); n > 0; n--)
            {
                var line = Encoding.UTF8.GetBytes(random.Next(3) switch
                {
                    0 => """{"time":17,"kind":"event","data":{"tool":"Bash","summary":"ls \ud83c\udf89"},"cut":true}""",
                    1 => """{"time":17,"kind":"blocked","text":"é \"x\" \u0000"}""",
                    _ => new string('{', random.Next(40)),
                });
                for (var damage = random.Next(3); damage > 0 && line.Length > 0; damage--)
                    line[random.Next(line.Length)] = (byte)random.Next(256);
                bytes.AddRange(line);
                bytes.Add((byte)'\n');
            }

            var whole = Read([.. bytes], _ => bytes.Count);
            Assert.Equal(whole, Read([.. bytes], _ => random.Next(1, 20)));
            Assert.Equal(whole, Read([.. bytes], _ => 1));
        }

        static List<(TaskEventKind, string, long, long)> Read(byte[] bytes, Func<int, int> step)
        {
            var reader = new TaskEventReader(0);
            var lines = new List<PlacedLine>();
            for (var at = 0; at < bytes.Length;)
            {
                var count = Math.Min(step(at), bytes.Length - at);
                lines.AddRange(reader.Add(bytes.AsSpan(at, count)));
                at += count;
            }

            lines.AddRange(reader.Finish());
            return [.. lines.Select(l => (l.Line.Kind, l.Line.Text, l.Offset, l.NextOffset))];
        }
    }

    [Fact]
    public void Values_of_credentials_are_masked_behind_the_json_that_escapes_them()
    {
        var mask = new EventMask([CredentialGrant.Create("TOKEN", "s3\"cr\\et-é-漢")]);
        var task = new RemoteTask { Id = "t", Host = DispatchHost.Local, State = TaskState.Running };
        var message = mask.Show(task, Place("""{"time":1,"kind":"message","text":"it is s3\"cr\\et-\u00e9-\u6f22!"}"""));
        Assert.Matches(@"^it is \*+!$", message.Text);
        var data = mask.Show(task, Place("""{"time":1,"kind":"event","data":{"tool":"Bash","summary":"echo s3\"cr\\et-\u00e9-\u6f22","s3\"cr\\et-\u00e9-\u6f22":"x"}}"""));
        Assert.Matches(@"^Bash: echo \*+$", data.Text);
        Assert.DoesNotContain("s3", string.Concat(data.Data.Select(p => p.Key + p.Value)), StringComparison.Ordinal);
        // Cut in the middle of the value.
        Assert.Matches(@"^it is \*+$", mask.Show(task, Place("""{"time":1,"kind":"message","text":"it is s3\"cr\\e","cut":true}""")).Text);

        static PlacedLine Place(string line) => new(Parse(line), 0, 1);
    }

    [Fact]
    public void Event_is_shown_in_one_line_that_moves_no_cursor()
    {
        var shown = new TaskEvent { TaskId = "t", HostName = "h", Kind = TaskEventKind.Message, Text = "a\u001b[2Jb\nc" };
        Assert.Equal(@"Message: a\u001b[2Jb\nc", shown.ToString());
    }

    private static TaskEventLine Parse(string line) => TaskEventLine.Parse(Encoding.UTF8.GetBytes(line));

    private static void AssertContiguous(IReadOnlyList<PlacedLine> lines, long from, long to)
    {
        foreach (var line in lines)
        {
            Assert.Equal(from, line.Offset);
            from = line.NextOffset;
        }

        Assert.Equal(to, from);
    }
}
