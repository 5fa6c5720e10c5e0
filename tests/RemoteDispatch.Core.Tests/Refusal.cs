namespace RemoteDispatch.Core.Tests;

/// <summary>Expects the library's one exception, with a reason and a remedy.</summary>
internal static class Refusal
{
    public static DispatchException Of(FailureReason reason, Action act) => Checked(reason, Assert.Throws<DispatchException>(act));

    public static async Task<DispatchException> OfAsync(FailureReason reason, Func<Task> act) =>
        Checked(reason, await Assert.ThrowsAsync<DispatchException>(act));

    private static DispatchException Checked(FailureReason reason, DispatchException failure)
    {
        Assert.True(reason == failure.Reason, $"expected {reason}, was {failure.Reason}: {failure}");
        Assert.NotEmpty(failure.Message);
        Assert.NotEmpty(failure.Remedy);
        return failure;
    }
}
