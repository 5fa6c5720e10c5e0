using System.CommandLine;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Cli.Verbs;

/// <summary><c>hosts export</c>: writes hosts for another machine or another program.</summary>
internal static class HostsExportVerb
{
    private static readonly Argument<string> File = new("FILE")
    {
        Description = "The file; '-' is stdout.", Arity = ArgumentArity.ZeroOrOne, DefaultValueFactory = _ => "-",
    };
    private static readonly Option<HostFormat> Format = new("--format")
    {
        Description = "json, csv or ssh-config. [default: what the file's name says, else json]", HelpName = "FORMAT", CustomParser = HostsVerb.ParseFormat,
    };
    private static readonly Option<string[]> Hosts = Common.Hosts("Only these hosts of the inventory; may be given several times.");
    private static readonly Option<bool> Force = new("--force") { Description = "Write over a file that is there." };

    public static Verb Create() => new(
        "export", "Writes hosts of the inventory to a file, or to stdout.", ExportAsync,
        "rdispatch hosts export hosts.csv", "rdispatch hosts export --host '@gpu' --format ssh-config >> ~/.ssh/config")
    {
        File, Format, Hosts, Force,
    };

    private static Task<int> ExportAsync(Invocation run)
    {
        var path = run.Get(File) is var file and not "-" ? file : null;
        var sets = run.Inventory.Sets();
        var names = run.Get(Hosts) is { Length: > 0 } some ? some.SelectMany(set => sets.ExpandEntries(set)) : sets.ExpandEntries("@*", mayBeNobody: true);
        var hosts = new HostExport();
        foreach (var name in names)
            hosts.Add(sets, name);
        var format = run.Get(Format) is var given and not HostFormat.Auto ? given : path is null ? HostFormat.Json : HostExport.FormatOf(path);
        var text = hosts.ToText(format);
        if (path is null)
        {
            run.Screen.Write(System.Text.Encoding.UTF8.GetBytes(text));
        }
        else
        {
            HostExport.Save(path, text, run.Get(Force));
            var count = hosts.Count(format);
            run.Screen.Say($"{count} host{(count == 1 ? "" : "s")} written to '{path}' ({format}).");
        }

        return Task.FromResult(ExitCodes.Success);
    }
}
