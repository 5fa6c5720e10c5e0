using System.Diagnostics;
using System.Globalization;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Core.Tests.Workspaces;

/// <summary>A task in a tmux server of its own: everything is as under the other runners, and one can type into it.</summary>
public sealed class TmuxTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public TmuxTests() => Assert.SkipUnless(File.Exists("/usr/bin/tmux"), "tmux is not installed: apt-get install tmux.");

    public void Dispose() => _folder.Dispose();

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Task_in_tmux_has_its_log_and_its_exit_code_to_the_byte_and_leaves_no_server(string shell)
    {
        await using var client = Shells.Client(shell);
        var started = await LaunchAsync(client, "a", "printf 'out\\r\\n\\033[2Jx'; echo err >&2; exit 7");
        var ended = await client.EndAsync(_folder.Host, "a");
        Assert.Equal((EndKind.Exited, 7), (ended.Kind, ended.ExitCode));
        Assert.Equal("out\r\n\u001b[2Jxerr\n", await File.ReadAllTextAsync(_folder.Workspace("a") + "/log", Cancel));
        Assert.True(started.Process.Pid > 1);
        await UntilGone(client, "a", StopStep.Look);
        var left = Directory.GetFileSystemEntries(_folder.Workspace("a")).Select(Path.GetFileName).Order();
        Assert.Equal(["bin", "claim", "command", "events", "exit", "log", "process", "task.json", "times", "wrapper"], left);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task What_is_typed_reaches_the_command_and_what_it_prints_is_in_the_pane(string shell)
    {
        await using var client = Shells.Client(shell);
        await LaunchAsync(client, "typed", "echo ready; read -r line; echo \"got $line\"; exec sleep 1000");
        await UntilAsync(async () => (await TmuxAsync("typed", "capture-pane", "-p")).Contains("ready", StringComparison.Ordinal));
        await TmuxAsync("typed", "send-keys", "hello there", "Enter");
        await UntilAsync(async () => (await TmuxAsync("typed", "capture-pane", "-p")).Contains("got hello there", StringComparison.Ordinal));
        // What the terminal echoes is not the task's output.
        Assert.Equal("ready\ngot hello there\n", await File.ReadAllTextAsync(_folder.Workspace("typed") + "/log", Cancel));
        await UntilGone(client, "typed", StopStep.Term);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Environment_and_arguments_of_any_size_and_kind_arrive_and_are_no_argument_of_tmux(string shell)
    {
        await using var client = Shells.Client(shell);
        var secret = "s3cret-" + new string('x', 64 << 10);
        var values = new Dictionary<string, string> { ["BIG"] = secret, ["QUOTED"] = "it's $(id) `x`\n;\\;", ["PATH"] = "/nowhere:/usr/bin:/bin", ["TMUX"] = "/x,1,0" };
        string[] arguments = ["a b", ";", "x;", "it's '' \"$(id)\"", "", new string('y', 32 << 10)];
        var command = "printf '%s|' \"$BIG\" \"$QUOTED\" \"$PATH\" \"${TMUX-none}\" \"$@\"; cat /proc/*/cmdline 2>/dev/null | grep -ac 's3[c]ret-'";
        await LaunchAsync(client, "env", command, order => order with { Environment = values, Arguments = arguments });
        await client.EndAsync(_folder.Host, "env");
        var expected = string.Join('|', [secret, values["QUOTED"], $"{_folder.Workspace("env")}/bin:{values["PATH"]}", "none", .. arguments]) + "|0\n";
        Assert.Equal(expected, await File.ReadAllTextAsync(_folder.Workspace("env") + "/log", Cancel));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Stop_ends_the_task_and_its_tmux_server(string shell)
    {
        await using var client = Shells.Client(shell);
        var started = await LaunchAsync(client, "stopped", "(setsid sleep 1000 &); echo up; exec sleep 1000");
        var server = ParentOf(started.Process.Pid);
        Assert.Equal("tmux", (await File.ReadAllTextAsync($"/proc/{server}/comm", Cancel)).Split(':', '\n')[0]);
        await UntilGone(client, "stopped", StopStep.Term);
        Assert.Equal(EndKind.Stopped, (await client.EndAsync(_folder.Host, "stopped")).Kind);
        // Gone, or a zombie that nobody has reaped yet.
        Assert.True(!File.Exists($"/proc/{server}/stat") || Stat(server)[0] is "Z" or "X");
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Time_limit_ends_a_task_in_tmux(string shell)
    {
        await using var client = Shells.Client(shell);
        await LaunchAsync(client, "late", "exec sleep 1000", order => order with { TimeLimit = TimeSpan.FromSeconds(1) });
        Assert.Equal(EndKind.TimedOut, (await client.EndAsync(_folder.Host, "late")).Kind);
        await UntilGone(client, "late", StopStep.Look);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Task_outlives_its_tmux_server(string shell)
    {
        await using var client = Shells.Client(shell);
        await LaunchAsync(client, "orphan", $"until [ -e {_folder.Path}/go ]; do sleep 0.05; done; echo done; exit 3");
        await TmuxAsync("orphan", "kill-server");
        await File.WriteAllTextAsync(_folder.Path + "/go", "", Cancel);
        Assert.Equal(3, (await client.EndAsync(_folder.Host, "orphan")).ExitCode);
        await UntilGone(client, "orphan", StopStep.Look);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Interrupt_that_is_typed_reaches_the_command_and_the_record_is_written(string shell)
    {
        await using var client = Shells.Client(shell);
        await LaunchAsync(client, "interrupted", "trap 'echo heard; exit 9' INT; echo up; while :; do sleep 0.05; done");
        await UntilAsync(async () => (await TmuxAsync("interrupted", "capture-pane", "-p")).Contains("up", StringComparison.Ordinal));
        await TmuxAsync("interrupted", "send-keys", "C-c");
        Assert.Equal(9, (await client.EndAsync(_folder.Host, "interrupted")).ExitCode);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Ten_launches_of_one_id_at_once_run_it_once_and_leave_one_server(string shell)
    {
        var clients = Enumerable.Range(0, 10).Select(_ => Shells.Client(shell)).ToArray();
        var order = Order("race", $"echo ran >>{_folder.Path}/runs; exec sleep 1000");
        var answers = await Task.WhenAll(clients.Select(c => c.LaunchAsync(_folder.Host, order, Cancel)));
        Assert.Single(answers.OfType<LaunchAnswer.Started>());
        Assert.Equal(9, answers.OfType<LaunchAnswer.Taken>().Count());
        // The gate's winner is whose socket it is, and whose mark its server has.
        Assert.Contains("race", await TmuxAsync("race", "list-windows"), StringComparison.Ordinal);
        await UntilAsync(() => Task.FromResult(File.Exists(_folder.Path + "/runs")));
        await UntilGone(clients[0], "race", StopStep.Term);
        Assert.Equal("ran\n", await File.ReadAllTextAsync(_folder.Path + "/runs", Cancel));
        foreach (var client in clients)
            await client.DisposeAsync();
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Command_that_cannot_start_in_tmux_is_refused_with_its_reason(string shell)
    {
        await using var client = Shells.Client(shell);
        var order = Order("nowhere", "true") with { WorkingDirectory = "/no/such dir" };
        var refused = Assert.IsType<LaunchAnswer.Refused>(await client.LaunchAsync(_folder.Host, order, Cancel));
        Assert.Contains("/no/such dir", refused.Why, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Host_without_tmux_refuses_with_a_remedy_and_the_id_stays_free(string shell)
    {
        var bare = Directory.CreateDirectory(_folder.Path + "/bin").FullName;
        foreach (var tool in Directory.GetFiles("/usr/bin").Where(t => Path.GetFileName(t) != "tmux"))
            File.CreateSymbolicLink(Path.Combine(bare, Path.GetFileName(tool)), tool);
        var options = Shells.Options(shell);
        await using var client = new WorkspaceClient(options with { Shell = ["/usr/bin/env", "PATH=" + bare, .. options.Shell!] });
        var refused = Assert.IsType<LaunchAnswer.Refused>(await client.LaunchAsync(_folder.Host, Order("bare", "true"), Cancel));
        Assert.Contains("tmux is not on the host", refused.Why, StringComparison.Ordinal);
        Assert.Contains("Install tmux", refused.Remedy, StringComparison.Ordinal);
        Assert.IsType<Absent>((await client.StatusAsync(_folder.Host, ["bare"], Cancel))[0]);
    }

    private static LaunchOrder Order(string id, string command) => TestOrders.Order(id, command) with { Runner = "tmux" };

    private async Task<Running> LaunchAsync(WorkspaceClient client, string id, string command, Func<LaunchOrder, LaunchOrder>? change = null)
    {
        var order = Order(id, command);
        return Assert.IsType<LaunchAnswer.Started>(await client.LaunchAsync(_folder.Host, change is null ? order : change(order), Cancel)).State;
    }

    private async Task<string> TmuxAsync(string id, params string[] words)
    {
        using var tmux = Process.Start(new ProcessStartInfo("/usr/bin/tmux", ["-S", "tmux", .. words])
        {
            WorkingDirectory = _folder.Workspace(id), RedirectStandardOutput = true,
        })!;
        var said = await tmux.StandardOutput.ReadToEndAsync(Cancel);
        await tmux.WaitForExitAsync(Cancel);
        return said;
    }

    private async Task UntilGone(WorkspaceClient client, string id, StopStep step) =>
        await UntilAsync(async () => await client.StopAsync(_folder.Host, id, step, Cancel) is { Left: 0, State: not Running });

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        while (!await holds())
            await Task.Delay(10, Cancel);
    }

    private static int ParentOf(int pid) => int.Parse(Stat(pid)[1], CultureInfo.InvariantCulture);

    // proc(5), from the state on.
    private static string[] Stat(int pid)
    {
        var stat = File.ReadAllText($"/proc/{pid}/stat");
        return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
    }
}
