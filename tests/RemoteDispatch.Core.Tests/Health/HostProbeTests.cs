using RemoteDispatch.Connections;
using RemoteDispatch.Health;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Core.Tests.Health;

/// <summary>A check asks a real shell of this machine, and says what is missing with a remedy.</summary>
public sealed class HostProbeTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Check_of_a_host_that_is_fit_passes_what_is_required(string shell)
    {
        await using var client = Shells.Client(shell);
        var health = await new HostProbe(client).CheckAsync(_folder.Host, Cancel);
        Assert.True(health.Healthy, string.Join('\n', health.Checks));
        Assert.Null(health.Failure);
        Assert.Equal(["connect", "workspace", "detach", "disk"], health.Checks.Where(c => c.Required).Select(c => c.Name));
        Assert.Equal(_folder.Path + "/tasks", health.Checks.Single(c => c.Name == "workspace").Detail);
        Assert.NotEmpty(health.System!);
    }

    [Fact]
    public async Task Check_of_a_root_that_others_can_write_to_fails_with_a_remedy()
    {
        await using var client = Shells.Client("dash");
        Directory.CreateDirectory(_folder.Path + "/tasks");
        File.SetUnixFileMode(_folder.Path + "/tasks", (UnixFileMode)0b111_111_111);
        var health = await new HostProbe(client).CheckAsync(_folder.Host, Cancel);
        Assert.False(health.Healthy);
        var failed = Assert.Single(health.Checks, c => c.Status == CheckStatus.Fail);
        Assert.Equal("workspace", failed.Name);
        Assert.Contains("others can write", failed.Detail, StringComparison.Ordinal);
        Assert.NotEmpty(failed.Remedy!);
    }

    [Fact]
    public async Task Check_of_a_host_that_nobody_reaches_is_an_answer_and_no_exception()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no POSIX shell.");
        await using var client = new WorkspaceClient(new ConnectionOptions { Shell = ["/no/such/shell"] });
        var health = await new HostProbe(client).CheckAsync(_folder.Host, Cancel);
        Assert.False(health.Healthy);
        Assert.Equal((FailureReason.ClientMissing, "local"), (health.Failure!.Reason, health.Failure.Host));
        Assert.Equal(("connect", CheckStatus.Fail), (health.Checks[0].Name, health.Checks[0].Status));
        Assert.NotEmpty(health.Checks[0].Remedy!);
        Assert.All(health.Checks.Skip(1), c => Assert.Equal(CheckStatus.Skip, c.Status));
    }

    [Fact]
    public void Healthy_depends_on_required_checks_alone()
    {
        HostCheck Check(CheckStatus status, bool required) => new("x", status, required, TimeSpan.Zero, "");
        HostHealth Of(params HostCheck[] checks) => new() { Host = _folder.Host, Checks = checks };
        Assert.True(Of(Check(CheckStatus.Pass, true), Check(CheckStatus.Fail, false), Check(CheckStatus.Skip, false)).Healthy);
        Assert.False(Of(Check(CheckStatus.Pass, true), Check(CheckStatus.Fail, true)).Healthy);
        Assert.False(Of(Check(CheckStatus.Skip, true)).Healthy);
    }
}
