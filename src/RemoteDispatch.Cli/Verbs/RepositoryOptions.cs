using System.CommandLine;
using System.CommandLine.Parsing;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Cli.Verbs;

/// <summary>What <c>run</c> takes of a task's repository.</summary>
internal static class RepositoryOptions
{
    public static readonly Option<string?> Repository = new("--repository")
    {
        Description = "Clone this repository on the host, and run the command there: https://..., ssh://..., git@host:path, or a path of the host.", HelpName = "URL",
    };
    public static readonly Option<string?> Branch = new("--branch") { Description = "The branch or tag that is checked out. [default: the remote's default branch]", HelpName = "NAME" };
    public static readonly Option<string?> TaskBranch = new("--task-branch") { Description = "The branch that is made for the task. [default: remote-dispatch/ID]", HelpName = "NAME" };
    public static readonly Option<long?> Depth = Common.Number("--depth", "How many commits of the history come along; 0 for all. [default: 1]", "N", 0);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>All of them, for the verb's options.</summary>
    public static IReadOnlyList<Option> All { get; } = [Repository, Branch, TaskBranch, Depth];

    /// <summary>Finds a part of a repository where there is none. The origin of the current folder is offered, and never assumed.</summary>
    public static void Validate(CommandResult result)
    {
        if (result.GetResult(Repository) is null && All.FirstOrDefault(o => result.GetResult(o) is { Implicit: false }) is { } lonely)
        {
            var origin = CallerOrigin.FindAsync(Environment.CurrentDirectory, Patience).GetAwaiter().GetResult();
            result.AddError($"{lonely.Name} is about a --repository{(origin is null ? "" : $"; the origin of this folder is --repository {origin}")}.");
        }
    }

    public static RepositoryRequest? Read(Invocation run) => run.Get(Repository) is not { } url ? null : new RepositoryRequest
    {
        Url = url, Branch = run.Get(Branch), TaskBranch = run.Get(TaskBranch), Depth = (int)Math.Min(run.Get(Depth) ?? 1, int.MaxValue),
    };
}
