using System.Collections.Concurrent;

namespace RemoteDispatch;

/// <summary>The shell files of the contract, as they are sent: without the comments, which are for people.</summary>
internal static class ShellText
{
    private static readonly ConcurrentDictionary<string, string> Loaded = new(StringComparer.Ordinal);

    /// <summary>A file's text by its name. The files keep to a form that this may shorten line by line: no here-document
    /// and no quoted text holds a line that begins with '#'.</summary>
    public static string Load(string name) => Loaded.GetOrAdd(name, static file =>
    {
        using var stream = typeof(ShellText).Assembly.GetManifestResourceStream(file)
            ?? throw new InvalidOperationException($"The resource {file} is missing from the build.");
        using var reader = new StreamReader(stream);
        var lines = reader.ReadToEnd().Split('\n').Where(l => l.AsSpan().Trim() is { Length: > 0 } line && line[0] != '#');
        return string.Join('\n', lines.Select(l => l.TrimStart(' '))) + "\n";
    });
}
