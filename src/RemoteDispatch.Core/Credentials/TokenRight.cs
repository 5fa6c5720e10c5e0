using System.Text.RegularExpressions;

namespace RemoteDispatch.Credentials;

/// <summary>How much of a permission. More holds what is less.</summary>
public enum PermissionLevel
{
    /// <summary>To read.</summary>
    Read = 1,

    /// <summary>To read and to write.</summary>
    Write,

    /// <summary>To administer.</summary>
    Admin,
}

/// <summary>One permission of a token: <c>contents:write</c>.</summary>
/// <param name="Name">Its name, as GitHub's API has it: <c>contents</c>, <c>pull_requests</c>, <c>issues</c>, …</param>
/// <param name="Level">How much of it.</param>
public sealed partial record TokenRight(string Name, PermissionLevel Level)
{
    /// <summary>Reads any number of them; each text may hold several, with commas between.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: one is none, or is given twice.</exception>
    public static IReadOnlyList<TokenRight> Parse(IEnumerable<string> texts)
    {
        var permissions = new List<TokenRight>();
        foreach (var text in texts.SelectMany(t => t.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)))
        {
            // The web pages write 'Pull requests', and some tools 'pull-requests'.
            var match = Pattern().Match(text.ToLowerInvariant().Replace('-', '_'));
            if (!match.Success || LevelOf(match.Groups["level"].Value) is not { } level)
                throw new DispatchException(FailureReason.InvalidInput, $"{Text.Show(text)} is no permission.", "Write it as NAME:read, NAME:write or NAME:admin: contents:write,pull_requests:write.");
            if (permissions.Any(p => p.Name == match.Groups["name"].Value))
                throw new DispatchException(FailureReason.InvalidInput, $"The permission {match.Groups["name"].Value} is given twice.", "Leave one of the two out: write holds read.");
            permissions.Add(new TokenRight(match.Groups["name"].Value, level));
        }

        return permissions;
    }

    /// <summary>As it is typed: <c>contents:write</c>.</summary>
    public override string ToString() => $"{Name}:{Level.ToString().ToLowerInvariant()}";

    /// <summary>A level by GitHub's word for it; null where it is none.</summary>
    internal static PermissionLevel? LevelOf(string word) => word switch
    {
        "read" => PermissionLevel.Read,
        "write" => PermissionLevel.Write,
        "admin" => PermissionLevel.Admin,
        _ => null,
    };

    [GeneratedRegex(@"\A(?<name>[a-z][a-z0-9_]{0,63}):(?<level>[a-z]+)\z")]
    private static partial Regex Pattern();
}
