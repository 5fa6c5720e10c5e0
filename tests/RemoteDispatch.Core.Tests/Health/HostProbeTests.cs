using RemoteDispatch.Connections;
using RemoteDispatch.Health;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Core.Tests.Health;

/// <summary>A check asks a real shell of this machine, and says what is missing with a remedy.</summary>
public sealed class HostProbeTests : IDisposable
{
    private static readonly HostCheckOptions Everything = new();

    private readonly TestFolder _folder = new();
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Check_of_a_host_that_is_fit_passes_what_is_required(string shell)
    {
        await using var client = Shells.Client(shell);
        var health = await new HostProbe(client, []).CheckAsync(_folder.Host, Everything, Cancel);
        Assert.True(health.Healthy, string.Join('\n', health.Checks));
        Assert.Null(health.Failure);
        Assert.Equal(["connect", "workspace", "detach", "survival", "disk"], health.Checks.Where(c => c.Required).Select(c => c.Name));
        Assert.Equal(_folder.Path + "/tasks", health["workspace"]!.Detail);
        Assert.NotEmpty(health.System!);
    }

    [Fact]
    public async Task Check_of_a_root_that_others_can_write_to_fails_with_a_remedy()
    {
        await using var client = Shells.Client("dash");
        Directory.CreateDirectory(_folder.Path + "/tasks");
        File.SetUnixFileMode(_folder.Path + "/tasks", (UnixFileMode)0b111_111_111);
        var health = await new HostProbe(client, []).CheckAsync(_folder.Host, Everything, Cancel);
        Assert.False(health.Healthy);
        var failed = Assert.Single(health.Checks, c => c.Required && c.Status == CheckStatus.Fail);
        Assert.Equal("workspace", failed.Name);
        Assert.Contains("others can write", failed.Detail, StringComparison.Ordinal);
        Assert.NotEmpty(failed.Remedy!);
    }

    [Fact]
    public async Task Check_of_a_host_that_nobody_reaches_is_an_answer_and_no_exception()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no POSIX shell.");
        await using var client = new WorkspaceClient(new ConnectionOptions { Shell = ["/no/such/shell"] });
        var health = await new HostProbe(client, []).CheckAsync(_folder.Host, Everything, Cancel);
        Assert.False(health.Healthy);
        Assert.Equal((FailureReason.ClientMissing, "local"), (health.Failure!.Reason, health.Failure.Host));
        Assert.Equal(("connect", CheckStatus.Fail), (health.Checks[0].Name, health.Checks[0].Status));
        Assert.NotEmpty(health.Checks[0].Remedy!);
        Assert.All(health.Checks.Skip(1), c => Assert.Equal(CheckStatus.Skip, c.Status));
        Assert.Null(health.FreeBytes);
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

    [Fact]
    public void Check_is_found_by_its_name_in_any_case()
    {
        var health = new HostHealth { Host = _folder.Host, Checks = [new HostCheck("docker", CheckStatus.Pass, false, TimeSpan.Zero, "")] };
        Assert.Equal(CheckStatus.Pass, health["Docker"]!.Status);
        Assert.Null(health["podman"]);
    }

    [Fact]
    public async Task Selected_checks_are_asked_and_no_other()
    {
        await using var bench = new HealthBench("dash");
        bench.StandIn("docker", $"touch '{bench.Home}/asked-docker'; echo 1");
        bench.StandIn("git", $"touch '{bench.Home}/asked-git'; echo git version 2.1");
        var health = await bench.CheckAsync("Git", "disk");
        Assert.Equal(["connect", "disk", "git"], health.Checks.Select(c => c.Name));
        Assert.True(health.Healthy);
        Assert.True(File.Exists(bench.Home + "/asked-git"));
        Assert.False(File.Exists(bench.Home + "/asked-docker"));
        Assert.False(Directory.Exists(bench.Root));
        Assert.NotNull(health.FreeBytes);
        Assert.Null(health.FreeInodes);
        Assert.Null(health.ClockOffset);
    }

    [Fact]
    public async Task Required_check_that_was_not_selected_is_asked_too_and_fails_the_host_where_it_is_not_there()
    {
        await using var bench = new HealthBench("dash");
        var health = await bench.CheckAsync(new HostCheckOptions { Checks = ["system"], Required = ["OrbStack"] });
        Assert.Equal(["connect", "system", "orbstack"], health.Checks.Select(c => c.Name));
        Assert.Equal((CheckStatus.Skip, true), (health["orbstack"]!.Status, health["orbstack"]!.Required));
        Assert.NotEmpty(health["orbstack"]!.Remedy!);
        Assert.False(health.Healthy);
    }

    [Fact]
    public async Task Unknown_check_is_refused_with_the_names_of_all()
    {
        await using var client = Shells.Client("dash");
        foreach (var options in new[] { new HostCheckOptions { Checks = ["gnu"] }, new HostCheckOptions { Required = ["gnu"] } })
        {
            var refusal = await Refusal.OfAsync(FailureReason.InvalidInput, () => new HostProbe(client, []).CheckAsync(_folder.Host, options, Cancel));
            Assert.Contains("connect, workspace", refusal.Remedy, StringComparison.Ordinal);
        }
    }
}
