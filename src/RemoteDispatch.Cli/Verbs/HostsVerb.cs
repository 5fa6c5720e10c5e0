using System.CommandLine;
using System.Text.Json.Nodes;
using RemoteDispatch.Cli.Json;
using RemoteDispatch.Cli.Output;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Cli.Verbs;

/// <summary><c>hosts</c>: the hosts that have names. Adding one has a file of its own.</summary>
internal static class HostsVerb
{
    private static readonly Argument<string> Name = new("NAME") { Description = "The host's name." };
    private static readonly Argument<string> File = new("FILE") { Description = "A file of the form {\"hosts\": {…}}." };

    public static Command Create() => new("hosts", "The inventory: the hosts that have names.")
    {
        HostsAddVerb.Create(),
        HostsPinVerb.Create(),
        new Verb("list", "Lists the hosts.", List, "rdispatch hosts list", "rdispatch hosts list --json"),
        new Verb("remove", "Removes a host from the inventory. Its tasks stay what and where they are.", RemoveAsync, "rdispatch hosts remove gpu1") { Name },
        new Verb(
            "import", "Adds the hosts of another file. Names that are there already stay as they are.", ImportAsync,
            "rdispatch hosts import ~/old/hosts.json") { File },
    };

    /// <summary>Shows hosts as a table, or as an array.</summary>
    internal static void Show(Invocation run, IReadOnlyList<DispatchHost> hosts)
    {
        if (run.IsJson)
        {
            run.Screen.Document(new JsonArray([.. hosts.Select(HostDocument.Of)]));
            return;
        }

        var table = new Table("NAME", "ADDRESS", "TRANSPORT", "CONTAINER", "CAPABILITIES");
        foreach (var host in hosts)
            table.Add(host.Name, host.Address.ToString(), HostDocument.Word(host.Transport), host.Container.Value, string.Join(' ', host.Capabilities));
        table.ShowOn(run.Screen);
    }

    /// <summary>Shows what was done to one host.</summary>
    internal static void Show(Invocation run, DispatchHost host, string done)
    {
        if (run.IsJson)
            run.Screen.Document(HostDocument.Of(host));
        else
            run.Screen.Line($"{host.Name}\t{host.Address}\t{done}");
    }

    private static Task<int> List(Invocation run)
    {
        Show(run, run.Inventory.List());
        return Task.FromResult(ExitCodes.Success);
    }

    private static async Task<int> RemoveAsync(Invocation run)
    {
        Show(run, await run.Inventory.RemoveAsync(run.Get(Name), run.Token).ConfigureAwait(false), "removed");
        return ExitCodes.Success;
    }

    private static async Task<int> ImportAsync(Invocation run)
    {
        var added = await run.Inventory.ImportAsync(run.Get(File), run.Token).ConfigureAwait(false);
        if (run.IsJson)
            Show(run, added);
        foreach (var host in run.IsJson ? [] : added)
            Show(run, host, "added");
        return ExitCodes.Success;
    }
}
