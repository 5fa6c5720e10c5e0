using System.CommandLine;
using System.Diagnostics;
using RemoteDispatch.Cli;

namespace RemoteDispatch.Fleet.Tests;

/// <summary>What the help of the program promises, held against its own rules.</summary>
public sealed class RdispatchHelpTests
{
    // The shell takes the line apart as a user's would; each call leaves its words behind. jq, tailscale and git are doubles.
    private const string Recorder = """
        rdispatch() { printf '%s\0' "$@" >&2; printf '\n' >&2; }
        jq() { cat; }
        tailscale() { :; }
        git() { :; }
        """;

    public static TheoryData<string> Examples => [.. Verbs(CommandLine.CreateRoot()).SelectMany(v => v.Examples).Distinct()];

    [Theory, MemberData(nameof(Examples))]
    public async Task Example_of_a_help_is_understood(string example)
    {
        // A home of its own: an example may write to ~/.ssh.
        var home = Directory.CreateTempSubdirectory("rd-help-");
        home.CreateSubdirectory(".ssh");
        using var gone = new Gone(home);
        var start = new ProcessStartInfo("sh", ["-c", $"{Recorder}\n{example}"])
        {
            RedirectStandardError = true, RedirectStandardOutput = true, WorkingDirectory = home.FullName, Environment = { ["HOME"] = home.FullName },
        };
        using var shell = Process.Start(start)!;
        var words = (await shell.StandardError.ReadToEndAsync(Bench.Cancel)).TrimEnd('\n').Split('\0')[..^1];
        var parse = CommandLine.Parse(words);
        Assert.Empty(parse.Errors.Select(e => e.Message));
        Assert.IsType<Verb>(parse.CommandResult.Command);
    }

    [Fact]
    public void Argument_that_may_be_left_out_has_a_value_all_the_same()
    {
        var optional = Verbs(CommandLine.CreateRoot()).SelectMany(v => v.Arguments).Where(a => a.Arity.MinimumNumberOfValues == 0).ToArray();
        Assert.NotEmpty(optional);
        Assert.All(optional, a => Assert.True(a.HasDefaultValue, a.Name));
    }

    private sealed class Gone(DirectoryInfo folder) : IDisposable
    {
        public void Dispose() => folder.Delete(recursive: true);
    }

    private static IEnumerable<Verb> Verbs(Command command) => command.Subcommands.SelectMany(Verbs).Concat(command is Verb verb ? [verb] : []);
}
