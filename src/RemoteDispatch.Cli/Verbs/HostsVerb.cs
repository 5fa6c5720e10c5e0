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

    /// <summary>Shows hosts as a table, or as an array, and a failure for each that cannot be used.</summary>
    private static void Show(Invocation run, IReadOnlyList<DispatchHost> hosts, IReadOnlyList<DispatchException> problems)
    {
        var failures = problems.Select(Failure.Of).ToArray();
        if (run.IsJson)
            run.Screen.Document(new JsonArray([.. hosts.Select(HostDocument.Of), .. failures.Select(f => f.ToJson())]));
        var table = new Table("NAME", "ADDRESS", "TRANSPORT", "CONTAINER", "CAPABILITIES");
        foreach (var host in run.IsJson ? [] : hosts)
            table.Add(host.Name, host.Address.ToString(), HostDocument.Word(host.Transport), host.Container.Value, string.Join(' ', host.Capabilities));
        if (!run.IsJson)
            table.ShowOn(run.Screen);
        foreach (var failure in failures)
            run.Screen.Fail(failure);
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
        var problems = new List<DispatchException>();
        var hosts = run.Get(Some) is { Length: > 0 } some
            ? sets.Get(some.SelectMany(set => sets.ExpandEntries(set)).Distinct(), problems) : run.Inventory.List(problems);
        Show(run, hosts, problems);
        return Task.FromResult(problems.Select(p => ExitCodes.Of(p.Reason)).FirstOrDefault());
    }

    private static async Task<int> RemoveAsync(Invocation run)
    {
        var sets = run.Inventory.Sets();
        var removed = new JsonArray();
        foreach (var name in run.Get(Names).SelectMany(set => sets.ExpandEntries(set)).Distinct().ToArray())
        {
            var host = await run.Inventory.RemoveAsync(name, run.Token).ConfigureAwait(false);
            // Of an entry that was no host, there is nothing but its name.
            removed.Add(host is null ? new JsonObject { ["name"] = name } : HostDocument.Of(host));
            if (!run.IsJson)
                run.Screen.Line($"{PlainText.OneLine(name)}\t{host?.Address}\tremoved");
        }

        if (run.IsJson)
            run.Screen.Document(removed is [{ } only] ? only : removed);
        return ExitCodes.Success;
    }
}
