namespace RemoteDispatch.Core.Tests;

/// <summary>Durations as people write and read them.</summary>
public sealed class DurationTests
{
    [Theory]
    [InlineData("90", 90), InlineData("90s", 90), InlineData("10m", 600), InlineData("1h30m", 5400), InlineData("7d", 604800), InlineData("1d2h3m4s", 93784)]
    [InlineData("1.5h", 5400), InlineData("0.5", 0.5), InlineData("0", 0), InlineData("0s", 0), InlineData("1H30M", 5400), InlineData(" 5m ", 300), InlineData("1h30", 3630)]
    [InlineData("0:10:00", 600), InlineData("00:00:01.5", 1.5), InlineData("1.02:03:04", 93784), InlineData("999999d", 86399913600)]
    public void Parse_of_a_duration_gives_its_seconds(string text, double seconds) => Assert.Equal(TimeSpan.FromSeconds(seconds), Duration.Parse(text));

    [Theory]
    [InlineData(""), InlineData(" "), InlineData("s"), InlineData("h"), InlineData("-5"), InlineData("-5s"), InlineData("+5s"), InlineData("5x"), InlineData("5 m"), InlineData("30m1h")]
    [InlineData("1m1m"), InlineData("1,5h"), InlineData(".5h"), InlineData("5."), InlineData("1e3"), InlineData("-0:10:00"), InlineData(":"), InlineData("0:99:00"), InlineData("infinite")]
    [InlineData("99999999999s"), InlineData("10m\n5s"), InlineData("$(id)"), InlineData("NaN")]
    public void Parse_of_anything_else_is_refused(string text)
    {
        Refusal.Of(FailureReason.InvalidInput, () => Duration.Parse(text));
        Assert.False(Duration.TryParse(text, out var none));
        Assert.Null(none);
    }

    // Bug in Core (Duration.Pattern): \d stands for the digits of every script, which double.Parse does not read: a FormatException.
    [Theory, InlineData("٣s"), InlineData("１０m")]
    public void Parse_of_digits_of_another_script_is_refused(string text) => Refusal.Of(FailureReason.InvalidInput, () => Duration.Parse(text));

    [Theory]
    [InlineData(0, "0s"), InlineData(0.04, "0s"), InlineData(0.44, "0.4s"), InlineData(1, "1s"), InlineData(9.5, "9.5s"), InlineData(10, "10s"), InlineData(12.9, "12s"), InlineData(59.9, "59s")]
    [InlineData(60, "1m 00s"), InlineData(200, "3m 20s"), InlineData(3599, "59m 59s"), InlineData(3600, "1h 00m"), InlineData(7500, "2h 05m"), InlineData(86399, "23h 59m")]
    [InlineData(86400, "1d 00h"), InlineData(273600, "3d 04h"), InlineData(86400 * 1000.0, "1000d 00h")]
    public void Show_of_seconds_is_as_short_as_it_can_be(double seconds, string expected) => Assert.Equal(expected, Duration.Show(TimeSpan.FromSeconds(seconds)));

    [Theory, InlineData(0), InlineData(9.5), InlineData(59), InlineData(200), InlineData(7500), InlineData(273600)]
    public void Parse_of_what_is_shown_is_the_same_duration(double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Duration.Parse(Duration.Show(TimeSpan.FromSeconds(seconds)).Replace(" ", "", StringComparison.Ordinal)));
}
