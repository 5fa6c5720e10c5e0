using System.Security.Cryptography;
using System.Text;
using RemoteDispatch.Hosts;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Core.Tests.Workspaces;

/// <summary>What the tests of the contract send, and how they wait for it.</summary>
internal static class TestOrders
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>A small order; another command is another request.</summary>
    public static LaunchOrder Order(string id, string command) => new()
    {
        Id = id,
        Command = command,
        Digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(command))),
        TaskJson = "{}",
        Grace = TimeSpan.FromSeconds(1),
    };

    /// <summary>Waits until a task has ended by itself.</summary>
    public static async Task<Ended> EndAsync(this WorkspaceClient client, DispatchHost host, string id)
    {
        while (true)
        {
            var state = (await client.StatusAsync(host, [id], Cancel))[0];
            if (state is Ended ended)
                return ended;
            Assert.True(state is Running, $"{id} is {state}");
            await Task.Delay(5, Cancel);
        }
    }
}
