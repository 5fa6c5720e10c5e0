using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace RemoteDispatch.Cli;

/// <summary>The usual help, then examples; at the root, the exit codes too.</summary>
internal sealed class HelpWithExamples(HelpAction usual) : SynchronousCommandLineAction
{
    private static readonly string[] RootExamples =
    [
        "rdispatch run --wait -- 'uname -a; date'",
        "rdispatch run --host gpu1 --timeout 8h -- python train.py",
        "rdispatch logs -f 20260221-100000-000-x7k2m9qa",
    ];

    /// <summary>Whoever asks for help has not finished the command line: what it lacks is no error.</summary>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        var code = usual.Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        var command = parseResult.CommandResult.Command;
        var examples = command is RootCommand ? RootExamples : (command as Verb)?.Examples ?? [];
        if (examples.Count > 0)
        {
            output.WriteLine("Examples:");
            foreach (var example in examples)
                output.WriteLine($"  {example}");
            output.WriteLine();
        }

        if (command is RootCommand)
        {
            output.WriteLine("Exit codes:");
            foreach (var (number, meaning) in ExitCodes.Table)
                output.WriteLine($"  {number,5}  {meaning}");
        }

        return code;
    }
}
