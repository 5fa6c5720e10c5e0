using System.Diagnostics;
using System.Globalization;
using RemoteDispatch.Tasks;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Core.Tests.Workspaces;

/// <summary>A task that is given a repository, with the real git: the clone, the mirror of the host, what is written down of it.</summary>
public sealed class RepositoryTests : IDisposable
{
    private const string Commit = "git -c user.name=n -c user.email=e@x commit -q -m";
    private readonly TestFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Mirrors => _folder.Path + "/tasks/.mirrors";

    public void Dispose() => _folder.Dispose();

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Command_runs_in_a_shallow_clone_on_a_branch_of_its_own_and_what_it_leaves_is_recorded(string shell)
    {
        await using var client = Shells.Client(shell);
        var origin = await OriginAsync();
        var before = await origin.HeadAsync();
        var ended = await RunAsync(client, origin, "a",
            $"pwd; git rev-list --count HEAD; git branch --show-current; git remote get-url origin; cat file5; echo 1 >new; git add new; {Commit} one; echo 2 >new; {Commit} two -a; git push -q; echo 3 >new");

        Assert.Equal((EndKind.Exited, 0, ""), (ended.Kind, ended.ExitCode, ended.Why));
        Assert.Equal([_folder.Workspace("a") + "/repo", "1", "remote-dispatch/a", origin.Url, "content of file5"], (await LinesAsync("a")).Where(l => !l.StartsWith("RemoteDispatch: ", StringComparison.Ordinal)));
        var seen = await SeenAsync(client, "a");
        var after = await origin.HeadAsync("remote-dispatch/a");
        Assert.Equal(("main", before, "remote-dispatch/a", after, 2L, true, true), (seen.Base, seen.Before, seen.Branch, seen.After, seen.Commits, seen.IsDirty, seen.IsPushed));
        Assert.Equal($"main {before[..7]} → remote-dispatch/a {after[..7]}, 2 commits, pushed, with changes that are not committed", seen.ToString());
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Second_clone_transfers_what_is_new_and_no_clone_needs_the_mirror_afterwards(string shell)
    {
        await using var client = Shells.Client(shell);
        var origin = await OriginAsync(20);
        await RunAsync(client, origin, "first", "git status");
        // A commit, its tree, twenty files.
        Assert.Equal(22, (await SeenAsync(client, "first")).Transferred);
        await RunAsync(client, origin, "same", "true");
        Assert.Equal(0, (await SeenAsync(client, "same")).Transferred);
        var head = await origin.CommitAsync("file21");
        await RunAsync(client, origin, "next", "git fsck && test -e file21");
        var next = await SeenAsync(client, "next");
        Assert.Equal((3L, head), (next.Transferred, next.Before));
        Assert.Single(Directory.GetDirectories(Mirrors));

        Directory.Delete(Mirrors, recursive: true);
        foreach (var id in new[] { "first", "same", "next" })
        {
            await GitOrigin.GitAsync("-C", _folder.Workspace(id) + "/repo", "fsck", "--full");
            await GitOrigin.GitAsync("-C", _folder.Workspace(id) + "/repo", "archive", "-o", _folder.Path + "/x.tar", "HEAD");
        }
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Depth_branch_tag_and_folder_are_as_asked_for(string shell)
    {
        await using var client = Shells.Client(shell);
        var origin = await OriginAsync();
        await origin.TagAsync("v1");
        await origin.CommitAsync("sub/deep/it's", "feature/x");
        const string look = "git rev-list --count HEAD; git branch --show-current; git symbolic-ref -q --short refs/remotes/origin/HEAD; ls; pwd";
        string[] files = ["file1", "file2", "file3", "file4", "file5"];
        // From shallow to whole, and back: each has what it asked for, from the one mirror.
        await ExpectAsync("d2", new() { Url = origin.Url, Depth = 2 }, null, ["2", "remote-dispatch/d2", "origin/main", .. files, "repo"]);
        await ExpectAsync("whole", new() { Url = origin.Url, Depth = 0 }, null, ["5", "remote-dispatch/whole", "origin/main", .. files, "repo"]);
        await ExpectAsync("d1", new() { Url = origin.Url }, null, ["1", "remote-dispatch/d1", "origin/main", .. files, "repo"]);
        await ExpectAsync("tag", new() { Url = origin.Url, Branch = "v1", TaskBranch = "fix/v1.0" }, null, ["1", "fix/v1.0", .. files, "repo"]);
        await ExpectAsync("branch", new() { Url = origin.Url, Branch = "feature/x", TaskBranch = "feature/x", Depth = 3 }, "sub/deep", ["3", "feature/x", "it's", "deep"]);
        // Without a mirror.
        await ExpectAsync("path", new() { Url = origin.Path, Depth = 2 }, null, ["2", "remote-dispatch/path", "origin/main", .. files, "repo"]);
        Assert.Single(Directory.GetDirectories(Mirrors));

        async Task ExpectAsync(string id, RepositoryRequest repository, string? folder, string[] lines)
        {
            Assert.Equal(0, (await RunAsync(client, Request(look, repository) with { WorkingDirectory = folder }, id)).ExitCode);
            Assert.Equal(lines, (await LinesAsync(id)).Where(l => !l.StartsWith("RemoteDispatch: ", StringComparison.Ordinal)).Select(l => l[0] == '/' ? Path.GetFileName(l) : l));
        }
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Clone_that_fails_runs_no_command_and_says_why_and_what_to_do(string shell)
    {
        await using var client = Shells.Client(shell);
        var origin = await OriginAsync();
        await GitOrigin.GitAsync("init", "-q", "--bare", _folder.Path + "/empty.git");
        File.CreateSymbolicLink(origin.Path + ".work/link", "/");
        await origin.CommitAsync("file6");
        await ExpectAsync("branch", new() { Url = origin.Url, Branch = "nowhere" }, null, "it has no branch or tag 'nowhere'");
        await ExpectAsync("missing", new() { Url = origin.Url + "x" }, null, $"no clone of {origin.Url}x: it is not there, or is not shown to the task");
        await ExpectAsync("empty", new() { Url = _folder.Path + "/empty.git" }, null, "it has no commit yet");
        await ExpectAsync("folder", new() { Url = origin.Url }, "nowhere", "it has no folder 'nowhere' to work in");
        await ExpectAsync("link", new() { Url = origin.Url }, "link", "it has no folder 'link' to work in");
        await ExpectAsync("refused", new() { Url = "ssh://127.0.0.1:1/x.git" }, null, "it cannot be reached from the host");
        Assert.False(File.Exists(_folder.Path + "/ran"));
        // And the mirror is none the worse.
        Assert.Equal(0, (await RunAsync(client, origin, "good", "true")).ExitCode);

        async Task ExpectAsync(string id, RepositoryRequest repository, string? folder, string why)
        {
            var ended = await RunAsync(client, Request($"touch {_folder.Path}/ran", repository) with { WorkingDirectory = folder }, id);
            Assert.Equal((EndKind.Exited, 128), (ended.Kind, ended.ExitCode));
            Assert.Contains("the command was not run: no clone of ", ended.Why, StringComparison.Ordinal);
            Assert.Contains(why, ended.Why, StringComparison.Ordinal);
            Assert.Null((await SeenAsync(client, id)).Before);
        }
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Host_without_git_says_so(string shell)
    {
        Shells.CommandLine(shell);
        await using var client = new WorkspaceClient(_folder.Without("git"));
        var ended = await RunAsync(client, Request("true", new() { Url = "https://127.0.0.1:1/x" }), "none");
        Assert.Equal("the command was not run: no clone of https://127.0.0.1:1/x: git is not on the host: install it there", ended.Why);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Command_that_ends_as_a_failed_clone_does_has_no_such_reason_and_forges_no_state(string shell)
    {
        await using var client = Shells.Client(shell);
        var origin = await OriginAsync();
        Assert.Equal((128, ""), await WhyAsync("plain", "exit 128"));
        // What it writes itself is read for what it can be.
        Assert.Equal((7, ""), await WhyAsync("forge", "printf 'after %s\\nbranch -x\\ncommits 1e9\\nbefore x\\nexit exited 0\\npushed maybe\\nafter\\n' $(git rev-parse HEAD)x >>../checkout; exit 7"));
        var seen = await SeenAsync(client, "forge");
        Assert.Equal((await origin.HeadAsync(), seen.Before, "remote-dispatch/forge", 0L, true), (seen.After, seen.After, seen.Branch, seen.Commits, seen.IsPushed));
        // A word that is none of ours becomes a sentence of ours.
        Assert.Equal((128, $"the command was not run: no clone of {origin.Url}: git says why in the log"), await WhyAsync("words", "echo 'failed $(id) <script>' >../checkout; exit 128"));

        async Task<(int, string)> WhyAsync(string id, string command)
        {
            var ended = await RunAsync(client, origin, id, command);
            return (ended.ExitCode, ended.Why);
        }
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Many_tasks_at_once_share_one_mirror(string shell)
    {
        var origin = await OriginAsync(20);
        var clients = Enumerable.Range(0, 6).Select(_ => Shells.Client(shell)).ToArray();
        var seen = await Task.WhenAll(clients.Select(async (client, i) =>
        {
            Assert.Equal(0, (await RunAsync(client, origin, $"many{i}", "git fsck && test -e file20")).ExitCode);
            return await SeenAsync(client, $"many{i}");
        }));
        // One has fetched, and the others found what it had.
        Assert.Equal(22, seen.Sum(s => s.Transferred));
        Assert.Single(Directory.GetDirectories(Mirrors));
        foreach (var client in clients)
            await client.DisposeAsync();
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Whoever_is_killed_while_it_makes_the_mirror_leaves_neither_a_lock_nor_half_of_one(string shell)
    {
        await using var client = Shells.Client(shell);
        var origin = await OriginAsync(20);
        // A remote that hangs when it is to send: its upload-pack waits for a word that never comes.
        var gate = _folder.Path + "/hang";
        await File.WriteAllTextAsync(gate, "", Cancel);
        await using var slow = new WorkspaceClient(Shells.Options(shell) with { Shell = [.. SlowGit(gate), .. Shells.CommandLine(shell)] });
        Assert.IsType<LaunchAnswer.Started>(await slow.LaunchAsync(_folder.Host, Order(Request("true", new() { Url = origin.Url }), "killed"), Cancel));
        await UntilAsync(() => File.Exists(gate + ".reached") && Directory.GetDirectories(Mirrors, "*.git.new").Length == 1);
        await slow.StopAsync(_folder.Host, "killed", StopStep.End, Cancel);
        File.Delete(gate);
        Assert.Empty(Directory.GetDirectories(Mirrors, "*.git"));

        Assert.Equal(0, (await RunAsync(client, origin, "next", "git fsck")).ExitCode);
        Assert.Equal(22, (await SeenAsync(client, "next")).Transferred);
        Assert.Single(Directory.GetDirectories(Mirrors));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Damaged_mirror_is_thrown_away_and_made_again(string shell)
    {
        await using var client = Shells.Client(shell);
        var origin = await OriginAsync();
        await RunAsync(client, origin, "first", "true");
        var mirror = Assert.Single(Directory.GetDirectories(Mirrors));
        await DamageAsync("objects", () => Task.Run(() => Directory.Delete(mirror + "/objects/pack", recursive: true), Cancel));
        await DamageAsync("head", () => File.WriteAllTextAsync(mirror + "/HEAD", "nonsense", Cancel));
        // What a killed git leaves is no damage.
        await File.WriteAllTextAsync(mirror + "/shallow.lock", "", Cancel);
        await File.WriteAllTextAsync(mirror + "/refs/heads/main.lock", "", Cancel);
        await origin.CommitAsync("file6");
        Assert.Equal(0, (await RunAsync(client, origin, "locks", "test -e file6")).ExitCode);
        Assert.Equal(3, (await SeenAsync(client, "locks")).Transferred);
        // A branch that has become a folder of branches.
        await GitOrigin.GitAsync("--git-dir=" + origin.Path, "branch", "-m", "main", "main/new");
        await GitOrigin.GitAsync("--git-dir=" + origin.Path, "symbolic-ref", "HEAD", "refs/heads/main/new");
        Assert.Equal(0, (await RunAsync(client, origin, "renamed", "test -e file6")).ExitCode);

        async Task DamageAsync(string id, Func<Task> damage)
        {
            await damage();
            Assert.Equal(0, (await RunAsync(client, origin, id, "git fsck && test -e file5")).ExitCode);
            Assert.Equal(7, (await SeenAsync(client, id)).Transferred);
            Assert.Equal(mirror, Assert.Single(Directory.GetDirectories(Mirrors)));
        }
    }

    [Fact]
    public async Task Mirror_that_nobody_has_used_for_a_month_goes_unless_it_is_in_use()
    {
        await using var client = Shells.Client("dash");
        var origin = await OriginAsync();
        foreach (var name in new[] { "old", "held", "young" })
        {
            Directory.CreateDirectory($"{Mirrors}/{name}.git");
            await File.WriteAllTextAsync($"{Mirrors}/{name}.lock", "", Cancel);
            Directory.SetLastWriteTimeUtc($"{Mirrors}/{name}.git", TimeProvider.System.GetUtcNow().UtcDateTime - TimeSpan.FromDays(name == "young" ? 20 : 40));
        }

        using var holder = Process.Start(new ProcessStartInfo("flock", [$"{Mirrors}/held.lock", "sh", "-c", "echo held; read x"]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        Assert.Equal("held", await holder.StandardOutput.ReadLineAsync(Cancel));
        await RunAsync(client, origin, "now", "true");
        holder.StandardInput.Close();
        await holder.WaitForExitAsync(Cancel);
        Assert.Equal(["held", "young"], Directory.GetDirectories(Mirrors).Select(d => Path.GetFileNameWithoutExtension(d)!).Where(n => n.Length < 32).Order(StringComparer.Ordinal));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Host_without_flock_locks_by_perl_and_one_without_both_goes_without_a_mirror(string shell)
    {
        Shells.CommandLine(shell);
        var origin = await OriginAsync();
        await using (var client = new WorkspaceClient(_folder.Without("flock")))
            await RunAsync(client, origin, "perl", "true");
        Assert.Single(Directory.GetDirectories(Mirrors));
        File.Delete(_folder.Path + "/bin/perl");
        Directory.Delete(Mirrors, recursive: true);
        await using var bare = new WorkspaceClient(Shells.Options("dash") with { Shell = ["/usr/bin/env", $"PATH={_folder.Path}/bin", .. Shells.CommandLine("dash")] });
        Assert.Equal(0, (await RunAsync(bare, origin, "none", "true")).ExitCode);
        Assert.False(Directory.Exists(Mirrors));
        Assert.Equal(7, (await SeenAsync(bare, "none")).Transferred);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Stop_and_time_limit_leave_a_record_of_both_commits(string shell)
    {
        await using var client = Shells.Client(shell);
        var origin = await OriginAsync();
        var command = $"{Commit} mine --allow-empty; touch {_folder.Path}/going; sleep 600";
        await client.LaunchAsync(_folder.Host, Order(Request(command, new() { Url = origin.Url }), "stopped"), Cancel);
        await UntilAsync(() => File.Exists(_folder.Path + "/going"));
        await client.StopAsync(_folder.Host, "stopped", StopStep.Term, Cancel);
        Assert.Equal(EndKind.Stopped, (await client.EndAsync(_folder.Host, "stopped")).Kind);
        await ExpectAsync("stopped");

        var limited = await RunAsync(client, Request(command, new() { Url = origin.Url }) with { TimeLimit = TimeSpan.FromSeconds(2), StopGrace = TimeSpan.FromSeconds(20) }, "limited");
        Assert.Equal((EndKind.TimedOut, ""), (limited.Kind, limited.Why));
        await ExpectAsync("limited");

        async Task ExpectAsync(string id)
        {
            var seen = await SeenAsync(client, id);
            Assert.Equal((await origin.HeadAsync(), 1L, false, false), (seen.Before, seen.Commits, seen.IsDirty, seen.IsPushed));
            Assert.NotEqual(seen.Before, seen.After);
            Assert.NotNull(seen.After);
        }
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Stop_in_the_middle_of_a_clone_ends_it_and_runs_nothing(string shell)
    {
        var gate = _folder.Path + "/hang";
        await File.WriteAllTextAsync(gate, "", Cancel);
        var origin = await OriginAsync();
        await using var slow = new WorkspaceClient(Shells.Options(shell) with { Shell = [.. SlowGit(gate), .. Shells.CommandLine(shell)] });
        await slow.LaunchAsync(_folder.Host, Order(Request($"touch {_folder.Path}/ran", new() { Url = origin.Url }), "cloning"), Cancel);
        await UntilAsync(() => File.Exists(gate + ".reached"));
        await slow.StopAsync(_folder.Host, "cloning", StopStep.Term, Cancel);
        Assert.Equal((EndKind.Stopped, ""), (await slow.EndAsync(_folder.Host, "cloning")) is var ended ? (ended.Kind, ended.Why) : default);
        Assert.Equal(0, (await slow.StopAsync(_folder.Host, "cloning", StopStep.Look, Cancel)).Left);
        Assert.False(File.Exists(_folder.Path + "/ran"));
        Assert.Null((await SeenAsync(slow, "cloning")).Before);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Arguments_login_shell_separate_error_and_tmux_are_as_without_a_repository(string shell)
    {
        await using var client = Shells.Client(shell);
        var origin = await OriginAsync();
        var request = Request("#!/bin/sh\nprintf '%s|' \"$@\"; echo error >&2; exit 3", new() { Url = origin.Url })
            with { Arguments = ["a b", "", "$(x)'"], SeparateError = true, LoginShell = true };
        Assert.Equal(3, (await RunAsync(client, request, "args")).ExitCode);
        Assert.Equal("a b||$(x)'|", await File.ReadAllTextAsync(_folder.Workspace("args") + "/log", Cancel));
        var errors = await File.ReadAllLinesAsync(_folder.Workspace("args") + "/error", Cancel);
        Assert.Equal("error", errors[^1]);
        Assert.StartsWith($"RemoteDispatch: cloning {origin.Url}", errors[0], StringComparison.Ordinal);
        if (!File.Exists("/usr/bin/tmux"))
            return;
        Assert.Equal(0, (await RunAsync(client, Request("test -t 0 && git log -1", new() { Url = origin.Url }) with { Runner = TaskRunner.Tmux }, "pane")).ExitCode);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Git_asks_nobody_and_gets_the_token_for_its_own_server_alone(string shell)
    {
        await using var client = Shells.Client(shell);
        var origin = await OriginAsync();
        // No server is asked: git says what it would sign in with.
        var command = "for u in https://github.com/octo/site https://github.com:8443/x http://github.com/x https://github.com.example/x https://gist.github.com/x; do "
            + "printf 'url=%s\n\n' $u | git credential fill 2>&1 | grep -e ^password -e disabled; done; echo \"$GIT_SSH_COMMAND\"";
        var token = "secret-0123456789";
        var request = Request(command, new() { Url = origin.Url }) with { Credentials = [RemoteDispatch.Credentials.CredentialGrant.Create("GH_TOKEN", token)] };
        await RunAsync(client, request with { Environment = new Dictionary<string, string> { ["GIT_CONFIG_COUNT"] = "1", ["GIT_CONFIG_KEY_0"] = "credential.helper", ["GIT_CONFIG_VALUE_0"] = "!echo username=u; echo password=of-the-user; :" } }, "helper");
        Assert.Equal(
            ["password=" + token, "password=of-the-user", "password=of-the-user", "password=of-the-user", "password=of-the-user", "\"${GIT_SSH:-ssh}\" -o BatchMode=yes -o ConnectTimeout=30 -o ServerAliveInterval=20"],
            (await LinesAsync("helper")).Where(l => !l.StartsWith("RemoteDispatch: ", StringComparison.Ordinal)));
        await RunAsync(client, request with { Environment = new Dictionary<string, string> { ["GIT_SSH_COMMAND"] = "mine" } }, "none");
        var said = (await LinesAsync("none")).Where(l => !l.StartsWith("RemoteDispatch: ", StringComparison.Ordinal)).ToArray();
        Assert.Equal(["password=" + token, "mine"], [said[0], said[^1]]);
        Assert.All(said[1..^1], l => Assert.Contains("terminal prompts disabled", l, StringComparison.Ordinal));
        Assert.DoesNotContain(Directory.EnumerateFiles(_folder.Workspace("none"), "*", SearchOption.AllDirectories), f => Path.GetFileName(f) != "log" && File.ReadAllText(f).Contains(token, StringComparison.Ordinal));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Clone_of_an_earlier_task_is_gone_on_with_as_it_was_left_and_its_lack_is_told(string shell)
    {
        await using var client = Shells.Client(shell);
        var origin = await OriginAsync();
        await RunAsync(client, origin, "first", $"mkdir sub; echo 1 >sub/new; git add sub; {Commit} one; echo 2 >sub/new; git checkout -q -b other");
        var first = await SeenAsync(client, "first");
        Assert.Equal("other", first.Branch);
        var going = Request($"cat new; {Commit} two -a; git push -q", new() { Url = origin.Url, TaskBranch = "other", Of = "first" }) with { WorkingDirectory = "sub" };
        Assert.Equal(0, (await RunAsync(client, going, "second")).ExitCode);
        Assert.Contains("2", await LinesAsync("second"));
        var second = await SeenAsync(client, "second");
        Assert.Equal(("first", "other", first.After, "other", 1L, true, false, 0L), (second.Of, second.Base, second.Before, second.Branch, second.Commits, second.IsPushed, second.IsDirty, second.Transferred));
        Assert.Equal(await origin.HeadAsync("other"), second.After);

        Directory.Delete(_folder.Workspace("first"), recursive: true);
        var gone = await RunAsync(client, going, "third");
        Assert.Equal((128, $"the command was not run: no clone of {origin.Url}: the workspace of the task that it goes on with has none any more"), (gone.ExitCode, gone.Why));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Sandbox_clones_inside_sees_no_mirror_and_leaves_the_clone(string shell)
    {
        await using var client = Shells.Client(shell);
        var origin = await OriginAsync();
        // One that others have made.
        await RunAsync(client, origin, "outside", "true");
        foreach (var box in File.Exists("/usr/bin/bwrap") ? new[] { new SandboxRequest { RequireBoundary = true }, new SandboxRequest { RequireBoundary = true, NoNetwork = true } } : [new SandboxRequest()])
        {
            var id = box.NoNetwork ? "offline" : "boxed";
            var request = Request($"ls -A {_folder.Path}/tasks; git log --oneline | wc -l; echo x >new; git add new; {Commit} boxed; echo 'failed x' >../exit", new() { Url = origin.Url, Depth = 2 });
            await RunAsync(client, request with { Sandbox = box }, id);
            var said = (await LinesAsync(id)).Where(l => !l.Contains(": ", StringComparison.Ordinal));
            if (box.RequireBoundary)
                Assert.Equal([id, "2"], said.Select(l => l.Trim()));
            var seen = await SeenAsync(client, id);
            Assert.Equal((1L, false, false), (seen.Commits, seen.IsPushed, seen.IsDirty));
            // Nothing came from the mirror, which it may not read.
            Assert.True(seen.Transferred >= 8, $"{seen.Transferred}");
            Assert.Equal(seen.After, await GitOrigin.GitAsync("-C", _folder.Workspace(id) + "/repo", "rev-parse", "HEAD"));
        }
    }

    private static TaskRequest Request(string command, RepositoryRequest repository) => new() { Command = command, Repository = repository, StopGrace = TimeSpan.FromSeconds(10) };

    private static LaunchOrder Order(TaskRequest request, string id)
    {
        request.Validate();
        return request.ToOrder(TaskId.Parse(id), DateTimeOffset.UnixEpoch);
    }

    private Task<Ended> RunAsync(WorkspaceClient client, GitOrigin origin, string id, string command) => RunAsync(client, Request(command, new() { Url = origin.Url }), id);

    private async Task<Ended> RunAsync(WorkspaceClient client, TaskRequest request, string id)
    {
        var answer = await client.LaunchAsync(_folder.Host, Order(request, id), Cancel);
        Assert.True(answer is LaunchAnswer.Started, $"{id}: {answer}");
        return await client.EndAsync(_folder.Host, id);
    }

    /// <summary>As another session reads it: from task.json, and from what was written down.</summary>
    private async Task<TaskRepository> SeenAsync(WorkspaceClient client, string id)
    {
        var json = System.Text.Json.Nodes.JsonNode.Parse(await File.ReadAllTextAsync(_folder.Workspace(id) + "/task.json", Cancel));
        return TaskRepository.ReadRequest(json!["repository"], id)!.With((await client.CheckoutsAsync(_folder.Host, ["nobody", id], Cancel))[id]);
    }

    private async Task<string[]> LinesAsync(string id) => (await File.ReadAllTextAsync(_folder.Workspace(id) + "/log", Cancel)).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private Task<GitOrigin> OriginAsync(int commits = 5) => GitOrigin.CreateAsync(_folder.Path + "/origin.git", commits);

    /// <summary>A login whose git sends nothing as long as a file is there: a double of a remote that hangs.</summary>
    private string[] SlowGit(string gate)
    {
        var bin = _folder.Path + "/slow";
        Directory.CreateDirectory(bin);
        File.WriteAllText(bin + "/pack-objects", $"#!/bin/sh\ntouch {gate}.reached\nwhile [ -e {gate} ]; do sleep 0.05; done\nexec \"$@\"\n");
        File.SetUnixFileMode(bin + "/pack-objects", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.WriteAllText(_folder.Path + "/slow.config", string.Create(CultureInfo.InvariantCulture, $"[uploadpack]\n\tpackObjectsHook = {bin}/pack-objects\n"));
        return ["/usr/bin/env", $"GIT_CONFIG_GLOBAL={_folder.Path}/slow.config"];
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(30), "it did not come");
            await Task.Delay(10, Cancel);
        }
    }
}
