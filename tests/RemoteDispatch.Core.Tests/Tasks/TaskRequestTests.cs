using System.Text.Json;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Core.Tests.Tasks;

/// <summary>A request is checked before it is sent, and told from another by its digest.</summary>
public sealed class TaskRequestTests
{
    private static readonly TaskRequest Plain = new() { Command = "true" };

    // By name: as data, a command of 16 MiB would go into every report.
    private static readonly Dictionary<string, TaskRequest> Good = new()
    {
        ["plain"] = Plain,
        ["hostile text"] = new TaskRequest { Command = "'\"`$(exit 9)\\\r\n\t\u0001 é漢🎉" },
        ["dash"] = new TaskRequest { Command = "-x" },
        ["largest"] = new TaskRequest { Command = new string('x', TaskRequest.LargestCommand) },
        ["folder"] = Plain with { WorkingDirectory = "/with blank/$(x)" },
        ["limits"] = Plain with { TimeLimit = TimeSpan.FromDays(365), StopGrace = TimeSpan.FromHours(1) },
        ["no grace"] = Plain with { TimeLimit = TimeSpan.FromSeconds(1), StopGrace = TimeSpan.Zero },
        ["runner"] = Plain with { Runner = TaskRunner.Tmux },
        ["agent"] = Plain with { AgentForwarding = AgentForwarding.Required },
        ["agent of the task's own"] = Plain with { Environment = Variables(("SSH_AUTH_SOCK", "/run/agent")) },
        ["variables"] = Plain with { Environment = Variables(("A", ""), ("_b1", "line\nline"), ("PATH", "/bin")) },
    };

    private static readonly Dictionary<string, TaskRequest> Bad = new()
    {
        ["empty"] = Plain with { Command = "" },
        ["blank"] = Plain with { Command = " \n\t" },
        ["NUL"] = Plain with { Command = "a\0b" },
        ["too large"] = Plain with { Command = new string('x', TaskRequest.LargestCommand + 1) },
        ["too large in bytes"] = Plain with { Command = new string('é', (TaskRequest.LargestCommand / 2) + 1) },
        ["high surrogate"] = Plain with { Command = "a\ud83d" },
        ["low surrogate"] = Plain with { Command = "\udf89a" },
        ["swapped surrogates"] = Plain with { Command = "\udf89\ud83d" },
        ["empty folder"] = Plain with { WorkingDirectory = "" },
        ["folder of two lines"] = Plain with { WorkingDirectory = "/a\nb" },
        ["folder with a carriage return"] = Plain with { WorkingDirectory = "/a\rb" },
        ["folder with NUL"] = Plain with { WorkingDirectory = "/a\0b" },
        // Bug in Core (TaskRequest.Validate): half a surrogate pair becomes U+FFFD on its way, and names another folder.
        ["folder with a surrogate"] = Plain with { WorkingDirectory = "/a\ud83d" },
        ["no time"] = Plain with { TimeLimit = TimeSpan.Zero },
        ["negative time"] = Plain with { TimeLimit = TimeSpan.FromSeconds(-1) },
        ["too much time"] = Plain with { TimeLimit = TimeSpan.FromDays(366) },
        ["negative grace"] = Plain with { StopGrace = TimeSpan.FromTicks(-1) },
        ["no runner"] = Plain with { Runner = (TaskRunner)42 },
        ["no agent forwarding"] = Plain with { AgentForwarding = (AgentForwarding)42 },
        ["two agents"] = Plain with { AgentForwarding = AgentForwarding.Forward, Environment = Variables(("SSH_AUTH_SOCK", "/run/agent")) },
        ["too much grace"] = Plain with { StopGrace = TimeSpan.FromMinutes(61) },
        ["variable without a name"] = Plain with { Environment = Variables(("", "x")) },
        ["variable with a dash"] = Plain with { Environment = Variables(("-x", "x")) },
        ["variable with a digit first"] = Plain with { Environment = Variables(("1A", "x")) },
        ["variable that runs"] = Plain with { Environment = Variables(("A=$(id)", "x")) },
        ["variable of two lines"] = Plain with { Environment = Variables(("A\nB", "x")) },
        ["variable beyond ASCII"] = Plain with { Environment = Variables(("Ä", "x")) },
        ["variable of ours"] = Plain with { Environment = Variables(("REMOTE_DISPATCH_ID", "x")) },
        ["value with NUL"] = Plain with { Environment = Variables(("A", "a\0b")) },
        ["value with a surrogate"] = Plain with { Environment = Variables(("A", "\ud83d")) },
        ["argument with NUL"] = Plain with { Arguments = ["good", "a\0"] },
        ["argument with a surrogate"] = Plain with { Arguments = ["\ud83d"] },
    };

    public static TheoryData<string> GoodNames => new(Good.Keys);

    public static TheoryData<string> BadNames => new(Bad.Keys);

    [Theory, MemberData(nameof(GoodNames))]
    public void Validate_of_what_can_be_sent_is_content(string name) => Assert.Null(Record.Exception(Good[name].Validate));

    [Theory, MemberData(nameof(BadNames))]
    public void Validate_of_what_cannot_be_sent_is_refused_on_one_short_line(string name)
    {
        var message = Refusal.Of(FailureReason.InvalidInput, Bad[name].Validate).Message;
        Assert.DoesNotContain(message, char.IsControl);
        Assert.True(message.Length < 200, message);
    }

    [Fact]
    public void Digest_of_any_other_request_differs()
    {
        TaskRequest[] requests =
        [
            Plain, Plain with { Command = "true " }, Plain with { WorkingDirectory = "login" }, Plain with { LoginShell = true }, Plain with { TimeLimit = TimeSpan.FromSeconds(1) },
            Plain with { TimeLimit = TimeSpan.FromSeconds(2) }, Plain with { Environment = Variables(("A", "B")) }, Plain with { Environment = Variables(("A", "")) },
            Plain with { Environment = Variables(("AB", "")) }, Plain with { Environment = Variables(("A", "B"), ("C", "D")) }, Plain with { Environment = Variables(("A", "D"), ("C", "B")) },
            Plain with { Arguments = ["A", "B"] }, Plain with { Arguments = ["A B"] }, Plain with { Arguments = ["B", "A"] }, Plain with { Arguments = ["A", "B", ""] }, Plain with { Arguments = [""] },
            Plain with { Command = "tru", WorkingDirectory = "e" },
            Plain with { Runner = TaskRunner.Session }, Plain with { Runner = TaskRunner.Tmux }, Plain with { Runner = TaskRunner.Tmux, LoginShell = true }, Plain with { Arguments = [" Tmux"] },
            Plain with { AgentForwarding = AgentForwarding.Forward }, Plain with { AgentForwarding = AgentForwarding.Required }, Plain with { Arguments = ["agent forwarding Forward"] },
            Plain with { SeparateError = true }, Plain with { SeparateError = true, ReportToolUse = true }, Plain with { ReportToolUse = true }, Plain with { Arguments = ["stderr apart"] },
        ];
        Assert.Distinct(requests.Select(r => r.Digest()));
        Assert.All(requests, r => Assert.Matches("^[0-9a-f]{64}$", r.Digest()));
    }

    [Fact]
    public void Digest_of_the_same_request_is_the_same_whatever_its_id_and_the_order_of_its_variables()
    {
        var one = Plain with { Id = TaskId.Parse("a"), Environment = Variables(("A", "1"), ("B", "2")) };
        var other = Plain with { Id = TaskId.Parse("b"), Environment = new Dictionary<string, string> { ["B"] = "2", ["A"] = "1" } };
        Assert.Equal(one.Digest(), other.Digest());
    }

    [Fact]
    public void Digest_of_a_request_that_names_no_runner_is_what_it_was_before_there_were_any() => Assert.Equal(
        "e72466f7086f3844cbe55b562d1850b2219bef60ced3945a4b84a502787d1f9f", (Plain with { WorkingDirectory = "/srv", Arguments = ["x"] }).Digest());

    [Fact]
    public void Stderr_that_is_kept_apart_is_a_word_of_the_launch_and_in_the_record_and_else_nowhere()
    {
        var id = TaskId.Parse("a");
        var apart = Plain with { SeparateError = true };
        Assert.Equal(["stderr"], apart.ToOrder(id, default).With);
        Assert.Contains("\"separateError\":true", apart.ToJson(id, default), StringComparison.Ordinal);
        Assert.Empty(Plain.ToOrder(id, default).With);
        Assert.DoesNotContain("separate", Plain.ToJson(id, default), StringComparison.Ordinal);
    }

    [Fact]
    public void ToJson_names_a_runner_that_was_chosen()
    {
        Assert.DoesNotContain("runner", Plain.ToJson(TaskId.Parse("a"), default), StringComparison.Ordinal);
        Assert.Contains("\"runner\":\"Tmux\"", (Plain with { Runner = TaskRunner.Tmux }).ToJson(TaskId.Parse("a"), default), StringComparison.Ordinal);
    }

    [Fact]
    public void ToJson_says_that_an_agent_was_asked_for()
    {
        Assert.DoesNotContain("agent", Plain.ToJson(TaskId.Parse("a"), default), StringComparison.Ordinal);
        Assert.Contains("\"agentForwarding\":\"Required\"", (Plain with { AgentForwarding = AgentForwarding.Required }).ToJson(TaskId.Parse("a"), default), StringComparison.Ordinal);
    }

    [Fact]
    public void ToJson_is_one_line_of_JSON_with_what_was_asked()
    {
        var request = Plain with
        {
            Command = "echo 'a'\necho é🎉", WorkingDirectory = "/a\"b", LoginShell = true, TimeLimit = TimeSpan.FromSeconds(90), Environment = Variables(("A", "1\n2")),
        };
        var text = request.ToJson(TaskId.Parse("id-1"), new DateTimeOffset(2026, 2, 21, 12, 0, 0, 5, TimeSpan.FromHours(2)));
        Assert.DoesNotContain('\n', text);
        using var document = JsonDocument.Parse(text);
        var json = document.RootElement;
        Assert.Equal(("id-1", "echo 'a'\\necho é🎉"), (json.GetProperty("id").GetString(), json.GetProperty("command").GetString()));
        Assert.Equal("2026-02-21T10:00:00.005Z", json.GetProperty("dispatched").GetString());
        Assert.Equal("/a\"b", json.GetProperty("workingDirectory").GetString());
        Assert.Equal((true, 90), (json.GetProperty("loginShell").GetBoolean(), json.GetProperty("timeLimitSeconds").GetInt32()));
        Assert.Equal("1\n2", json.GetProperty("environment").GetProperty("A").GetString());
    }

    [Fact]
    public void Summary_of_a_long_command_is_one_line_of_200_characters()
    {
        Assert.Equal("a\\nb", (Plain with { Command = "\n a\nb \n" }).Summary);
        Assert.Equal(200, (Plain with { Command = new string('x', 1000) }).Summary.Length);
    }

    private static SortedDictionary<string, string> Variables(params (string Name, string Value)[] variables) =>
        new(variables.ToDictionary(v => v.Name, v => v.Value), StringComparer.Ordinal);
}
