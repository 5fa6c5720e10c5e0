using System.Text.Json;

namespace RemoteDispatch.Pester;

/// <summary>What Pester said of one sentence: a line that RunPester.ps1 wrote.</summary>
internal sealed record Outcome
{
    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web);

    /// <summary>The file's name.</summary>
    public required string File { get; init; }

    /// <summary>The names of the blocks and of the sentence; empty where it is about the whole file.</summary>
    public required IReadOnlyList<string> Path { get; init; }

    /// <summary>Passed, Failed, Skipped, or another word of Pester's.</summary>
    public required string Result { get; init; }

    /// <summary>How long it took, in seconds.</summary>
    public double Seconds { get; init; }

    /// <summary>What went wrong, or why it was skipped.</summary>
    public string? Message { get; init; }

    /// <summary>What tells it from all others.</summary>
    public (string, string) Key => KeyOf(File, Path);

    /// <inheritdoc cref="Key"/>
    public static (string, string) KeyOf(string file, IReadOnlyList<string> path) => (file, string.Join('\n', path));

    /// <summary>Reads what was written so far: a last line that was cut off does not count.</summary>
    public static IReadOnlyList<Outcome> ReadAll(string path)
    {
        if (!System.IO.File.Exists(path))
            return [];
        var text = System.IO.File.ReadAllText(path);
        return [.. text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonSerializer.Deserialize<Outcome>(line, Web)!)];
    }
}
