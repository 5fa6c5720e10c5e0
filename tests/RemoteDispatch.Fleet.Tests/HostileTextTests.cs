using RemoteDispatch.Hosts;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Fleet.Tests;

/// <summary>Text from outside is refused with a clear error, or arrives exactly; it never runs.</summary>
public sealed class HostileTextTests(SharedFleet shared)
{
    public static TheoryData<string> Hostile =>
    [
        "-oProxyCommand=touch CANARY", "--version", "$(touch CANARY)", "`touch CANARY`", "'; touch CANARY; '", "\"; touch CANARY; \"",
        "a b", "..", "../..", "../x", "/etc/passwd", "a\nb", "a\0b", "a;touch CANARY", "a|touch CANARY", "a&touch CANARY", "*", "~", "a'b", "a\"b", "a\\", "é漢🎉",
        "\u001b[2J", "\u202eabc", "%h", "${HOME}", "#", "",
    ];

    [Theory, MemberData(nameof(Hostile))]
    public async Task Id_is_refused(string text)
    {
        Assert.Equal(FailureReason.InvalidInput, Assert.Throws<DispatchException>(() => TaskId.Parse(text)).Reason);
        await using var bench = new Bench(shared.Fleet);
        var failure = await Assert.ThrowsAsync<DispatchException>(() => bench.Dispatcher.FindAsync(text, Bench.HostOf(shared.Fleet.Hosts[0]), Bench.Cancel));
        Assert.Equal(FailureReason.InvalidInput, failure.Reason);
        Assert.DoesNotContain('\u001b', failure.Message);
    }

    [Theory, MemberData(nameof(Hostile))]
    public void Address_is_refused(string text)
    {
        var failure = Assert.Throws<DispatchException>(() => DispatchHost.FromAddress(text));
        Assert.Equal(FailureReason.InvalidInput, failure.Reason);
        Assert.Equal(FailureReason.InvalidInput, Assert.Throws<DispatchException>(() => DispatchHost.FromAddress(text + "@host")).Reason);
    }

    [Theory, MemberData(nameof(Hostile))]
    public async Task Command_and_variable_arrive_exactly_or_are_refused(string text)
    {
        await using var bench = new Bench(shared.Fleet);
        var server = shared.Fleet.Hosts[0];
        var request = new TaskRequest { Command = "printf '%s' \"$VALUE\"", Environment = new Dictionary<string, string> { ["VALUE"] = text } };
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            Assert.Throws<DispatchException>(request.Validate);
            return;
        }

        var task = await bench.Dispatcher.DispatchAsync(Bench.HostOf(server), request, Bench.Cancel);
        await bench.Dispatcher.WaitAsync(task, null, Bench.Cancel);
        Assert.Equal(text, await bench.TextOf(task));
        Assert.False(File.Exists(Path.Combine(server.HomeOnDisk, "CANARY")));
    }

    [Theory, MemberData(nameof(Hostile))]
    public void Name_of_a_variable_is_refused(string text)
    {
        var request = new TaskRequest { Command = "true", Environment = new Dictionary<string, string> { [text] = "x" } };
        Assert.Equal(FailureReason.InvalidInput, Assert.Throws<DispatchException>(request.Validate).Reason);
    }

    [Theory, MemberData(nameof(Hostile))]
    public async Task Working_directory_and_workspace_root_are_entered_exactly_or_refused(string text)
    {
        await using var bench = new Bench(shared.Fleet);
        var server = shared.Fleet.Hosts[0];
        var isPath = !text.Contains('\0', StringComparison.Ordinal) && !text.Contains('\n', StringComparison.Ordinal) && text.Length > 0
            && !text.Contains('/', StringComparison.Ordinal) && !text.Contains("..", StringComparison.Ordinal);
        var folder = $"~/dirs/{text}";
        if (isPath)
            Directory.CreateDirectory(Path.Combine(server.HomeOnDisk, "dirs", text));

        var request = new TaskRequest { Command = "pwd", WorkingDirectory = folder };
        try
        {
            var task = await bench.Dispatcher.DispatchAsync(Bench.HostOf(server), request, Bench.Cancel);
            await bench.Dispatcher.WaitAsync(task, null, Bench.Cancel);
            Assert.True(isPath || text is ".." or "" or "../.." or "../x");
            if (isPath)
                Assert.Equal($"{server.Home}/dirs/{text}\n", await bench.TextOf(task));
        }
        catch (DispatchException e)
        {
            Assert.False(isPath, e.Message);
            Assert.True(e.Reason is FailureReason.InvalidInput or FailureReason.LaunchFailed, e.Message);
        }

        Assert.False(File.Exists(Path.Combine(server.HomeOnDisk, "CANARY")));
    }

    [Theory, MemberData(nameof(Hostile))]
    public async Task Workspace_root_is_used_exactly_or_refused(string text)
    {
        await using var bench = new Bench(shared.Fleet);
        var server = shared.Fleet.Hosts[0];
        try
        {
            var host = Bench.HostOf(server) with { WorkspaceRoot = "~/roots/" + text };
            var task = await bench.RunAsync(host, "echo here");
            Assert.Equal("here\n", await bench.TextOf(task));
            Assert.True(Directory.Exists(Path.Combine(server.HomeOnDisk, "roots", text.TrimStart('/'), task.Id)));
        }
        catch (DispatchException e)
        {
            Assert.Equal(FailureReason.InvalidInput, e.Reason);
            Assert.True(text.Contains("..", StringComparison.Ordinal) || text.Any(char.IsControl), e.Message);
        }

        Assert.False(File.Exists(Path.Combine(server.HomeOnDisk, "CANARY")));
    }
}
