using System.Text.Json;
using RemoteDispatch.Cli;

namespace RemoteDispatch.Fleet.Tests;

/// <summary><c>rdispatch logs</c>: of one task byte for byte, of several line by line, and then how they ended.</summary>
public sealed class LogsVerbTests(SharedFleet shared)
{
    [Fact]
    public async Task Followed_log_ends_with_what_wait_ends_with_and_says_how()
    {
        using var program = new Rdispatch(shared.Fleet.SshConfigPath);
        var ids = new[] { "fine", "fails", "stopped", "late" }.Select(w => $"{w}-{Guid.NewGuid():N}"[..20]).ToArray();
        string[] commands = ["echo ok", "echo no; exit 7", "exec sleep 1000", "exec sleep 1000"];
        foreach (var (id, command) in ids.Zip(commands))
            Assert.Equal(0, (await program.RunAsync(["run", "--host", "h1", "--id", id, .. id.StartsWith("late", StringComparison.Ordinal) ? ["--timeout", "1s"] : Array.Empty<string>(), "--", command])).Code);
        Assert.Equal(0, (await program.RunAsync("stop", ids[2], "--grace", "0s")).Code);
        foreach (var (id, code, said) in new[] { (ids[0], 0, ""), (ids[1], 7, "failed with exit code 7"), (ids[2], ExitCodes.TaskStopped, "was stopped"), (ids[3], ExitCodes.TaskTimedOut, "time limit") })
        {
            var (followed, waited) = (await program.RunAsync("logs", "--follow", id), await program.RunAsync("wait", id));
            Assert.Equal((code, code), (followed.Code, waited.Code));
            if (said.Length > 0)
                Assert.Contains(said, followed.Errors, StringComparison.Ordinal);
            else
                Assert.Equal("", followed.Errors);
            Assert.Equal(0, (await program.RunAsync("logs", id)).Code);
        }

        // The first that did not succeed, in the order in which they were named.
        Assert.Equal(7, (await program.RunAsync("logs", "-f", ids[0], ids[1], ids[2])).Code);
        Assert.Equal(ExitCodes.TaskStopped, (await program.RunAsync("logs", "-f", ids[2], ids[1])).Code);
        var missing = await program.RunAsync("logs", "-f", ids[0], "is-not-there");
        Assert.Equal((ExitCodes.TaskNotFound, "ok\n"), (missing.Code, missing.Output));
    }

    [Fact]
    public async Task Every_byte_value_comes_out_as_it_went_in_from_any_offset()
    {
        using var program = new Rdispatch(shared.Fleet.SshConfigPath);
        var (id, server) = ($"bytes-{Guid.NewGuid():N}", shared.Fleet.Hosts[1]);
        Assert.Equal(0, (await program.RunAsync("run", "--host", server.Name, "--id", id, "--wait", "--", "true")).Code);
        byte[] bytes = [.. Enumerable.Range(0, 256).Select(i => (byte)i), .. "\r\nend without an end "u8, 0xE2, 0x82];
        await File.WriteAllBytesAsync(Path.Combine(server.HomeOnDisk, ".remote-dispatch/tasks", id, "log"), bytes, Bench.Cancel);
        foreach (var offset in new[] { 0, 1, 128, 255, 256, bytes.Length - 1, bytes.Length, bytes.Length + 5 })
        {
            foreach (var follow in new[] { "--follow", "--verbose" })
                Assert.Equal(bytes.Skip(offset), await BytesAsync(program, "logs", id, "--offset", $"{offset}", follow));
        }
    }

    [Fact]
    public async Task Several_tasks_on_several_hosts_are_merged_line_by_line_in_one_connection_for_each_host()
    {
        await using var fleet = await OwnFleet.StartAsync(2);
        using var program = new Rdispatch(fleet.SshConfigPath);
        foreach (var (id, host) in new[] { ("a", "h1"), ("b", "h1"), ("c", "h2") })
            Assert.Equal(0, (await program.RunAsync("run", "--host", host, "--id", id, "--", $"printf 'one {id}\\ntwo '; until [ -e ~/go ]; do sleep 0.05; done; printf '{id}\\nlast'; [ {id} != b ] || exit 5")).Code);
        var before = fleet.Hosts.Select(h => h.CountConnections()).ToArray();
        using var follower = program.Start("logs", "-f", "--no-collect", "a", "b", "c");
        var lines = new List<string>();
        for (var i = 0; i < 3; i++)
            lines.Add((await follower.StandardOutput.ReadLineAsync(Bench.Cancel))!);
        Assert.Equal(["h1/a: one a", "h1/b: one b", "h2/c: one c"], lines.Order());
        foreach (var host in fleet.Hosts)
            await File.WriteAllTextAsync(host.HomeOnDisk + "/go", "", Bench.Cancel);
        var rest = (await follower.StandardOutput.ReadToEndAsync(Bench.Cancel)).Split('\n');
        await follower.WaitForExitAsync(Bench.Cancel);
        Assert.Equal(["", "h1/a: last", "h1/a: two a", "h1/b: last", "h1/b: two b", "h2/c: last", "h2/c: two c"], rest.Order(StringComparer.Ordinal));
        Assert.Equal(5, follower.ExitCode);
        Assert.Equal(before.Select(n => n + 1), fleet.Hosts.Select(h => h.CountConnections()));

        var plain = await program.RunAsync("logs", "?", "--no-prefix");
        Assert.Equal(["last", "last", "last", "one a", "one b", "one c", "two a", "two b", "two c"], plain.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
        var json = await program.RunAsync("logs", "a", "c", "--json");
        var documents = json.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement).ToArray();
        Assert.Equal(["last", "one c\n", "two c\n"], documents.Where(d => d.GetProperty("task").GetString() == "c" && d.GetProperty("host").GetString() == "h2").Select(d => d.GetProperty("text").GetString()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Flood_of_one_task_does_not_starve_the_other()
    {
        using var program = new Rdispatch(shared.Fleet.SshConfigPath);
        var server = shared.Fleet.Hosts[2];
        var (flood, quiet) = ($"flood-{Guid.NewGuid():N}", $"quiet-{Guid.NewGuid():N}");
        Assert.Equal(0, (await program.RunAsync("run", "--host", server.Name, "--id", flood, "--timeout", "60s", "--", "yes yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy | head -c 300000000; exec sleep 60")).Code);
        Assert.Equal(0, (await program.RunAsync("run", "--host", server.Name, "--id", quiet, "--", "for i in 1 2 3 4 5; do echo $i; sleep 0.2; done")).Code);
        using var both = program.Start("logs", "-f", flood, quiet);
        try
        {
            var heard = new List<string>();
            while (heard.Count < 5)
            {
                var line = (await both.StandardOutput.ReadLineAsync(Bench.Cancel).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Bench.Cancel))!;
                if (line.StartsWith($"{server.Name}/{quiet}: ", StringComparison.Ordinal))
                    heard.Add(line[^1..]);
            }

            Assert.Equal(["1", "2", "3", "4", "5"], heard);
        }
        finally
        {
            both.Kill(entireProcessTree: true);
            Assert.Equal(0, (await program.RunAsync("stop", flood, "--grace", "0s")).Code);
            File.Delete(Path.Combine(server.HomeOnDisk, ".remote-dispatch/tasks", flood, "log"));
        }
    }

    [Theory, InlineData(""), InlineData("+2h"), InlineData("-2h")]
    public async Task Duration_counts_back_by_the_clock_of_the_host(string skew)
    {
        var library = Directory.Exists("/usr/lib") ? Directory.EnumerateFiles("/usr/lib", "libfaketime.so.1", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true }).FirstOrDefault() : null;
        Assert.SkipWhen(library is null, "libfaketime is not here: apt-get install faketime");
        await using var fleet = await OwnFleet.StartAsync(1, _ => new FleetHostOptions { LoginScript = skew.Length > 0 ? $"export LD_PRELOAD='{library}' FAKETIME='{skew}'" : "" });
        using var program = new Rdispatch(fleet.SshConfigPath);
        // As its wrapper would have noted it a hundred seconds ago.
        var run = await program.RunAsync("run", "--wait", "--host", "h1", "--id", "since", "--", "echo old; echo $(($(date +%s) - 100)) 4 >>\"$REMOTE_DISPATCH_WORKSPACE/times\"; echo new");
        Assert.Equal((0, "old\nnew\n"), (run.Code, run.Output));
        Assert.Equal("new\n", (await program.RunAsync("logs", "since", "--since", "50s")).Output);
        Assert.Equal("new\n", (await program.RunAsync("logs", "since", "--since", "50s", "--follow")).Output);
        Assert.Equal("old\nnew\n", (await program.RunAsync("logs", "since", "--since", "150s")).Output);
        Assert.Equal("old\nnew\n", (await program.RunAsync("logs", "since", "--since", "2001-01-01T00:00Z")).Output);
        Assert.Equal("", (await program.RunAsync("logs", "since", "--since", "2101-01-01")).Output);
        Assert.Equal(ExitCodes.Usage, (await program.RunAsync("logs", "since", "--since", "tomorrow")).Code);
        Assert.Equal(ExitCodes.Usage, (await program.RunAsync("logs", "since", "--since", "1h", "--tail", "1")).Code);
    }

    private static async Task<byte[]> BytesAsync(Rdispatch program, params string[] args)
    {
        using var process = program.Start(args);
        using var bytes = new MemoryStream();
        await process.StandardOutput.BaseStream.CopyToAsync(bytes, Bench.Cancel);
        await process.WaitForExitAsync(Bench.Cancel);
        Assert.Equal(0, process.ExitCode);
        return bytes.ToArray();
    }
}
