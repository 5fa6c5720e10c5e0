using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json.Nodes;
using RemoteDispatch.Cli.Json;
using RemoteDispatch.Cli.Output;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Cli.Verbs;

/// <summary><c>hosts</c>: the hosts that have names. Adding, importing and exporting have files of their own.</summary>
internal static class HostsVerb
{
    private static readonly Argument<string[]> Names = new("SET")
    {
        Description = "A name, or a set of names ('web[1-20]', '@gpu'); several may follow each other.", Arity = ArgumentArity.OneOrMore,
    };
    private static readonly Argument<string[]> Some = new("SET")
    {
        Description = "Only these hosts: names and sets of names.", Arity = ArgumentArity.ZeroOrMore, DefaultValueFactory = _ => [],
    };

    public static Command Create() => new("hosts", "The inventory: the hosts that have names.")
    {
        HostsAddVerb.Create(),
        HostsPinVerb.Create(),
        new Verb("list", "Lists the hosts.", List, "rdispatch hosts list", "rdispatch hosts list '@gpu!gpu7' --json") { Some },
        new Verb(
            "remove", "Removes hosts from the inventory. Their tasks stay what and where they are.", RemoveAsync,
            "rdispatch hosts remove gpu1", "rdispatch hosts remove 'web[1-20]'") { Names },
        HostsImportVerb.Create(),
        HostsExportVerb.Create(),
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

    /// <summary>Reads the name of a form, with or without its dash.</summary>
    internal static HostFormat ParseFormat(ArgumentResult result)
    {
        var word = result.Tokens[0].Value.Replace("-", "", StringComparison.Ordinal);
        if (Enum.GetNames<HostFormat>().FirstOrDefault(n => n.Equals(word, StringComparison.OrdinalIgnoreCase)) is { } name)
            return Enum.Parse<HostFormat>(name);
        result.AddError($"'{result.Tokens[0].Value}' is no form: it is one of auto, ssh-config, tailscale, json, csv.");
        return HostFormat.Auto;
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
        var sets = run.Inventory.Sets();
        Show(run, run.Get(Some) is { Length: > 0 } some ? [.. some.SelectMany(set => sets.ExpandEntries(set)).Distinct().Select(sets.Get)] : run.Inventory.List());
        return Task.FromResult(ExitCodes.Success);
    }

    private static async Task<int> RemoveAsync(Invocation run)
    {
        var sets = run.Inventory.Sets();
        var removed = new List<DispatchHost>();
        foreach (var name in run.Get(Names).SelectMany(set => sets.ExpandEntries(set)).Distinct().ToArray())
        {
            removed.Add(await run.Inventory.RemoveAsync(name, run.Token).ConfigureAwait(false));
            if (!run.IsJson)
                Show(run, removed[^1], "removed");
        }

        if (run.IsJson && removed is [var only])
            Show(run, only, "removed");
        else if (run.IsJson)
            Show(run, removed);
        return ExitCodes.Success;
    }
}
