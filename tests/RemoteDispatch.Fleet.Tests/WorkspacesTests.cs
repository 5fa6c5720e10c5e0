using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using RemoteDispatch.Cli;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Fleet.Tests;

/// <summary>What tasks leave on real hosts, listed and cleaned up, by Core and by the program.</summary>
public sealed class WorkspacesTests(SharedFleet shared)
{
    [Fact]
    public async Task Thousands_of_workspaces_are_listed_in_one_request()
    {
        using var counter = new RequestCounter();
        await using var fleet = await OwnFleet.StartAsync(1, _ => new FleetHostOptions { LoginScript = counter.LoginScript });
        await using var bench = new Bench(fleet);
        var root = Directory.CreateDirectory(Path.Combine(fleet.Hosts[0].HomeOnDisk, ".remote-dispatch/tasks"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;
        for (var i = 0; i < 2000; i++)
        {
            Directory.CreateDirectory($"{root}/many-{i}");
            await File.WriteAllTextAsync($"{root}/many-{i}/exit", "exited 0 1000000000 \n", Bench.Cancel);
        }

        var found = await bench.Dispatcher.ListWorkspacesAsync(Bench.HostOf(fleet.Hosts[0]), Bench.Cancel);
        Assert.Equal((2000, 1), (found.Count, counter.Requests));
        Assert.All(found, w => Assert.True(w is { IsOrphaned: true, SizeBytes: > 0, State: TaskState.Succeeded }));
    }

    [Fact]
    public async Task Launch_on_a_host_with_a_limit_is_one_request_as_without()
    {
        using var counter = new RequestCounter();
        await using var fleet = await OwnFleet.StartAsync(1, _ => new FleetHostOptions { LoginScript = counter.LoginScript });
        await using var bench = new Bench(fleet);
        var host = Bench.HostOf(fleet.Hosts[0]);
        await bench.Dispatcher.DispatchAsync(host, new TaskRequest { Command = "true" }, Bench.Cancel);
        var before = counter.Requests;
        await bench.Dispatcher.DispatchAsync(host with { WorkspaceLimit = 1 << 30 }, new TaskRequest { Command = "true" }, Bench.Cancel);
        Assert.Equal(before + 1, counter.Requests);
    }

    [Theory, InlineData("+2h"), InlineData("-2h")]
    public async Task Clock_that_is_two_hours_off_makes_nothing_older_or_younger(string offset)
    {
        var library = Directory.Exists("/usr/lib") ? Directory.EnumerateFiles("/usr/lib", "libfaketime.so.1", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true }).FirstOrDefault() : null;
        Assert.SkipWhen(library is null, "libfaketime is not here: apt-get install faketime");
        await using var fleet = await OwnFleet.StartAsync(1, _ => new FleetHostOptions { LoginScript = $"export LD_PRELOAD='{library}' FAKETIME='{offset}'" });
        await using var bench = new Bench(fleet);
        var task = await bench.RunAsync(Bench.HostOf(fleet.Hosts[0]), "true");
        var workspace = Assert.Single(await bench.Dispatcher.ListWorkspacesAsync(task.Host, Bench.Cancel));
        Assert.InRange(workspace.Age!.Value, TimeSpan.Zero, TimeSpan.FromMinutes(10));
        Assert.False(workspace.HasEndedBefore(TimeSpan.FromHours(1)));
    }

    [Fact]
    public async Task Program_lists_and_cleans_what_is_old_on_all_hosts_and_tells_of_one_that_is_down()
    {
        using var program = new Rdispatch(shared.Fleet.SshConfigPath);
        foreach (var (id, host) in new[] { ("clean-old", "h3"), ("clean-new", "h3"), ("clean-old", "h4") })
            Assert.Equal(0, (await program.RunAsync("run", "--wait", "--host", host, "--id", id, "--", "echo kept")).Code);
        foreach (var at in (int[])[2, 3])
            await File.WriteAllTextAsync(Workspace(at, "clean-old") + "/exit", "exited 0 1000000000 \n", Bench.Cancel);
        using var closed = new TcpListener(IPAddress.Loopback, 0);
        closed.Start();
        var port = ((IPEndPoint)closed.LocalEndpoint).Port;
        closed.Stop();
        Assert.Equal(0, (await program.RunAsync("hosts", "add", "down", $"ssh://nobody@127.0.0.1:{port}")).Code);

        var listed = await program.RunAsync("workspaces", "--older-than", "7d", "--json");
        Assert.Equal(ExitCodes.Connect, listed.Code);
        var items = JsonDocument.Parse(listed.Output).RootElement.EnumerateArray().ToArray();
        var mine = items.Where(i => i.TryGetProperty("id", out var id) && id.GetString() == "clean-old").ToArray();
        Assert.Equal(["h3", "h4"], mine.Select(i => i.GetProperty("host").GetString()).Order());
        Assert.All(mine, i => Assert.True(i.GetProperty("sizeBytes").GetInt64() > 0 && !i.GetProperty("orphaned").GetBoolean()));
        Assert.Equal("down", Assert.Single(items, i => i.TryGetProperty("error", out _)).GetProperty("error").GetProperty("host").GetString());

        var tried = await program.RunAsync("clean", "--older-than", "7d", "--host", "h[3-4]", "--dry-run");
        Assert.Equal(0, tried.Code);
        Assert.Contains("clean-old\th3\twould be removed", tried.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("clean-new", tried.Output, StringComparison.Ordinal);
        Assert.True(Directory.Exists(Workspace(2, "clean-old")));

        var cleaned = await program.RunAsync("clean", "--older-than", "7d", "--host", "h[3-4]", "--host", "down");
        Assert.Equal(ExitCodes.Connect, cleaned.Code);
        Assert.Contains("clean-old\th4\tremoved\t", cleaned.Output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Workspace(2, "clean-old")) || Directory.Exists(Workspace(3, "clean-old")));
        Assert.True(Directory.Exists(Workspace(2, "clean-new")));
        Assert.Contains("clean-new", (await program.RunAsync("workspaces", "--host", "h3")).Output, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Usage, (await program.RunAsync("clean")).Code);
    }

    [Fact]
    public async Task Limit_of_an_entry_is_an_exit_code_of_its_own()
    {
        using var program = new Rdispatch(shared.Fleet.SshConfigPath);
        Assert.Equal(0, (await program.RunAsync("hosts", "add", "small", "local", "--workspace-root", program.Folder + "/small", "--workspace-limit", "1MB")).Code);
        Assert.Equal(0, (await program.RunAsync("run", "--wait", "--host", "small", "--", "true")).Code);
        Assert.Equal(0, (await program.RunAsync("run", "--wait", "--host", "small", "--", "head -c 2000000 /dev/zero >\"$REMOTE_DISPATCH_WORKSPACE/big\"")).Code);
        File.Delete(program.Folder + "/small/.usage");
        var refused = await program.RunAsync("run", "--host", "small", "--", "true");
        Assert.Equal(ExitCodes.WorkspaceLimitReached, refused.Code);
        Assert.Contains("rdispatch clean --older-than 7d --host small", refused.Errors, StringComparison.Ordinal);
    }

    private string Workspace(int host, string id) => Path.Combine(shared.Fleet.Hosts[host].HomeOnDisk, ".remote-dispatch/tasks", id);
}
