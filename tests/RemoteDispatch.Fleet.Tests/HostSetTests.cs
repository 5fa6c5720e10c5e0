using System.Text.Json;
using RemoteDispatch.Cli;

namespace RemoteDispatch.Fleet.Tests;

/// <summary>Sets of hosts, wherever rdispatch takes a host's name, against real hosts.</summary>
public sealed class HostSetTests(SharedFleet shared)
{
    [Fact]
    public async Task Run_with_a_set_sends_to_its_hosts_and_to_no_other()
    {
        using var program = new Rdispatch(shared.Fleet.SshConfigPath);
        var run = await program.RunAsync("run", "--wait", "--host", "h[1-3]!h2", "--host", "h1", "--", "basename \"$HOME\"");
        Assert.Equal((0, ""), (run.Code, run.Errors));
        Assert.Equal(["h1", "h3"], run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split([':', ' ', '|', '\t'])[0].Trim()).Order());
    }

    [Fact]
    public async Task Group_is_the_hosts_of_the_inventory_that_have_the_capability()
    {
        using var program = new Rdispatch(shared.Fleet.SshConfigPath);
        await AddAsync(program, "first", "h1", "even=no", "all-round");
        await AddAsync(program, "second", "h2", "even=yes");
        await AddAsync(program, "fourth", "h4", "even=yes");
        var run = await program.RunAsync("run", "--json", "--wait", "--host", "@even=yes,f*", "--", "exit 0");
        Assert.Equal(0, run.Code);
        Assert.Equal(["second", "fourth", "first"], Hosts(run.Output));
        // A bad name is one failure, and the others go on.
        run = await program.RunAsync("run", "--json", "--wait", "--host", "@even=yes", "--host", "@odd", "--host", "x[", "--", "exit 0");
        Assert.Equal(ExitCodes.Inventory, run.Code);
        using var json = JsonDocument.Parse(run.Output);
        Assert.Equal(["", "", "HostNotFound", "InvalidInput"], json.RootElement.EnumerateArray().Select(o => o.TryGetProperty("error", out var e) ? e.GetProperty("reason").GetString()! : ""));
    }

    [Fact]
    public async Task Every_verb_takes_a_set_for_its_hosts()
    {
        using var program = new Rdispatch(shared.Fleet.SshConfigPath);
        Assert.Equal(0, (await program.RunAsync("run", "--wait", "--id", "by-set", "--host", "h[1-3]", "--", "echo out")).Code);
        Assert.Equal(["h1", "h3"], Hosts((await program.RunAsync("status", "by-set", "--json", "--host", "h[1-3]!h2")).Output));
        Assert.Equal(0, (await program.RunAsync("wait", "by-set", "--host", "h[1,3]")).Code);
        var list = await program.RunAsync("list", "--json", "--host", "h[2-3]");
        Assert.Equal(2, JsonDocument.Parse(list.Output).RootElement.EnumerateArray().Count(t => t.GetProperty("id").GetString() == "by-set"));
        var cached = await program.RunAsync("list", "--json", "--cached", "--host", "h[2-4]!h3");
        Assert.Equal(["h2"], JsonDocument.Parse(cached.Output).RootElement.EnumerateArray().Select(t => t.GetProperty("host").GetString()));
        Assert.Equal("out\n", (await program.RunAsync("logs", "by-set", "--host", "h[1-3]&h2")).Output);
        Assert.Equal(["h1/by-set: out", "h3/by-set: out"], (await program.RunAsync("logs", "by-set", "--host", "h[1-3]!h2")).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order());
        Assert.Equal(["h1", "h2"], JsonDocument.Parse((await program.RunAsync("check", "--json", "h[1-3]!h3")).Output).RootElement.EnumerateArray().Select(h => h.GetProperty("host").GetString()));
        Assert.Equal(0, (await program.RunAsync("rm", "by-set", "--host", "h[1-3]")).Code);
        Assert.Equal(ExitCodes.TaskNotFound, (await program.RunAsync("status", "by-set")).Code);
    }

    private static async Task AddAsync(Rdispatch program, string name, string address, params string[] capabilities) =>
        Assert.Equal(0, (await program.RunAsync(["hosts", "add", name, address, .. capabilities.SelectMany(c => new[] { "--capability", c })])).Code);

    private static string[] Hosts(string output)
    {
        using var json = JsonDocument.Parse(output);
        return [.. json.RootElement.EnumerateArray().Select(o => o.GetProperty("task").GetProperty("host").GetString()!)];
    }
}
