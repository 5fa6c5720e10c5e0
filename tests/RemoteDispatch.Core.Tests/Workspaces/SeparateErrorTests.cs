using RemoteDispatch.Tasks;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Core.Tests.Workspaces;

/// <summary>stderr in a file of its own, under every shell and runner: each byte where it belongs, and none of anybody else's.</summary>
public sealed class SeparateErrorTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public static TheoryData<string, string> AllRunners
    {
        get
        {
            var all = new TheoryData<string, string>();
            foreach (var shell in Shells.All.Select(s => s.Data))
            {
                all.Add(shell, "session");
                all.Add(shell, "tmux");
            }

            return all;
        }
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory, MemberData(nameof(AllRunners))]
    public async Task Streams_are_apart_to_the_byte_and_a_task_that_did_not_ask_has_one_log(string shell, string runner)
    {
        Assert.SkipWhen(runner == "tmux" && !File.Exists("/usr/bin/tmux"), "tmux is not installed: apt-get install tmux.");
        await using var client = Shells.Client(shell);
        const string Command = "i=0; while [ $i -lt 200 ]; do printf 'out\\000%s\\r\\n' $i; printf 'err\\377%s' $i >&2; i=$((i + 1)); done; exit 7";
        var apart = TestOrders.Order("apart", Command) with { Runner = runner, With = ["stderr"] };
        Assert.IsType<LaunchAnswer.Started>(await client.LaunchAsync(_folder.Host, apart, Cancel));
        Assert.Equal(7, (await client.EndAsync(_folder.Host, "apart")).ExitCode);
        byte[] output = [.. Enumerable.Range(0, 200).SelectMany(i => (byte[])[.. "out\0"u8, .. Ascii(i), .. "\r\n"u8])];
        byte[] errors = [.. Enumerable.Range(0, 200).SelectMany(i => (byte[])[.. "err"u8, 0xff, .. Ascii(i)])];
        Assert.Equal(output, await File.ReadAllBytesAsync(_folder.Workspace("apart") + "/log", Cancel));
        Assert.Equal(errors, await File.ReadAllBytesAsync(_folder.Workspace("apart") + "/error", Cancel));
        Assert.Equal(errors[100..150], (await client.ReadAsync(_folder.Host, "apart", FeedWhat.Error, 100, 50, Cancel)).Bytes.ToArray());

        var together = TestOrders.Order("together", "echo out; echo err >&2; echo out >&1") with { Runner = runner };
        await client.LaunchAsync(_folder.Host, together, Cancel);
        await client.EndAsync(_folder.Host, "together");
        Assert.Equal("out\nerr\nout\n", await File.ReadAllTextAsync(_folder.Workspace("together") + "/log", Cancel));
        Assert.False(File.Exists(_folder.Workspace("together") + "/error"));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Pane_shows_both(string shell)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/tmux"), "tmux is not installed: apt-get install tmux.");
        await using var client = Shells.Client(shell);
        await client.LaunchAsync(_folder.Host, TestOrders.Order("pane", "echo to-out; echo to-err >&2; exec sleep 1000") with { Runner = "tmux", With = ["stderr"] }, Cancel);
        string pane;
        do
            pane = System.Text.Encoding.UTF8.GetString((await ProcessRun.OfAsync(["sh", "-c", "cd \"$1\" && tmux -S tmux capture-pane -p", "sh", _folder.Workspace("pane")], Cancel)).Output);
        while (!pane.Contains("to-out", StringComparison.Ordinal) || !pane.Contains("to-err", StringComparison.Ordinal));
        Assert.DoesNotContain("==>", pane, StringComparison.Ordinal);
        await client.StopAsync(_folder.Host, "pane", StopStep.Term, Cancel);
        Assert.Equal(EndKind.Stopped, (await client.EndAsync(_folder.Host, "pane")).Kind);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Wrapper_says_nothing_there_whatever_the_end(string shell)
    {
        await using var client = Shells.Client(shell);
        // What a shell itself would say of a child that a signal ended.
        await client.LaunchAsync(_folder.Host, TestOrders.Order("killed", "echo mine >&2; kill -KILL $$") with { With = ["stderr"] }, Cancel);
        await client.EndAsync(_folder.Host, "killed");
        await client.LaunchAsync(_folder.Host, TestOrders.Order("late", "echo mine >&2; exec sleep 1000") with { With = ["stderr"], TimeLimit = TimeSpan.FromSeconds(1) }, Cancel);
        Assert.Equal(EndKind.TimedOut, (await client.EndAsync(_folder.Host, "late")).Kind);
        foreach (var id in (string[])["killed", "late"])
        {
            Assert.Equal("mine\n", await File.ReadAllTextAsync(_folder.Workspace(id) + "/error", Cancel));
            Assert.Equal("", await File.ReadAllTextAsync(_folder.Workspace(id) + "/log", Cancel));
        }

        var refused = await client.LaunchAsync(_folder.Host, TestOrders.Order("nowhere", "true") with { With = ["stderr"], WorkingDirectory = "/no/such" }, Cancel);
        Assert.IsType<LaunchAnswer.Refused>(refused);
        Assert.False(File.Exists(_folder.Workspace("nowhere") + "/error"));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task File_that_cannot_be_written_is_refused_before_the_command_begins(string shell)
    {
        await using var client = Shells.Client(shell);
        Directory.CreateDirectory(_folder.Workspace("held") + "/error");
        var refused = Assert.IsType<LaunchAnswer.Refused>(await client.LaunchAsync(
            _folder.Host, TestOrders.Order("held", $"touch {_folder.Path}/ran") with { With = ["stderr"] }, Cancel));
        Assert.Contains("the workspace cannot be written", refused.Why, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.Path + "/ran"));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Sandbox_keeps_them_apart_too(string shell)
    {
        await using var client = Shells.Client(shell);
        var box = new SandboxRequest();
        var order = TestOrders.Order("box", "echo out; echo err >&2") with { With = [.. box.Words(), "stderr"], More = box.ToShellText([]) };
        Assert.IsType<LaunchAnswer.Started>(await client.LaunchAsync(_folder.Host, order, Cancel));
        await client.EndAsync(_folder.Host, "box");
        Assert.Equal("out\n", await File.ReadAllTextAsync(_folder.Workspace("box") + "/log", Cancel));
        Assert.Equal("err\n", await File.ReadAllTextAsync(_folder.Workspace("box") + "/error", Cancel));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Remove_that_keeps_the_log_keeps_both_and_the_host_hashes_each(string shell)
    {
        await using var client = Shells.Client(shell);
        await client.LaunchAsync(_folder.Host, TestOrders.Order("kept", "echo out; echo err >&2") with { With = ["stderr"] }, Cancel);
        await client.EndAsync(_folder.Host, "kept");
        Assert.NotEqual((await client.HashAsync(_folder.Host, "kept", FeedWhat.Log, [new FilePart(0, 4)], Cancel))![0], (await client.HashAsync(_folder.Host, "kept", FeedWhat.Error, [new FilePart(0, 4)], Cancel))![0]);
        Assert.Equal(
            Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("err\n"u8)), (await client.HashAsync(_folder.Host, "kept", FeedWhat.Error, [new FilePart(0, 4)], Cancel))![0]);
        Assert.Null(await client.RemoveAsync(_folder.Host, "kept", keepLog: true, Cancel));
        Assert.Equal(
            ["claim", "error", "exit", "log", "process", "task.json", "times"], Directory.GetFileSystemEntries(_folder.Workspace("kept")).Select(Path.GetFileName).Order());
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Task_that_only_complains_is_not_silent(string shell)
    {
        await using var client = Shells.Client(shell);
        await client.LaunchAsync(_folder.Host, TestOrders.Order("loud", "printf out; printf complaint >&2; exec sleep 1000") with { With = ["stderr"] }, Cancel);
        while ((await client.PulseAsync(_folder.Host, ["loud"], Cancel))[0]!.LogBytes < 12)
            await Task.Delay(10, Cancel);
        await client.StopAsync(_folder.Host, "loud", StopStep.Term, Cancel);
        await client.EndAsync(_folder.Host, "loud");
    }

    private static byte[] Ascii(int number) => System.Text.Encoding.ASCII.GetBytes(number.ToString(System.Globalization.CultureInfo.InvariantCulture));
}
