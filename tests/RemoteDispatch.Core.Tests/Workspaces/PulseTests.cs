using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Core.Tests.Workspaces;

/// <summary>What a host says of how much a task has done, under each shell.</summary>
public sealed class PulseTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Task_that_only_waits_has_the_same_pulse_while_the_host_goes_on(string shell)
    {
        await using var client = Shells.Client(shell);
        await LaunchAsync(client, "quiet", "echo 12345; exec sleep 1000");
        TaskPulse first, second;
        do
            first = await FeelAsync(client, "quiet");
        while (first.LogBytes == 0 || first.Processes != 2);
        do
            second = await FeelAsync(client, "quiet");
        while (second.Uptime - first.Uptime < TimeSpan.FromSeconds(1));
        Assert.Equal((6L, 2, first.Family), (second.LogBytes, second.Processes, second.Family));
        Assert.True(second.Cpu - first.Cpu <= TimeSpan.FromMilliseconds(10), $"{first} {second}");
        await StopAsync(client, "quiet");
        Assert.Null((await client.PulseAsync(_folder.Host, ["quiet", "never-was"], Cancel))[0]);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Processor_time_of_a_child_in_a_session_of_its_own_counts(string shell)
    {
        await using var client = Shells.Client(shell);
        await LaunchAsync(client, "busy", "(setsid sh -c 'while :; do :; done' >/dev/null 2>&1 &) ; exec sleep 1000");
        var first = await FeelAsync(client, "busy");
        var next = first;
        while (next.Cpu - first.Cpu < TimeSpan.FromMilliseconds(100))
            next = await FeelAsync(client, "busy");
        await StopAsync(client, "busy");
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Child_that_came_and_went_between_two_pulses_is_noticed(string shell)
    {
        await using var client = Shells.Client(shell);
        await LaunchAsync(client, "brief", $"while [ ! -e '{_folder.Path}/go' ]; do read -t 1 x 2>/dev/null || :; done; true & wait; /bin/true; touch '{_folder.Path}/went'; exec sleep 1000");
        var first = await FeelAsync(client, "brief");
        await File.WriteAllTextAsync(_folder.Path + "/go", "", Cancel);
        while (!File.Exists(_folder.Path + "/went"))
            await Task.Delay(5, Cancel);
        Assert.NotEqual(first.Family, (await FeelAsync(client, "brief")).Family);
        await StopAsync(client, "brief");
    }

    private async Task<TaskPulse> FeelAsync(WorkspaceClient client, string id) =>
        Assert.IsType<TaskPulse>((await client.PulseAsync(_folder.Host, [id], Cancel))[0]);

    private async Task LaunchAsync(WorkspaceClient client, string id, string command) =>
        Assert.IsType<LaunchAnswer.Started>(await client.LaunchAsync(_folder.Host, TestOrders.Order(id, command), Cancel));

    private async Task StopAsync(WorkspaceClient client, string id)
    {
        while ((await client.StopAsync(_folder.Host, id, StopStep.Kill, Cancel, "it was\nsilent")).State is not Ended)
            await Task.Delay(10, Cancel);
        var ended = (Ended)(await client.StatusAsync(_folder.Host, [id], Cancel))[0];
        Assert.Equal((EndKind.Stopped, "it was\\nsilent"), (ended.Kind, ended.Why));
    }
}
