using System.Text.RegularExpressions;

namespace RemoteDispatch.Pester;

/// <summary>One <c>It</c> of the suite.</summary>
/// <param name="File">The file's name.</param>
/// <param name="Path">The names of the blocks around it and its own, as Pester has them.</param>
internal sealed partial record Sentence(string File, IReadOnlyList<string> Path)
{
    private const string Arrow = " › ";

    /// <summary>How it reads in a list of tests.</summary>
    public string Name => string.Join(Arrow, Path);

    /// <summary>Every sentence of the suite, found without pwsh.</summary>
    public static IEnumerable<Sentence> All() =>
        Directory.GetFiles(Places.Suite, "*.Tests.ps1").Order(StringComparer.Ordinal)
            .SelectMany(path => Read(System.IO.Path.GetFileName(path), System.IO.File.ReadLines(path)));

    /// <summary>
    /// Reads a file as text. It asks two things of it: a name is a literal in single quotes, on the line of its keyword; and
    /// what stands inside a block is indented more than the block.
    /// </summary>
    /// <exception cref="FormatException">A sentence is written in another way, so that it would be missed.</exception>
    public static IEnumerable<Sentence> Read(string file, IEnumerable<string> lines)
    {
        var around = new Stack<(int Indent, string Name)>();
        foreach (var (number, line) in lines.Index())
        {
            if (Keyword().Match(line) is not { Success: true } start)
                continue;
            var named = Named().Match(line);
            if (!named.Success)
                throw new FormatException($"{file}, line {number + 1}: write the name as a literal in single quotes: {line.Trim()}");
            var indent = start.Groups["indent"].Length;
            while (around.TryPeek(out var block) && block.Indent >= indent)
                around.Pop();
            around.Push((indent, named.Groups["name"].Value.Replace("''", "'", StringComparison.Ordinal)));
            if (start.Groups["word"].Value == "It")
                yield return new Sentence(file, [.. around.Reverse().Select(block => block.Name)]);
        }
    }

    [GeneratedRegex(@"^(?<indent> *)(?<word>Describe|Context|It)\s")]
    private static partial Regex Keyword();

    [GeneratedRegex(@"^ *\w+ '(?<name>([^'<]|'')+)'( -Tag \w+)? \{")]
    private static partial Regex Named();
}
