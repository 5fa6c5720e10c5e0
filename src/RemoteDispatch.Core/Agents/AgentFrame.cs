using System.Text;
using System.Text.RegularExpressions;

namespace RemoteDispatch.Agents;

/// <summary>
/// The text around a prompt: who the agent works as, how it reports, and where its task stands among others. A template with
/// <c>{{id}}</c>, <c>{{host}}</c>, <c>{{lineage}}</c>, <c>{{files}}</c> and <c>{{prompt}}</c>; a prompt that it does not name stands at its end.
/// </summary>
public static partial class AgentFrame
{
    /// <summary>The name of the user's own template in <see cref="UserFolders.Agents"/>.</summary>
    public const string FileName = "frame.md";

    private static readonly Lazy<string> BuiltIn = new(() =>
    {
        using var stream = typeof(AgentFrame).Assembly.GetManifestResourceStream("agents/frame.md")
            ?? throw new InvalidOperationException("The resource agents/frame.md is missing from the build.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    });

    /// <summary>The template: the user's own where there is one, else the one that is built in.</summary>
    /// <param name="folder">The folder of the user's files.</param>
    /// <exception cref="DispatchException"><see cref="FailureReason.LocalFile"/>: the user's cannot be read.</exception>
    public static string Template(string folder) => File.Exists(Path.Combine(folder, FileName)) ? ReadFile(Path.Combine(folder, FileName)) : BuiltIn.Value;

    /// <summary>A template from a file.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.LocalFile"/>: it cannot be read.</exception>
    public static string ReadFile(string path)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new DispatchException(FailureReason.LocalFile, $"The frame '{path}' cannot be read: {e.Message}", "Name a text file in UTF-8, or send the prompt without a frame.", e);
        }
    }

    /// <summary>The prompt in its frame. In one go: what a value holds is no placeholder.</summary>
    internal static string Around(string template, string prompt, string id, string host, string lineage, IReadOnlyList<string> files)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["id"] = id,
            ["host"] = host,
            ["lineage"] = lineage,
            ["files"] = files.Count == 0 ? "" : $"\nFiles came with the task, in $REMOTE_DISPATCH_WORKSPACE/files: {string.Join(", ", files)}\n",
            ["prompt"] = prompt,
        };
        var framed = PlaceholderPattern().Replace(template, m => values[m.Groups[1].Value]);
        return template.Contains("{{prompt}}", StringComparison.Ordinal) ? framed : $"{framed.TrimEnd('\n')}\n\n{prompt}";
    }

    [GeneratedRegex(@"\{\{(id|host|lineage|files|prompt)\}\}")]
    private static partial Regex PlaceholderPattern();
}
