using System.Text.Json;

namespace RemoteDispatch.Fleet.Tests;

/// <summary>Hosts with process trees and networks of their own, that lose power and come back. rdispatch runs in their network.</summary>
public sealed class RebootTests
{
    [Fact]
    public async Task Task_whose_host_lost_power_is_lost_and_what_had_ended_is_what_it_was()
    {
        Assert.SkipWhen(NamespacedFleet.Missing is not null, NamespacedFleet.Missing ?? "");
        await using var fleet = await NamespacedFleet.StartAsync(2, null, Bench.Cancel);
        using var program = new Rdispatch(fleet.SshConfigPath, fleet.ClientPrefix);
        var server = fleet.Hosts[0];

        Assert.Equal(7, (await program.RunAsync("run", "--wait", "--host", server.Name, "--id", "ended", "--", "exit 7")).Code);
        Assert.Equal(0, (await program.RunAsync("run", "--host", server.Name, "--id", "running", "--", "exec sleep 100000")).Code);
        Assert.Equal("Running", await StateOf(program, "running"));
        await server.CrashAsync(Bench.Cancel);
        await server.BootAsync(Bench.Cancel);

        Assert.Equal("Lost", await StateOf(program, "running"));
        Assert.Equal("Failed", await StateOf(program, "ended"));
        var again = await program.RunAsync("run", "--host", server.Name, "--id", "after", "--wait", "--", "echo back");
        Assert.Equal((0, "back\n"), (again.Code, again.Output));
    }

    [Fact]
    public async Task Host_that_is_cut_off_ends_a_look_in_time_with_the_last_known_state_and_heals()
    {
        Assert.SkipWhen(NamespacedFleet.Missing is not null, NamespacedFleet.Missing ?? "");
        await using var fleet = await NamespacedFleet.StartAsync(2, null, Bench.Cancel);
        using var program = new Rdispatch(fleet.SshConfigPath, fleet.ClientPrefix);
        foreach (var server in fleet.Hosts)
            Assert.Equal(0, (await program.RunAsync("run", "--host", server.Name, "--id", $"on-{server.Name}", "--", "exec sleep 100000")).Code);
        await fleet.Hosts[0].CutAsync(Bench.Cancel);

        var list = await program.RunAsync("list", "--json");
        using (var json = JsonDocument.Parse(list.Output))
            Assert.Equal(["Running", "Running"], json.RootElement.EnumerateArray().Select(t => t.GetProperty("state").GetString()));
        Assert.Contains(fleet.Hosts[0].Name, list.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain(fleet.Hosts[1].Name, list.Errors, StringComparison.Ordinal);

        await fleet.Hosts[0].HealAsync(Bench.Cancel);
        Assert.Equal("Running", await StateOf(program, $"on-{fleet.Hosts[0].Name}"));
    }

    private static async Task<string?> StateOf(Rdispatch program, string id)
    {
        var status = await program.RunAsync("status", id, "--json");
        Assert.True(status.Code == 0, status.Errors);
        using var json = JsonDocument.Parse(status.Output);
        var task = json.RootElement.ValueKind == JsonValueKind.Array ? json.RootElement[0] : json.RootElement;
        return task.GetProperty("state").GetString();
    }
}
