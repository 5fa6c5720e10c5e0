using System.Text;
using System.Text.RegularExpressions;

namespace RemoteDispatch.Hosts;

/// <summary>Paths with <c>*</c>, <c>?</c> and <c>[a-z]</c> in any part, as glob(3) reads them: sorted, a leading dot only by a dot.</summary>
internal static class PathPattern
{
    /// <summary>The files that match; none is no failure.</summary>
    public static IEnumerable<string> Find(string pattern)
    {
        var full = Path.GetFullPath(pattern);
        var root = Path.GetPathRoot(full)!;
        IEnumerable<string> found = [root];
        foreach (var part in full[root.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
            found = part.AsSpan().ContainsAny("*?[") ? found.SelectMany(folder => InFolder(folder, part)).ToArray() : found.Select(folder => Path.Combine(folder, part));
        return found.Where(File.Exists);
    }

    private static IEnumerable<string> InFolder(string folder, string part)
    {
        if (!Directory.Exists(folder))
            return [];
        try
        {
            var pattern = ToRegex(part);
            return Directory.GetFileSystemEntries(folder).Where(e => IsMatch(Path.GetFileName(e), part, pattern)).Order(StringComparer.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or RegexParseException)
        {
            // glob(3) finds nothing there, either.
            return [];
        }
    }

    private static bool IsMatch(string name, string part, Regex pattern) => (name[0] != '.' || part[0] == '.') && pattern.IsMatch(name);

    private static Regex ToRegex(string part)
    {
        var text = new StringBuilder(@"\A");
        for (var at = 0; at < part.Length; at++)
        {
            var close = part[at] == '[' ? part.IndexOf(']', Math.Min(at + 2, part.Length)) : -1;
            if (close > 0)
            {
                var inside = part[(at + 1)..close];
                var isNot = inside[0] is '!' or '^';
                text.Append(isNot ? "[^" : "[").Append((isNot ? inside[1..] : inside).Replace(@"\", @"\\", StringComparison.Ordinal).Replace("[", @"\[", StringComparison.Ordinal)).Append(']');
                at = close;
            }
            else
            {
                text.Append(part[at] switch { '*' => ".*", '?' => ".", var c => Regex.Escape(c.ToString()) });
            }
        }

        return new Regex(text.Append(@"\z").ToString(), RegexOptions.NonBacktracking | RegexOptions.Singleline);
    }
}
