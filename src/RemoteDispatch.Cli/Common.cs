using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace RemoteDispatch.Cli;

/// <summary>Options and arguments that more than one verb has.</summary>
internal static class Common
{
    /// <summary>Recursive: every verb has it.</summary>
    public static Option<bool> Json { get; } = new("--json") { Description = "Answer with one JSON document on stdout.", Recursive = true };

    /// <summary>Recursive: every verb has it.</summary>
    public static Option<bool> Verbose { get; } = new("--verbose") { Description = "Tell each step of the work on stderr.", Recursive = true };

    /// <summary>One or more ids of tasks.</summary>
    public static Argument<string[]> Ids() =>
        new("ID") { Description = "The task's id, or a pattern of ids in quotes ('build-*'); several may follow each other.", Arity = ArgumentArity.OneOrMore };

    /// <summary>Hosts: names, addresses, and sets of them.</summary>
    public static Option<string[]> Hosts(string description) => new("--host") { Description = description, HelpName = "SET" };

    /// <summary>A duration.</summary>
    public static Option<TimeSpan?> Span(string name, string description) =>
        new(name) { Description = description, HelpName = "DURATION", CustomParser = ParseSpan };

    /// <summary>An amount of bytes.</summary>
    public static Option<long?> Bytes(string name, string description) =>
        new(name) { Description = description, HelpName = "SIZE", CustomParser = ParseBytes };

    /// <summary>A whole number that is not too small.</summary>
    public static Option<long?> Number(string name, string description, string helpName, long least) =>
        new(name) { Description = description, HelpName = helpName, CustomParser = result => ParseNumber(result, name, least) };

    private static long? ParseNumber(ArgumentResult result, string name, long least)
    {
        if (long.TryParse(result.Tokens[0].Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least)
            return number;
        result.AddError($"{name} is a whole number, {least} or more.");
        return null;
    }

    private static long? ParseBytes(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (ByteSize.TryParse(text, out var bytes))
            return bytes;
        result.AddError($"'{text}' is no amount of bytes: write 500MB, 20GB or 1.5TB.");
        return null;
    }

    private static TimeSpan? ParseSpan(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (Duration.TryParse(text, out var span))
            return span;
        result.AddError($"'{text}' is no duration: write 90s, 10m, 1h30m or 7d.");
        return null;
    }
}
