namespace RemoteDispatch.Core.Tests;

/// <summary>Amounts of bytes as people type and read them.</summary>
public sealed class ByteSizeTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("4096", 4096)]
    [InlineData("1k", 1024)]
    [InlineData("500MB", 500L << 20)]
    [InlineData("20 GiB", 20L << 30)]
    [InlineData("1.5T", 3L << 39)]
    public void Amount_is_read_in_units_of_1024(string text, long bytes) => Assert.Equal(bytes, ByteSize.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("GB")]
    [InlineData("1,5GB")]
    [InlineData("9999999999TB")]
    [InlineData("20 apples")]
    public void Text_that_is_no_amount_is_refused(string text) =>
        Assert.Equal(FailureReason.InvalidInput, Assert.Throws<DispatchException>(() => ByteSize.Parse(text)).Reason);

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(4096, "4 KiB")]
    [InlineData(3565158, "3.4 MiB")]
    [InlineData(20L << 30, "20 GiB")]
    public void Amount_is_shown_as_people_read_it(long bytes, string text) => Assert.Equal(text, ByteSize.Show(bytes));
}
