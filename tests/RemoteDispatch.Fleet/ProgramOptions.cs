using System.Globalization;

namespace RemoteDispatch.Fleet;

/// <summary>What the command line asks for.</summary>
internal sealed record ProgramOptions
{
    public const string Usage = """
        usage: RemoteDispatch.Fleet [--count N] [--json] [--namespaced | --systemd | --model]

        Starts N real sshd hosts on this machine and keeps them until its input ends or it gets SIGINT or SIGTERM.

          --count N      how many hosts (default 3, at most 200)
          --json         print one line of JSON instead of instructions
          --namespaced   hosts with a process tree, a name, a /tmp and a network of their own (Linux, root)
          --systemd      one host with a real systemd, and a user who is not root (Linux, root)
          --model        no hosts, but a double of the services that AI agents ask, on loopback: its address is printed
          --help         print this

        """;

    public int Count { get; private init; } = 3;

    public bool Json { get; private init; }

    public bool Namespaced { get; private init; }

    public bool Systemd { get; private init; }

    public bool Model { get; private init; }

    public bool Help { get; private init; }

    /// <exception cref="FormatException">An argument means nothing here.</exception>
    public static ProgramOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new ProgramOptions();
        for (var i = 0; i < arguments.Count; i++)
        {
            options = arguments[i] switch
            {
                "--count" => options with { Count = ParseCount(++i < arguments.Count ? arguments[i] : "") },
                "--json" => options with { Json = true },
                "--namespaced" => options with { Namespaced = true },
                "--systemd" => options with { Systemd = true },
                "--model" => options with { Model = true },
                "--help" or "-h" => options with { Help = true },
                var other => throw new FormatException($"Unknown argument: {other}"),
            };
        }

        return options;
    }

    private static int ParseCount(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is >= 1 and <= 200
            ? count
            : throw new FormatException($"--count wants a number from 1 to 200, not '{text}'.");
}
