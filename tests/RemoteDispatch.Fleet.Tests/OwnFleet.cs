namespace RemoteDispatch.Fleet.Tests;

/// <summary>A fleet for one test, which may break it.</summary>
internal static class OwnFleet
{
    public static async Task<SshFleet> StartAsync(int count, Func<int, FleetHostOptions>? options = null)
    {
        Assert.SkipWhen(SshFleet.Missing is not null, SshFleet.Missing ?? "");
        return await SshFleet.StartAsync(count, options, TestContext.Current.CancellationToken);
    }
}
