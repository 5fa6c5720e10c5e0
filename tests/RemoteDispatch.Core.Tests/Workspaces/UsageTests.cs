using System.Diagnostics;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Core.Tests.Workspaces;

/// <summary>What is left on a host is told as it is, and removed without touching anything else, under every shell.</summary>
public sealed class UsageTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Root => _folder.Path + "/tasks";

    public void Dispose()
    {
        Run("chmod", "-R", "u+rwx", _folder.Path);
        _folder.Dispose();
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Workspaces_are_listed_with_what_they_use_and_when_they_ended(string shell)
    {
        await using var client = Shells.Client(shell);
        Put("ended", "exit", "exited 3 1000000000 ");
        Put("ended", "task.json", """{"from":"me@here"}""");
        await using (var log = File.Create($"{Root}/ended/log"))
            log.SetLength(10L << 30);
        Put("lost", "process", "1 1 1 another-boot 900000000 mark");
        Put("lost", "log", new string('x', 100_000));
        File.SetLastWriteTimeUtc($"{Root}/lost/log", DateTime.UnixEpoch.AddSeconds(4_000_000_000));

        var usage = await client.UsageAsync(_folder.Host, Cancel);
        Assert.Equal(["ended", "lost"], usage.Workspaces.Select(w => w.Id));
        var (ended, lost) = (usage.Workspaces[0], usage.Workspaces[1]);
        Assert.Equal((DateTimeOffset.FromUnixTimeSeconds(1_000_000_000), """{"from":"me@here"}"""), (ended.Changed!.Value, ended.TaskJson));
        Assert.InRange(ended.Bytes!.Value, 1, 64 << 10);
        Assert.IsType<Lost>(lost.State);
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(4_000_000_000), lost.Changed);
        Assert.InRange(lost.Bytes!.Value, 100_000, 200_000);
        Assert.True(usage.Bytes >= ended.Bytes + lost.Bytes);
        Assert.Equal(Root, usage.Root);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Launches_that_died_are_listed_and_what_is_no_workspace_is_counted(string shell)
    {
        await using var client = Shells.Client(shell);
        Put("claimed", "claim", "digest another-boot 1000000000");
        Directory.CreateDirectory($"{Root}/empty");
        Directory.CreateDirectory($"{Root}/marked/0123456789abcdef01234567");
        Put("notes", "todo", "mine");
        Put("-rf", "claim", "digest boot 1");
        Put("two\nlines", "claim", "digest boot 1");
        File.CreateSymbolicLink($"{Root}/linked", $"{Root}/claimed");
        await File.WriteAllTextAsync(Root + "/file", "", Cancel);

        var usage = await client.UsageAsync(_folder.Host, Cancel);
        Assert.Equal(["claimed", "empty", "marked"], usage.Workspaces.Select(w => w.Id));
        Assert.All(usage.Workspaces, w => Assert.True(w.Changed > DateTimeOffset.FromUnixTimeSeconds(1_000_000_000)));
        Assert.Equal(5, usage.Foreign);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Host_without_workspaces_has_none(string shell)
    {
        await using var client = Shells.Client(shell);
        Assert.Empty((await client.UsageAsync(_folder.Host, Cancel)).Workspaces);
        Directory.CreateDirectory(Root);
        var usage = await client.UsageAsync(_folder.Host, Cancel);
        Assert.Equal((0, 0L), (usage.Workspaces.Count, usage.Foreign));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Thousands_of_workspaces_are_one_answer(string shell)
    {
        await using var client = Shells.Client(shell);
        for (var i = 0; i < 3000; i++)
            Put($"20260221-100000-000-{i:00000000}", "exit", "exited 0 1000000000 ");
        var usage = await client.UsageAsync(_folder.Host, Cancel);
        Assert.Equal(3000, usage.Workspaces.Count);
        Assert.All(usage.Workspaces, w => Assert.NotNull(w.Bytes));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Root_that_is_a_link_is_refused_to_all_who_list_and_remove(string shell)
    {
        await using var client = Shells.Client(shell);
        Directory.CreateDirectory(_folder.Path + "/elsewhere/a");
        await File.WriteAllTextAsync(_folder.Path + "/elsewhere/a/exit", "exited 0 1 \n", Cancel);
        File.CreateSymbolicLink(Root, _folder.Path + "/elsewhere");

        Assert.Equal(FailureReason.WorkspaceRefused, (await Assert.ThrowsAsync<DispatchException>(() => client.UsageAsync(_folder.Host, Cancel))).Reason);
        Assert.Equal(FailureReason.WorkspaceRefused, (await Assert.ThrowsAsync<DispatchException>(() => client.RemoveAsync(_folder.Host, "a", false, Cancel))).Reason);
        Assert.True(File.Exists(_folder.Path + "/elsewhere/a/exit"));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Link_in_the_place_of_a_workspace_is_not_followed(string shell)
    {
        await using var client = Shells.Client(shell);
        Put("real", "exit", "exited 0 1 ");
        Put("real", "keep", "mine");
        File.CreateSymbolicLink($"{Root}/linked", $"{Root}/real");
        foreach (var keepLog in (bool[])[true, false])
            await Assert.ThrowsAsync<DispatchException>(() => client.RemoveAsync(_folder.Host, "linked", keepLog, Cancel));
        Assert.True(File.Exists($"{Root}/real/keep"));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Hostile_names_and_links_inside_a_workspace_are_removed_and_nothing_outside(string shell)
    {
        await using var client = Shells.Client(shell);
        var outside = Directory.CreateDirectory(_folder.Path + "/outside").FullName;
        await File.WriteAllTextAsync(outside + "/file", "", Cancel);
        foreach (var name in (string[])["-rf", "two\nlines", "..more", ".hidden", "*", "$(x)'\""])
            Put("odd", name, "");
        File.CreateSymbolicLink($"{Root}/odd/link", outside);
        Put("odd", "exit", "exited 0 1 ");

        Assert.Null(await client.RemoveAsync(_folder.Host, "odd", false, Cancel));
        Assert.False(Directory.Exists($"{Root}/odd"));
        Assert.True(File.Exists(outside + "/file"));
    }

    [Fact]
    public async Task Folders_without_permissions_are_removed_by_a_user_who_is_not_root()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess && File.Exists("/usr/bin/setpriv"), "This test becomes another user: it needs root and setpriv.");
        Put("shut", "exit", "exited 0 1 ");
        Put("shut/a/b", "file", "");
        Run("chown", "-R", "65534", _folder.Path);
        Run("chmod", "000", $"{Root}/shut/a/b", $"{Root}/shut/a");
        await using var client = new WorkspaceClient(new() { Shell = ["/usr/bin/setpriv", "--reuid", "65534", "--clear-groups", "sh"] });
        Assert.Null(await client.RemoveAsync(_folder.Host, "shut", false, Cancel));
        Assert.False(Directory.Exists($"{Root}/shut"));
    }

    private void Put(string id, string file, string content)
    {
        Directory.CreateDirectory($"{Root}/{id}");
        File.WriteAllText($"{Root}/{id}/{file}", content + "\n");
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
    }
}
