using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using RemoteDispatch.Cli.Output;
using RemoteDispatch.Cli.Verbs;

namespace RemoteDispatch.Cli;

/// <summary>The command line as a whole: the tree of the verbs, and the way from arguments to an exit code.</summary>
internal static class CommandLine
{
    // No bundling, so that '-fn' is a mistake and not two options; no response files, since '@' may begin a word of a command.
    private static readonly ParserConfiguration Rules = new() { EnablePosixBundling = false, ResponseFileTokenReplacer = null };

    /// <summary>Parses the arguments, does what they say, and returns the process's exit code.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> args)
    {
        using var interruption = new Interruption();
        using var screen = new Screen();
        var parse = Parse(args);
        if (parse.Action is ParseErrorAction)
            return Refuse(parse, screen);
        if (parse.CommandResult.Command is Verb verb && parse.Action is null)
        {
            var run = new Invocation(parse, screen, interruption);
            await using (run.ConfigureAwait(false))
                return await run.CompleteAsync(verb.Work).ConfigureAwait(false);
        }

        // Help and version. Signals are Interruption's in any case.
        return await parse.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null }).ConfigureAwait(false);
    }

    /// <summary>Parses the arguments by the rules of this program.</summary>
    public static ParseResult Parse(IReadOnlyList<string> args) => CreateRoot().Parse(args, Rules);

    /// <summary>The tree of the verbs.</summary>
    public static RootCommand CreateRoot()
    {
        var root = new RootCommand("Sends tasks to other machines, where they run detached, and gets everything back.")
        {
            RunVerb.Create(), ResumeVerb.Create(), ListVerb.Create(), StatusVerb.Create(), LogsVerb.Create(), SaveVerb.Create(), EventsVerb.Create(), SendVerb.Create(), AttachVerb.Create(), WaitVerb.Create(), WatchVerb.Create(),
            StopVerb.Create(), RemoveVerb.Create(), WorkspacesVerb.Create(), CleanVerb.Create(), HostsVerb.Create(), CheckVerb.Create(), Common.Json, Common.Verbose,
        };
        // 'rdispatch [diagram] …' is a tool for authors of command lines; here it would only be a surprise.
        root.Directives.Clear();
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!);
        return root;
    }

    private static int Refuse(ParseResult parse, Screen screen)
    {
        var path = new List<string>();
        for (var at = parse.CommandResult; at is not null; at = at.Parent as System.CommandLine.Parsing.CommandResult)
            path.Insert(0, at.Command is RootCommand ? "rdispatch" : at.Command.Name);
        var failure = new Failure
        {
            ExitCode = ExitCodes.Usage,
            Reason = nameof(FailureReason.InvalidInput),
            Message = string.Join(' ', parse.Errors.Select(e => e.Message).Distinct()),
            Remedy = $"'{string.Join(' ', path)} --help' shows what it takes.",
        };
        screen.Fail(failure);
        if (parse.GetValue(Common.Json))
            screen.Document(failure.ToJson());
        return failure.ExitCode;
    }
}
