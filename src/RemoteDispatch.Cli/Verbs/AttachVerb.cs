using System.CommandLine;

namespace RemoteDispatch.Cli.Verbs;

/// <summary><c>attach</c>: a task's terminal, and back again.</summary>
internal static class AttachVerb
{
    private static readonly Argument<string> Id = new("ID") { Description = "The task's id." };
    private static readonly Option<string?> Host = new("--host") { Description = "The host that knows the task.", HelpName = "NAME" };

    public static Verb Create() => new(
        "attach", "Attaches this terminal to a task that runs under tmux ('run --runner tmux'). Ctrl-b d leaves it, and the task goes on.", AttachAsync,
        "rdispatch attach setup-1", "rdispatch attach setup-1 --host gpu1")
    {
        Id, Host,
    };

    private static async Task<int> AttachAsync(Invocation run) => await run.ShowEachAsync(
        [await run.SelectOneAsync(run.Get(Id), run.Get(Host)).ConfigureAwait(false)],
        async task => Outcome.Done(await run.Dispatcher.AttachAsync(task, run.Token).ConfigureAwait(false)), run.ShowLine).ConfigureAwait(false);
}
