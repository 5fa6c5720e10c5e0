using RemoteDispatch.Core.Tests.Hosts;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Core.Tests.Tasks;

/// <summary>An id is a name and nothing else.</summary>
public sealed class TaskIdTests
{
    public static TheoryData<string> Hostile => new(HostAddressTests.HostileNames().Concat([".hidden", "_x", "a/b", "a\\b", "a~b", "a%b", "a@b", "a:b", "é", new string('a', 65)]));

    [Theory, InlineData("a"), InlineData("0"), InlineData("A.b_c-d"), InlineData("a..b"), InlineData("a-"), InlineData("nightly-2026.02.21"), InlineData("aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg")]
    public void Parse_of_an_id_keeps_it(string text)
    {
        Assert.Equal((text, text), (TaskId.Parse(text).Value, TaskId.Parse(text).ToString()));
        Assert.Equal(TaskId.Parse(text), TaskId.Parse(text));
    }

    [Theory, MemberData(nameof(Hostile))]
    public void Parse_of_anything_else_is_refused(string text)
    {
        Refusal.Of(FailureReason.InvalidInput, () => TaskId.Parse(text));
        Assert.False(TaskId.TryParse(text, out _));
    }

    [Fact]
    public void New_ids_sort_by_their_time_and_are_ids()
    {
        var clock = new ClockDouble(new DateTimeOffset(2026, 12, 31, 23, 59, 59, 990, TimeSpan.Zero));
        var ids = new List<string>();
        for (var i = 0; i < 200; i++)
        {
            ids.Add(TaskId.New(clock).Value);
            clock.Advance(TimeSpan.FromMilliseconds(i + 1));
        }

        Assert.Equal(ids.Order(StringComparer.Ordinal), ids);
        Assert.StartsWith("20261231-235959-990-", ids[0], StringComparison.Ordinal);
        Assert.All(ids, id => Assert.True(TaskId.TryParse(id, out _), id));
    }

    [Fact]
    public void New_ids_of_one_moment_differ()
    {
        var clock = new ClockDouble();
        Assert.Distinct(Enumerable.Range(0, 1000).Select(_ => TaskId.New(clock).Value));
    }
}
