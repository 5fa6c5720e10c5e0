using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace RemoteDispatch.Core.Tests;

/// <summary>docs/security.md names a test for each of its lines: they are there.</summary>
public sealed partial class SecurityDocumentTests
{
    [Fact]
    public void Every_test_that_the_document_names_is_there()
    {
        var root = Path.GetFullPath(Path.Combine(Folder(), "..", ".."));
        var named = Named().Matches(File.ReadAllText(Path.Combine(root, "docs", "security.md"))).Select(m => m.Groups["name"].Value).Distinct().ToArray();
        Assert.True(named.Length > 20, "The document names hardly a test.");
        var sources = Directory.EnumerateFiles(Path.Combine(root, "tests"), "*Tests.cs", SearchOption.AllDirectories);
        var there = sources.SelectMany(f => Method().Matches(File.ReadAllText(f))).Select(m => m.Groups["name"].Value).ToHashSet(StringComparer.Ordinal);
        Assert.Empty(named.Except(there));
    }

    private static string Folder([CallerFilePath] string here = "") => Path.GetDirectoryName(here)!;

    [GeneratedRegex("`(?<name>[A-Z][A-Za-z]*[a-z][A-Za-z]*_[A-Za-z0-9_]+|A_[a-z][A-Za-z0-9_]+)`")]
    private static partial Regex Named();

    [GeneratedRegex(@"(Task|void) (?<name>[A-Z]\w*_\w+)\(")]
    private static partial Regex Method();
}
