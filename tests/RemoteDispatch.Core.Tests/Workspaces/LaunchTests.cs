using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Core.Tests.Workspaces;

/// <summary>A task is claimed once, started once, and proved to run, under every shell.</summary>
public sealed class LaunchTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Launch_of_a_command_proves_its_process_and_records_its_end(string shell)
    {
        await using var client = Shells.Client(shell);
        var answer = await client.LaunchAsync(_folder.Host, TestOrders.Order("a", "echo out; echo err >&2; exit 7"), Cancel);

        var started = Assert.IsType<LaunchAnswer.Started>(answer);
        Assert.True(started.State.Process.Pid > 1);
        var ended = await client.EndAsync(_folder.Host, "a");
        Assert.Equal((EndKind.Exited, 7), (ended.Kind, ended.ExitCode));
        Assert.Equal("out\nerr\n", await File.ReadAllTextAsync(_folder.Workspace("a") + "/log", Cancel));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Command_of_a_megabyte_with_every_metacharacter_arrives_byte_for_byte(string shell)
    {
        await using var client = Shells.Client(shell);
        var hostile = "'\"`$(exit 9)${HOME}\\\r\n\t!*?[]{}~#&|;<> é 漢字 🎉 \u0001\u001e)0\n";
        var command = "cp \"$REMOTE_DISPATCH_WORKSPACE/command\" \"$REMOTE_DISPATCH_WORKSPACE/copy\"; exit 0\n"
            + string.Concat(Enumerable.Repeat(hostile, (1 << 20) / hostile.Length));
        await client.LaunchAsync(_folder.Host, TestOrders.Order("big", command), Cancel);

        Assert.Equal(0, (await client.EndAsync(_folder.Host, "big")).ExitCode);
        Assert.Equal(command, await File.ReadAllTextAsync(_folder.Workspace("big") + "/copy", Cancel));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Launch_again_with_the_same_request_is_the_same_task_and_runs_once(string shell)
    {
        await using var client = Shells.Client(shell);
        var order = TestOrders.Order("once", $"echo ran >>{_folder.Path}/runs");
        await client.LaunchAsync(_folder.Host, order, Cancel);
        var again = await client.LaunchAsync(_folder.Host, order, Cancel);
        Assert.IsType<LaunchAnswer.Taken>(again);

        await client.EndAsync(_folder.Host, "once");
        var afterTheEnd = Assert.IsType<LaunchAnswer.Taken>(await client.LaunchAsync(_folder.Host, order, Cancel));
        Assert.IsType<Ended>(afterTheEnd.State);
        Assert.Equal("ran\n", await File.ReadAllTextAsync(_folder.Path + "/runs", Cancel));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Twenty_launches_of_one_id_at_once_run_it_once(string shell)
    {
        var order = TestOrders.Order("race", $"echo ran >>{_folder.Path}/runs");
        var clients = Enumerable.Range(0, 20).Select(_ => Shells.Client(shell)).ToArray();
        var answers = await Task.WhenAll(clients.Select(c => c.LaunchAsync(_folder.Host, order, Cancel)));

        Assert.Single(answers.OfType<LaunchAnswer.Started>());
        Assert.Equal(19, answers.OfType<LaunchAnswer.Taken>().Count());
        await clients[0].EndAsync(_folder.Host, "race");
        Assert.Equal("ran\n", await File.ReadAllTextAsync(_folder.Path + "/runs", Cancel));
        foreach (var client in clients)
            await client.DisposeAsync();
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Launch_with_another_request_under_the_same_id_is_a_conflict(string shell)
    {
        await using var client = Shells.Client(shell);
        await client.LaunchAsync(_folder.Host, TestOrders.Order("mine", "exit 0"), Cancel);
        await client.EndAsync(_folder.Host, "mine");
        Assert.IsType<LaunchAnswer.Conflict>(await client.LaunchAsync(_folder.Host, TestOrders.Order("mine", "exit 1"), Cancel));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Launch_that_died_after_its_claim_is_finished_by_the_next(string shell)
    {
        await using var client = Shells.Client(shell);
        var order = TestOrders.Order("half", "echo ran");
        Directory.CreateDirectory(_folder.Workspace("half"));
        await File.WriteAllTextAsync(_folder.Workspace("half") + "/claim", $"{order.Digest} boot 1\n", Cancel);

        Assert.IsType<LaunchAnswer.Started>(await client.LaunchAsync(_folder.Host, order, Cancel));
        Assert.Equal(0, (await client.EndAsync(_folder.Host, "half")).ExitCode);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Stop_of_a_task_that_has_not_begun_is_kept_by_the_launch_that_follows(string shell)
    {
        await using var client = Shells.Client(shell);
        var order = TestOrders.Order("halted", $"touch {_folder.Path}/ran") with { TimeLimit = TimeSpan.FromHours(1) };
        Directory.CreateDirectory(_folder.Workspace("halted"));
        var boot = (await File.ReadAllTextAsync("/proc/sys/kernel/random/boot_id", Cancel)).Trim();
        await File.WriteAllTextAsync(_folder.Workspace("halted") + "/claim", $"{order.Digest} {boot} 1\n", Cancel);
        Assert.IsType<Claimed>((await client.StopAsync(_folder.Host, "halted", StopStep.Term, Cancel)).State);

        await client.LaunchAsync(_folder.Host, order, Cancel);
        Assert.Equal(EndKind.Stopped, (await client.EndAsync(_folder.Host, "halted")).Kind);
        Assert.False(File.Exists(_folder.Path + "/ran"));
        Assert.Equal(0, (await client.StopAsync(_folder.Host, "halted", StopStep.Look, Cancel)).Left);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Command_that_cannot_start_is_refused_with_the_reason_and_recorded(string shell)
    {
        await using var client = Shells.Client(shell);
        var refused = Assert.IsType<LaunchAnswer.Refused>(
            await client.LaunchAsync(_folder.Host, TestOrders.Order("nowhere", "true") with { WorkingDirectory = "/no/such/$(touch x)'dir" }, Cancel));
        Assert.Contains("/no/such/$(touch x)'dir", refused.Why, StringComparison.Ordinal);
        Assert.Equal(EndKind.LaunchFailed, (await client.EndAsync(_folder.Host, "nowhere")).Kind);

        refused = Assert.IsType<LaunchAnswer.Refused>(await client.LaunchAsync(_folder.Host, TestOrders.Order("interp", "#!/no/such/python -u\nprint(1)"), Cancel));
        Assert.Contains("/no/such/python", refused.Why, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Script_with_an_interpreter_is_run_by_it(string shell)
    {
        await using var client = Shells.Client(shell);
        await client.LaunchAsync(_folder.Host, TestOrders.Order("awk", "#!/usr/bin/awk -f\nBEGIN { print 6 * 7 }"), Cancel);
        await client.EndAsync(_folder.Host, "awk");
        Assert.Equal("42\n", await File.ReadAllTextAsync(_folder.Workspace("awk") + "/log", Cancel));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Environment_and_directory_reach_the_task_and_leave_no_trace_in_the_channel(string shell)
    {
        await using var client = Shells.Client(shell);
        var values = new Dictionary<string, string> { ["QUOTED"] = "it's $(id) `x`\n\"two\" lines\n", ["PATH"] = "/nowhere:/usr/bin:/bin", ["EMPTY"] = "" };
        var command = "printf '%s|' \"$QUOTED\" \"$PATH\" \"${EMPTY-unset}\"; pwd";
        await client.LaunchAsync(_folder.Host, TestOrders.Order("env", command) with { Environment = values, WorkingDirectory = _folder.Path }, Cancel);
        await client.EndAsync(_folder.Host, "env");
        Assert.Equal($"{values["QUOTED"]}|{_folder.Workspace("env")}/bin:{values["PATH"]}||{_folder.Path}\n", await File.ReadAllTextAsync(_folder.Workspace("env") + "/log", Cancel));

        await client.LaunchAsync(_folder.Host, TestOrders.Order("next", "echo \"${QUOTED-none}\""), Cancel);
        await client.EndAsync(_folder.Host, "next");
        Assert.Equal("none\n", await File.ReadAllTextAsync(_folder.Workspace("next") + "/log", Cancel));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Variable_too_large_for_the_kernel_is_refused_and_the_id_stays_free(string shell)
    {
        await using var client = Shells.Client(shell);
        var order = TestOrders.Order("huge", "true") with { Environment = new Dictionary<string, string> { ["BIG"] = new string('x', 3 << 20) } };
        Assert.IsType<LaunchAnswer.Refused>(await client.LaunchAsync(_folder.Host, order, Cancel));
        Assert.IsType<Absent>((await client.StatusAsync(_folder.Host, ["huge"], Cancel))[0]);
        Assert.IsType<LaunchAnswer.Started>(await client.LaunchAsync(_folder.Host, TestOrders.Order("huge", "true"), Cancel));
        await client.EndAsync(_folder.Host, "huge");
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Task_starts_with_the_signals_and_the_umask_of_a_login(string shell)
    {
        await using var client = Shells.Client(shell);
        await client.LaunchAsync(_folder.Host, TestOrders.Order("signals", "umask; grep SigIgn /proc/self/status"), Cancel);
        await client.EndAsync(_folder.Host, "signals");
        var lines = await File.ReadAllLinesAsync(_folder.Workspace("signals") + "/log", Cancel);
        Assert.EndsWith("022", lines[0], StringComparison.Ordinal);
        // HUP (bit 0) is ignored, as under nohup. INT (bit 1), QUIT (2) and PIPE (12) are not; busybox has nothing to bring
        // them back, as docs/workspace.md says.
        Assert.Equal(shell == "busybox" ? "0000000000001007" : "0000000000000001", lines[1].Split('\t')[1]);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Root_that_others_can_write_to_is_refused(string shell)
    {
        await using var client = Shells.Client(shell);
        Directory.CreateDirectory(_folder.Path + "/tasks", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.SetUnixFileMode(_folder.Path + "/tasks", (UnixFileMode)0b111_111_111);
        var refused = Assert.IsType<LaunchAnswer.Refused>(await client.LaunchAsync(_folder.Host, TestOrders.Order("open", "true"), Cancel));
        Assert.Contains("others can write", refused.Why, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Workspace_can_be_read_by_its_owner_only(string shell)
    {
        await using var client = Shells.Client(shell);
        await client.LaunchAsync(_folder.Host, TestOrders.Order("mode", "true"), Cancel);
        await client.EndAsync(_folder.Host, "mode");
        const UnixFileMode owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Assert.Equal(owner, File.GetUnixFileMode(_folder.Workspace("mode")));
        Assert.Equal(owner, File.GetUnixFileMode(_folder.Path + "/tasks"));
    }
}
