using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Core.Tests.Workspaces;

/// <summary>The one line that a workspace says of its task.</summary>
public sealed class WorkspaceStateTests
{
    private static readonly DateTimeOffset Time = DateTimeOffset.FromUnixTimeSeconds(1771668000);

    [Fact]
    public void Parse_of_each_state_finds_its_parts()
    {
        Assert.Equal(new Absent(), WorkspaceState.Parse("absent"));
        Assert.Equal(new Claimed(Time, true), WorkspaceState.Parse("claimed yes 1771668000"));
        Assert.Equal(new Claimed(DateTimeOffset.UnixEpoch, false), WorkspaceState.Parse("claimed no 0"));
        Assert.Equal(new Running(new ProcessIdentity(12, 34, "567", "boot-id"), Time), WorkspaceState.Parse("running 12 34 567 boot-id 1771668000"));
        Assert.Equal(new Lost(Time), WorkspaceState.Parse("lost 1771668000"));
    }

    [Theory]
    [InlineData("ended exited 0 1771668000 1771668090 ", "Exited", 0, ""), InlineData("ended exited 255 1771668000 1771668090", "Exited", 255, "")]
    [InlineData("ended timed-out 143 1771668000 1771668090 ", "TimedOut", 143, ""), InlineData("ended stopped 137 1771668000 1771668090 ", "Stopped", 137, "")]
    [InlineData("ended launch-failed 0 1771668000 1771668090 the folder '/a b' cannot be entered", "LaunchFailed", 0, "the folder '/a b' cannot be entered")]
    public void Parse_of_an_end_finds_its_kind_and_its_reason_to_the_line_end(string line, string kind, int code, string why) =>
        Assert.Equal(new Ended(Enum.Parse<EndKind>(kind), code, Time, Time.AddSeconds(90), why), WorkspaceState.Parse(line));

    [Theory]
    [InlineData(""), InlineData(" "), InlineData("nonsense"), InlineData("Absent"), InlineData("ended"), InlineData("ended exploded 0 1 2 "), InlineData("ended exited"), InlineData("ended exited 0 1")]
    [InlineData("ended exited x 1 2 "), InlineData("ended exited 99999999999 1 2 "), InlineData("ended exited 0 x 2 "), InlineData("ended exited 0 1 99999999999999999999 "), InlineData("ended exited 0 1 999999999999999 ")]
    [InlineData("running"), InlineData("running 1 2 3"), InlineData("running 1 2 3 boot"), InlineData("running x 2 3 boot 1"), InlineData("running 1 2 3 boot "), InlineData("lost"), InlineData("lost x")]
    [InlineData("claimed"), InlineData("claimed yes"), InlineData("claimed yes x"), InlineData("claimed yes ")]
    public void Parse_of_a_damaged_line_is_an_error_that_the_client_understands(string line)
    {
        // WorkspaceClient.Understand makes an UnexpectedReply of these, and of no others.
        var e = Record.Exception(() => WorkspaceState.Parse(line));
        Assert.True(e is FormatException or OverflowException or IndexOutOfRangeException or InvalidCastException or ArgumentException, $"{line}: {e}");
    }
}
