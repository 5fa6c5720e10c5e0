using System.Security.Cryptography;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Core.Tests.Workspaces;

/// <summary>What travels with a launch beside the command: files, and a script that reads the command instead of it being run.</summary>
public sealed class AttachmentTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Files_lie_in_the_workspace_byte_for_byte_when_the_command_begins(string shell)
    {
        await using var client = Shells.Client(shell);
        var bytes = RandomNumberGenerator.GetBytes(300_000);
        var order = TestOrders.Order("files", "cd \"$REMOTE_DISPATCH_WORKSPACE/files\" && ls && wc -c <'a b'\\''s $(x).bin'") with
        {
            Files = [("a b's $(x).bin", bytes), ("empty", default)],
        };
        Assert.IsType<LaunchAnswer.Started>(await client.LaunchAsync(_folder.Host, order, Cancel));

        Assert.Equal(0, (await client.EndAsync(_folder.Host, "files")).ExitCode);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(_folder.Workspace("files") + "/files/a b's $(x).bin", Cancel));
        Assert.Empty(await File.ReadAllBytesAsync(_folder.Workspace("files") + "/files/empty", Cancel));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_folder.Workspace("files") + "/files"));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Files_of_one_launch_are_not_those_of_the_next_on_the_same_channel(string shell)
    {
        await using var client = Shells.Client(shell);
        await client.LaunchAsync(_folder.Host, TestOrders.Order("with", "exit 0") with { Files = [("one", new byte[] { 1 })] }, Cancel);
        await client.LaunchAsync(_folder.Host, TestOrders.Order("without", "test ! -e \"$REMOTE_DISPATCH_WORKSPACE/files\""), Cancel);

        Assert.Equal(0, (await client.EndAsync(_folder.Host, "without")).ExitCode);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Script_that_travels_with_a_launch_runs_and_reads_the_command(string shell)
    {
        await using var client = Shells.Client(shell);
        var order = TestOrders.Order("run", "#!/bin/false\n'\"`$(exit 9)\n") with
        {
            Run = "printf '<%s>' \"$@\"; cat \"$REMOTE_DISPATCH_WORKSPACE/command\"\nexit 5\n", Arguments = ["it's", "$(exit 9)"],
        };
        await client.LaunchAsync(_folder.Host, order, Cancel);

        Assert.Equal(5, (await client.EndAsync(_folder.Host, "run")).ExitCode);
        Assert.Equal("<it's><$(exit 9)>#!/bin/false\n'\"`$(exit 9)\n", await File.ReadAllTextAsync(_folder.Workspace("run") + "/log", Cancel));
    }
}
