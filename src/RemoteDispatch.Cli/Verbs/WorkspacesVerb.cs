using System.CommandLine;
using System.Text.Json.Nodes;
using RemoteDispatch.Cli.Json;
using RemoteDispatch.Cli.Output;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Cli.Verbs;

/// <summary><c>workspaces</c>: what tasks have left on hosts.</summary>
internal static class WorkspacesVerb
{
    private static readonly Option<string[]> Hosts = Common.Hosts("Ask this host; may be given several times. [default: the inventory's hosts, this machine, and those that tasks were sent to]");
    private static readonly Option<TimeSpan?> Age = Common.Span("--older-than", "Only those whose tasks have ended longer ago than that.");
    private static readonly Option<bool> Orphaned = new("--orphaned") { Description = "Only those that were not sent from here." };

    public static Verb Create() => new(
        "workspaces", "Lists what tasks have left on hosts, and what they take there, with size and age.", ListAsync,
        "rdispatch workspaces", "rdispatch workspaces --host '@gpu' --older-than 7d", "rdispatch workspaces --orphaned --json | jq 'map(.sizeBytes) | add'")
    {
        Hosts, Age, Orphaned,
    };

    private static async Task<int> ListAsync(Invocation run)
    {
        var answers = await run.ListWorkspacesAsync(run.Get(Hosts)).ConfigureAwait(false);
        var found = answers.SelectMany(a => a.Found)
            .Where(w => (run.Get(Age) is not { } age || w.HasEndedBefore(age)) && (!run.Get(Orphaned) || w.IsOrphaned)).ToArray();
        var failures = answers.Select(a => a.Failure).OfType<Failure>().ToArray();
        if (run.IsJson)
            run.Screen.Document(new JsonArray([.. found.Select(WorkspaceDocument.Of), .. failures.Select(f => f.ToJson())]));
        else
            ToTable(found).ShowOn(run.Screen);
        foreach (var failure in failures)
            run.Screen.Fail(failure);
        return failures.Select(f => f.ExitCode).FirstOrDefault();
    }

    private static Table ToTable(IEnumerable<RemoteTaskWorkspace> workspaces)
    {
        var table = new Table("ID", "HOST", "STATE", "SIZE", "AGE", "KNOWN", "FROM", "COMMAND");
        foreach (var one in workspaces)
        {
            table.Add(
                one.Id, one.HostName, one.State.ToString(), one.SizeBytes is { } bytes ? ByteSize.Show(bytes) : "",
                one.Age is { } age ? Duration.Show(age) : "", one.IsOrphaned ? "orphaned" : "ours", one.From ?? "", one.Command);
        }

        return table;
    }
}
