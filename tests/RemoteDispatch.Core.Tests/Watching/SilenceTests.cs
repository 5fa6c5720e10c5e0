using RemoteDispatch.Watching;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Core.Tests.Watching;

/// <summary>When silence is a stall, and what is none.</summary>
public sealed class SilenceTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(30);

    private Silence? _silence;

    [Fact]
    public void Task_that_does_nothing_is_stalled_when_its_limit_is_over_and_not_before()
    {
        for (var minutes = 0; minutes < 30; minutes += 5)
            Assert.False(Feel(Pulse(minutes)).IsStalled);
        Assert.True(Feel(Pulse(30)).IsStalled);
        Assert.Equal(Limit, _silence!.For);
    }

    [Theory, InlineData("log"), InlineData("cpu"), InlineData("family")]
    public void Any_sign_of_life_begins_the_silence_anew(string sign)
    {
        Feel(Pulse(0));
        Feel(Pulse(10));
        Feel(Pulse(20));
        Assert.Equal(TimeSpan.Zero, Feel(Pulse(25, sign)).For);
        Assert.Equal(TimeSpan.FromMinutes(5), Feel(Pulse(30, sign)).For);
        Assert.False(_silence!.IsStalled);
    }

    [Fact]
    public void Stalled_task_that_does_something_is_stalled_no_more()
    {
        foreach (var minutes in new[] { 0, 15, 30 })
            Feel(Pulse(minutes));
        Assert.True(_silence!.IsStalled);
        Assert.False(Feel(Pulse(31, "log")).IsStalled);
    }

    [Fact]
    public void Host_that_slept_for_a_night_makes_no_stall()
    {
        Feel(Pulse(0));
        Feel(Pulse(7));
        // Its uptime went on, and nobody could look: that counts for half of the limit at most.
        Assert.Equal(TimeSpan.FromMinutes(22), Feel(Pulse(8 * 60)).For);
        Assert.False(_silence!.IsStalled);
    }

    [Fact]
    public void Uptime_that_went_back_is_another_boot_and_begins_anew()
    {
        Feel(Pulse(100));
        Feel(Pulse(115));
        Assert.Equal(TimeSpan.Zero, Feel(Pulse(1)).For);
    }

    [Fact]
    public void Timer_that_wakes_a_process_now_and_then_is_no_sign_of_life()
    {
        Feel(Pulse(0));
        // Ten minutes are 600 seconds: of these, half a second.
        Assert.Equal(TimeSpan.FromMinutes(10), Feel(Pulse(10) with { Cpu = TimeSpan.FromSeconds(1.5) }).For);
        Assert.Equal(TimeSpan.Zero, Feel(Pulse(20) with { Cpu = TimeSpan.FromSeconds(2.2) }).For);
    }

    private Silence Feel(TaskPulse pulse) => _silence = Silence.After(_silence, pulse, Limit);

    private static TaskPulse Pulse(double minutes, string sign = "") => new(
        TimeSpan.FromMinutes(minutes), sign == "log" ? 11 : 10, TimeSpan.FromSeconds(sign == "cpu" ? 9 : 1), 2, sign == "family" ? "b" : "a");
}
