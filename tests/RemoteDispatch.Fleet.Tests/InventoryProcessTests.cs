using System.Text.Json.Nodes;

namespace RemoteDispatch.Fleet.Tests;

/// <summary>Many processes change one inventory at once.</summary>
public sealed class InventoryProcessTests
{
    [Fact]
    public async Task Fifty_processes_that_add_hosts_at_once_lose_none()
    {
        using var program = new Rdispatch(null);
        await File.WriteAllTextAsync(program.HostsFile, """{"version": 3, "hosts": {"old": {"address": "10.0.0.1", "note": {"kept": true}}}}""", Bench.Cancel);
        var codes = await Task.WhenAll(Enumerable.Range(0, 50).Select(async i => (await program.RunAsync("hosts", "add", $"h{i}", $"10.1.0.{i}")).Code));

        Assert.All(codes, c => Assert.Equal(0, c));
        var file = JsonNode.Parse(await File.ReadAllTextAsync(program.HostsFile, Bench.Cancel))!;
        var hosts = file["hosts"]!.AsObject();
        Assert.Equal(51, hosts.Count);
        Assert.All(Enumerable.Range(0, 50), i => Assert.Equal($"10.1.0.{i}", (string?)hosts[$"h{i}"]!["address"]));
        Assert.Equal((3, true), ((int)file["version"]!, (bool)hosts["old"]!["note"]!["kept"]!));
    }
}
