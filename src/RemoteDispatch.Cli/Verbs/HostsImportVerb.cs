using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using RemoteDispatch.Cli.Json;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Cli.Verbs;

/// <summary><c>hosts import</c>: adds hosts from elsewhere.</summary>
internal static class HostsImportVerb
{
    private static readonly Argument<string> File = new("FILE")
    {
        Description = "The file; '-' is stdin.", Arity = ArgumentArity.ZeroOrOne, DefaultValueFactory = _ => "",
    };
    private static readonly Option<HostFormat> Format = new("--format")
    {
        Description = "ssh-config, tailscale, json or csv. [default: what the content says]", HelpName = "FORMAT", CustomParser = HostsVerb.ParseFormat,
    };
    private static readonly Option<bool> FromSshConfig = new("--from-ssh-config") { Description = "The aliases of ~/.ssh/config." };
    private static readonly Option<bool> FromTailscale = new("--from-tailscale") { Description = "The peers that 'tailscale status --json' shows." };
    private static readonly Option<string[]> Capabilities = new("--capability")
    {
        Description = "One more capability for all that comes in, as 'gpu'; may be given several times.", HelpName = "WORD",
    };
    private static readonly Option<bool> Force = new("--force") { Description = "Put hosts in the place of those that have their names already." };

    public static Verb Create()
    {
        var verb = new Verb(
            "import", "Adds hosts from a file, from ssh's configuration or from a tailnet, all in one change. Names that are there already stay as they are.", ImportAsync,
            "rdispatch hosts import ~/old/hosts.json", "rdispatch hosts import hosts.csv --capability web", "rdispatch hosts import --from-ssh-config",
            "tailscale status --json | rdispatch hosts import -")
        {
            File, Format, FromSshConfig, FromTailscale, Capabilities, Force,
        };
        verb.Validators.Add(result =>
        {
            var sources = new[] { result.GetResult(File)?.Tokens.Count > 0, result.GetValue(FromSshConfig), result.GetValue(FromTailscale) };
            if (sources.Count(s => s) != 1)
                result.AddError("Name one source: a FILE, --from-ssh-config or --from-tailscale.");
        });
        return verb;
    }

    private static async Task<int> ImportAsync(Invocation run)
    {
        var import = await ReadAsync(run).ConfigureAwait(false);
        import.Tag(run.Get(Capabilities) ?? []);
        foreach (var remark in import.Remarks)
            run.Screen.Warn(remark);
        var hosts = await run.Inventory.ImportAsync(import, run.Get(Force), run.Token).ConfigureAwait(false);
        var taken = hosts.Where(h => h.Outcome != ImportOutcome.Kept).ToArray();
        if (run.IsVerbose)
            run.Screen.Say(string.Join('\n', hosts.Except(taken).Select(h => $"The inventory has a host '{h.Host.Name}' already, which stays as it is.")));
        var failures = import.Problems.Select(Failure.Of).ToArray();
        if (run.IsJson)
            run.Screen.Document(new JsonArray([.. taken.Select(h => HostDocument.Of(h.Host)), .. failures.Select(f => f.ToJson())]));
        foreach (var one in run.IsJson ? [] : taken)
            HostsVerb.Show(run, one.Host, one.Outcome == ImportOutcome.Added ? "added" : "replaced");
        foreach (var failure in failures)
            run.Screen.Fail(failure);
        return failures.Select(f => f.ExitCode).FirstOrDefault();
    }

    private static async Task<HostImport> ReadAsync(Invocation run)
    {
        if (run.Get(FromSshConfig))
            return HostImport.FromSshConfig();
        if (run.Get(FromTailscale))
            return await HostImport.FromTailnetAsync(run.Token).ConfigureAwait(false);
        if (run.Get(File) is var path and not "-")
            return HostImport.FromFile(path, run.Get(Format));
        using var input = new StreamReader(Console.OpenStandardInput(), Encoding.UTF8);
        return HostImport.FromText(await input.ReadToEndAsync(run.Token).ConfigureAwait(false), "stdin", run.Get(Format));
    }
}
