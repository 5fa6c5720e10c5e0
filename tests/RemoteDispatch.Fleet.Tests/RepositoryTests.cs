using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using RemoteDispatch.Credentials;
using RemoteDispatch.Hosts;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Fleet.Tests;

/// <summary>Tasks that work in a repository, on real hosts: over SSH with the forwarded agent, and over HTTP with a token of their own.</summary>
public sealed class RepositoryTests
{
    private const string Work = "export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a; echo work >made; git add made; git commit -q -m work; ";

    [Fact]
    public async Task Clone_and_push_over_ssh_use_the_forwarded_agent_and_every_session_knows_both_commits()
    {
        await using var pushing = await PushingTask.CreateAsync();
        var first = await FillAsync(pushing.Repository);
        var home = pushing.Machine();
        string[] line =
        [
            "run", "--host", "h1", "--forward-agent", "--repository", "h2:" + pushing.Repository, "--env", $"GIT_SSH_COMMAND=ssh -F '{pushing.Files}/ssh_config'",
        ];
        // The program ends when the clone is made, and not before: with it goes the agent.
        var sent = await home.RunAsync([.. line, "--id", "clone-1", "--", $"until [ -e '{pushing.Files}/go' ]; do sleep 0.05; done; {Work}git push -q"]);
        Assert.True(sent.Code == 0, sent.Errors);
        var running = await OneAsync(home, "status", "clone-1", "--json");
        Assert.Equal(("Running", first, null), ((string?)running["state"], (string?)running["repository"]!["before"], (string?)running["repository"]!["after"]));

        var waiting = pushing.Start(home, "wait", "clone-1", "--keep-agent");
        await pushing.UntilLinkedAsync(toSocket: true);
        await File.WriteAllTextAsync(pushing.Files + "/go", "", Bench.Cancel);
        await waiting.WaitForExitAsync(Bench.Cancel);
        Assert.Equal(0, waiting.ExitCode);
        var pushed = await GitAsync("--git-dir=" + pushing.Repository, "rev-parse", "refs/heads/remote-dispatch/clone-1");
        foreach (var (program, words) in new[] { (home, new[] { "status", "clone-1", "--json" }), (pushing.Machine(), ["status", "clone-1", "--host", "h1", "--json"]) })
        {
            var task = await OneAsync(program, words);
            var seen = task["repository"]!;
            Assert.Equal("Succeeded", (string?)task["state"]);
            Assert.Equal(
                ("h2:" + pushing.Repository, "main", first, "remote-dispatch/clone-1", pushed, 1, false, true),
                ((string?)seen["url"], (string?)seen["base"], (string?)seen["before"], (string?)seen["branch"], (string?)seen["after"], (int)seen["commits"]!, (bool)seen["dirty"]!, (bool)seen["pushed"]!));
        }

        // The second one finds all but what is new in the host's mirror.
        var second = await home.RunAsync([.. line, "--wait", "--branch", "remote-dispatch/clone-1", "--id", "clone-2", "--", "test -e made"]);
        Assert.True(second.Code == 0, second.Output + second.Errors);
        Assert.Equal(3, (int)(await OneAsync(home, "status", "clone-2", "--json"))["repository"]!["transferred"]!);

        // Without the agent the host is refused, mirror or not, and the command does not run.
        var without = await home.RunAsync([.. line.Where(w => w != "--forward-agent"), "--id", "clone-3", "--wait", "--", "echo ran"]);
        Assert.Equal(128, without.Code);
        Assert.DoesNotContain("ran\n", without.Output, StringComparison.Ordinal);
        var refused = await OneAsync(home, "status", "clone-3", "--json");
        Assert.Equal("Failed", (string?)refused["state"]);
        // Nobody is there to say yes to a key, and nobody is asked.
        var unknown = await home.RunAsync([.. line[..^1], line[^1] + $" -o UserKnownHostsFile=/dev/null", "--id", "clone-4", "--wait", "--", "echo ran"]);
        Assert.Equal(128, unknown.Code);
        Assert.Contains("its server's host key is not the one that the host knows", (string?)(await OneAsync(home, "status", "clone-4", "--json"))["reason"], StringComparison.Ordinal);
        Assert.Contains($"no clone of h2:{pushing.Repository}: the host was refused: give the task an SSH agent (-ForwardAgent, --forward-agent)", (string?)refused["reason"], StringComparison.Ordinal);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task Clone_and_push_over_http_use_the_tasks_token_which_no_file_and_no_other_server_sees(bool isBoxed)
    {
        GitOverHttp.SkipWhereMissing();
        Assert.SkipWhen(isBoxed && !File.Exists("/usr/bin/bwrap"), "bwrap is not installed: apt-get install bubblewrap.");
        await using var fleet = await OwnFleet.StartAsync(1);
        await using var bench = new Bench(fleet);
        await using var github = new GitHubDouble();
        var root = Directory.CreateDirectory(fleet.Directory + "/served").FullName;
        await GitAsync("init", "-q", "--bare", "-b", "main", root + "/octo/one.git");
        var first = await FillAsync(root + "/octo/one.git");
        var git = new GitOverHttp(root, () => github.Live);
        github.Instead = git.AnswerAsync;
        // The user's own git would write what signs in to a file.
        await File.WriteAllTextAsync(fleet.Hosts[0].HomeOnDisk + "/.gitconfig", "[credential]\n\thelper = store\n", Bench.Cancel);
        var server = new Uri(github.Address).GetLeftPart(UriPartial.Authority);
        var request = new TaskRequest
        {
            Command = Work + "git push -q; env | grep -c GIT_ASKPASS=$; git config --list --local",
            ScopedToken = ScopedTokenRequest.Create(GitHubApp.Create(GitHubDouble.AppId, github.KeyPem), ["octo/one"], TokenRight.Parse(["contents:write"]), null, github.Address),
            Repository = new RepositoryRequest { Url = server + "/octo/one.git", TaskBranch = "work" },
            Sandbox = isBoxed ? new SandboxRequest { RequireBoundary = true } : null,
        };
        var host = Bench.HostOf(fleet.Hosts[0]);
        var task = await RunAsync(bench, host, request);
        var log = await bench.TextOf(task);
        Assert.True(task.State == TaskState.Succeeded, log);
        var pushed = await GitAsync($"--git-dir={root}/octo/one.git", "rev-parse", "refs/heads/work");
        Assert.Equal((first, pushed, 1L, true, false), (task.Repository!.Before, task.Repository.After, task.Repository.Commits, task.Repository.IsPushed, task.Repository.IsDirty));
        Assert.Equal(task.Repository, bench.Dispatcher.Options.Ledger.Find(task.Id, task.HostName)!.Repository);

        // At another server nobody is told the token, and nobody is asked for a password.
        await using var another = new GitHubDouble { Instead = git.AnswerAsync };
        var there = new Uri(another.Address).Authority;
        var elsewhere = await RunAsync(bench, host, request with { Repository = new RepositoryRequest { Url = $"http://{there}/octo/one.git" } });
        Assert.Equal(TaskState.Failed, elsewhere.State);
        Assert.Contains("the host was refused", elsewhere.Reason, StringComparison.Ordinal);
        Assert.Equal([(there, "")], git.Requests.Where(r => r.Host == there).Distinct());

        Assert.Equal(2, github.Made.Count);
        var values = github.Made.Select(Encoding.UTF8.GetBytes).ToArray();
        Assert.DoesNotContain(
            new[] { fleet.Directory, bench.Folder }.SelectMany(f => Directory.EnumerateFiles(f, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })),
            f => values.Any(v => File.ReadAllBytes(f).AsSpan().IndexOf(v) >= 0));
    }

    [Fact]
    public async Task Stop_of_a_task_with_a_repository_tells_what_it_left_at_once_and_to_who_lists_the_host()
    {
        await using var fleet = await OwnFleet.StartAsync(1);
        await using var bench = new Bench(fleet);
        var origin = fleet.Hosts[0].HomeOnDisk + "/origin.git";
        await GitAsync("init", "-q", "--bare", "-b", "main", origin);
        var first = await FillAsync(origin);
        var host = Bench.HostOf(fleet.Hosts[0]);
        var task = await bench.Dispatcher.DispatchAsync(
            host, new TaskRequest { Command = Work + "echo more >made; touch ../checkout.ready 2>/dev/null; exec sleep 600", Repository = new RepositoryRequest { Url = "file://" + origin, Depth = 0 } }, Bench.Cancel);
        await PushingTask.UntilAsync(() => Directory.GetFiles(fleet.Hosts[0].HomeOnDisk, "checkout.ready", SearchOption.AllDirectories).Length == 1, "it has committed");
        task = await bench.Dispatcher.StopAsync(task, TimeSpan.FromSeconds(20), Bench.Cancel);
        Assert.Equal((TaskState.Stopped, first, 1L, true, false), (task.State, task.Repository!.Before, task.Repository.Commits, task.Repository.IsDirty, task.Repository.IsPushed));
        await using var other = new Bench(fleet);
        Assert.Equal(task.Repository, Assert.Single(await other.Dispatcher.ListAsync(host, Bench.Cancel)).Repository);
    }

    [Fact]
    public async Task Container_as_a_boundary_clones_inside_and_the_clone_is_there_afterwards()
    {
        await using var bench = await EngineBench.StartAsync();
        var origin = bench.Home + "/origin.git";
        await GitAsync("init", "-q", "--bare", "-b", "main", origin);
        var first = await FillAsync(origin);
        var task = await bench.RunAsync(new TaskRequest { Command = Work + "ls", Repository = new RepositoryRequest { Url = "file://" + origin }, Sandbox = new SandboxRequest { RequireBoundary = true } });
        Assert.True(task.State == TaskState.Succeeded, await bench.TextOf(task));
        Assert.Equal("Boundary (docker)", task.Sandbox!.ToString());
        Assert.Equal((first, 1L, false), (task.Repository!.Before, task.Repository.Commits, task.Repository.IsPushed));
        Assert.Equal(task.Repository.After, await GitAsync("-C", $"{bench.Home}/.remote-dispatch/tasks/{task.Id}/repo", "rev-parse", "HEAD"));
    }

    [Theory, InlineData("--branch", "main"), InlineData("--task-branch", "x"), InlineData("--depth", "0")]
    public async Task Part_of_a_repository_without_one_is_refused(string option, string value)
    {
        using var home = new Rdispatch(null);
        var run = await home.RunAsync("run", option, value, "--", "true");
        Assert.NotEqual(0, run.Code);
        Assert.Contains($"{option} is about a --repository", run.Errors, StringComparison.Ordinal);
        var wrong = await home.RunAsync("run", "--repository", "https://user:secret@github.com/octo/site", "--", "true");
        Assert.Equal(202, wrong.Code);
        Assert.DoesNotContain("secret", wrong.Errors, StringComparison.Ordinal);
    }

    private static async Task<RemoteTask> RunAsync(Bench bench, DispatchHost host, TaskRequest request) =>
        await bench.Dispatcher.WaitAsync(await bench.Dispatcher.DispatchAsync(host, request, Bench.Cancel), TimeSpan.FromSeconds(60), Bench.Cancel);

    private static async Task<JsonNode> OneAsync(Rdispatch program, params string[] line)
    {
        var run = await program.RunAsync(line);
        var json = JsonNode.Parse(run.Output)!;
        return json is JsonArray array ? array[0]! : json;
    }

    /// <summary>A first commit on main, of two files.</summary>
    internal static async Task<string> FillAsync(string repository)
    {
        var work = repository + ".work";
        await GitAsync("init", "-q", "-b", "main", work);
        await File.WriteAllTextAsync(work + "/one", "1", Bench.Cancel);
        await File.WriteAllTextAsync(work + "/two", "2", Bench.Cancel);
        await GitAsync("-C", work, "add", "--all");
        await GitAsync("-C", work, "-c", "user.name=n", "-c", "user.email=e@x", "commit", "-q", "-m", "first");
        await GitAsync("-C", work, "push", "-q", repository, "main");
        return await GitAsync("-C", work, "rev-parse", "HEAD");
    }

    internal static async Task<string> GitAsync(params string[] words)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/git"), "git is not installed: apt-get install git.");
        var start = new ProcessStartInfo("/usr/bin/git", words) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["GIT_CONFIG_GLOBAL"] = "/dev/null";
        using var git = Process.Start(start)!;
        var errors = git.StandardError.ReadToEndAsync(Bench.Cancel);
        var said = await git.StandardOutput.ReadToEndAsync(Bench.Cancel);
        await git.WaitForExitAsync(Bench.Cancel);
        Assert.True(git.ExitCode == 0, $"git {string.Join(' ', words)}: {await errors}");
        return said.Trim();
    }
}
