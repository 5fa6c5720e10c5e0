using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using RemoteDispatch.Credentials;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Fleet.Tests;

/// <summary>Sandboxes over real sshd hosts: what is planted there stays out, what is granted arrives, and every session says the same of it.</summary>
public sealed class SandboxTests(SharedFleet shared)
{
    [Fact]
    public async Task Boundary_keeps_keys_variables_and_other_sandboxes_out_and_any_session_sees_that_it_is_one()
    {
        SkipWithoutBwrap();
        await using var fleet = await OwnFleet.StartAsync(1);
        await using var bench = new Bench(fleet);
        var host = Bench.HostOf(fleet.Hosts[0]);
        var home = fleet.Hosts[0].HomeOnDisk;
        foreach (var name in new[] { ".ssh/id_ed25519", ".netrc", ".aws/credentials" })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(home, name))!);
            await File.WriteAllTextAsync(Path.Combine(home, name), "planted-file", Bench.Cancel);
        }

        await File.WriteAllTextAsync(Path.Combine(home, ".bashrc"), "export PLANTED=planted-variable AWS_SECRET_ACCESS_KEY=planted-key\n", Bench.Cancel);
        var secret = "canary-" + RandomNumberGenerator.GetHexString(40);
        var box = new SandboxRequest();

        var first = await bench.Dispatcher.DispatchAsync(host, new TaskRequest { Command = "echo mine >~/note; sleep 60", Sandbox = box }, Bench.Cancel);
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(Bench.Cancel);
        var sampler = Task.Run(() => ArgumentsWith(secret, watching.Token), Bench.Cancel);
        var look = $"""
            find {home} -type f ! -name command 2>/dev/null | xargs cat; cat {home}/.ssh/id_ed25519 {home}/.netrc {home}/.aws/credentials
            cat {home}/.remote-dispatch/tasks/{first.Id}/home/note {home}/.remote-dispatch/tasks/{first.Id}/log
            cat /proc/[0-9]*/environ | tr '\0' '\n' | grep -e planted -e {first.Id}
            printf %s "$TOKEN" | sha256sum | cut -c1-64
            """;
        var second = await bench.Dispatcher.DispatchAsync(
            host, new TaskRequest { Command = look, Sandbox = box, Credentials = [CredentialGrant.Create("TOKEN", secret)] }, Bench.Cancel);
        second = await bench.Dispatcher.WaitAsync(second, TimeSpan.FromSeconds(60), Bench.Cancel);
        await watching.CancelAsync();
        Assert.Empty(await sampler);

        Assert.Equal(TaskState.Succeeded, second.State);
        var log = await bench.TextOf(second);
        Assert.Contains(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret))), log, StringComparison.Ordinal);
        Assert.DoesNotContain("planted", log, StringComparison.Ordinal);
        Assert.DoesNotContain("mine", log, StringComparison.Ordinal);
        Assert.DoesNotContain(first.Id + "\n", log, StringComparison.Ordinal);

        // Another machine's session, and this one's ledger.
        await using var other = new Bench(fleet);
        var seen = (await other.Dispatcher.ListAsync(host, Bench.Cancel)).ToDictionary(t => t.Id);
        foreach (var task in new[] { seen[first.Id], seen[second.Id], first, second, bench.Dispatcher.Options.Ledger.Find(second.Id, host.Name)! })
            Assert.Equal("Boundary (bwrap)", task.Sandbox?.ToString());

        first = await bench.Dispatcher.StopAsync(first, null, Bench.Cancel);
        Assert.Equal(TaskState.Stopped, first.State);
        Assert.All(new[] { first, second }, t => Assert.False(Directory.Exists(Path.Combine(home, ".remote-dispatch", "tasks", t.Id, "home"))));
        await bench.Dispatcher.RemoveAsync(first, cancellationToken: Bench.Cancel);
    }

    [Fact]
    public async Task Request_sent_again_is_the_same_sandbox_and_another_sandbox_is_another_request()
    {
        await using var bench = new Bench(shared.Fleet);
        var host = Bench.HostOf(shared.Fleet.Hosts[0]);
        var request = new TaskRequest { Id = TaskId.New(TimeProvider.System), Command = "true", Sandbox = new SandboxRequest() };
        var first = await bench.Dispatcher.DispatchAsync(host, request, Bench.Cancel);
        var again = await bench.Dispatcher.DispatchAsync(host, request, Bench.Cancel);
        Assert.NotNull(first.Sandbox);
        Assert.Equal(first.Sandbox, again.Sandbox);
        foreach (var box in new[] { null, new SandboxRequest { RequireBoundary = true }, new SandboxRequest { Paths = ["~/x"] } })
        {
            var failure = await Assert.ThrowsAsync<DispatchException>(() => bench.Dispatcher.DispatchAsync(host, request with { Sandbox = box }, Bench.Cancel));
            Assert.Equal(FailureReason.TaskConflict, failure.Reason);
        }
    }

    [Fact]
    public async Task Rdispatch_says_what_the_sandbox_became_and_refuses_parts_without_one()
    {
        SkipWithoutBwrap();
        using var rdispatch = new Rdispatch(shared.Fleet.SshConfigPath);
        var name = shared.Fleet.Hosts[1].Name;
        var (code, output, errors) = await rdispatch.RunAsync("run", "--host", name, "--id", "boxed", "--sandbox", "--no-network", "--sandbox-allow", "git-identity", "--wait", "--", "umask; ls -A");
        Assert.Equal((0, "0077\n.cache\n.config\n.local\ntmp\n", ""), (code, output, errors));
        (_, output, _) = await rdispatch.RunAsync("status", "boxed", "--host", name, "--json");
        var document = JsonNode.Parse(output)!;
        Assert.Equal("""{"kind":"Boundary","maker":"bwrap","network":false}""", (document is JsonArray many ? many[0]! : document)["sandbox"]!.ToJsonString());
        (_, output, _) = await rdispatch.RunAsync("status", "boxed", "--host", name);
        Assert.Contains("Boundary (bwrap, no network)", output, StringComparison.Ordinal);
        (code, _, errors) = await rdispatch.RunAsync("run", "--no-network", "--", "true");
        Assert.Equal(202, code);
        Assert.Contains("--no-network is a part of --sandbox", errors, StringComparison.Ordinal);
        (code, _, errors) = await rdispatch.RunAsync("run", "--sandbox", "--login-shell", "--", "true");
        Assert.NotEqual(0, code);
        Assert.Contains("login shell", errors, StringComparison.Ordinal);
    }

    private static void SkipWithoutBwrap() => Assert.SkipUnless(File.Exists("/usr/bin/bwrap"), "bwrap is not installed: apt-get install bubblewrap.");

    private static async Task<IReadOnlyList<string>> ArgumentsWith(string secret, CancellationToken cancellationToken)
    {
        var seen = new List<string>();
        while (!cancellationToken.IsCancellationRequested)
        {
            foreach (var folder in Directory.GetDirectories("/proc").Where(d => int.TryParse(Path.GetFileName(d), out _)))
            {
                try
                {
                    var line = await File.ReadAllTextAsync(folder + "/cmdline", CancellationToken.None);
                    if (line.Contains(secret, StringComparison.Ordinal))
                        seen.Add(line);
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    // It has ended.
                }
            }
        }

        return seen;
    }
}
