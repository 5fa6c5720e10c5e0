namespace RemoteDispatch.Fleet;

/// <summary>Where the programs are that a fleet is made of.</summary>
internal static class Tools
{
    // An ordinary user's PATH often has no sbin, and sshd wants to be called by its absolute path.
    private static readonly string[] Folders =
    [
        .. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries),
        "/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin", "/bin",
    ];

    public static string? Find(string name) =>
        Folders.Select(folder => Path.GetFullPath(Path.Combine(folder, name))).FirstOrDefault(File.Exists);

    public static string Require(string name) =>
        Find(name) ?? throw new InvalidOperationException($"{name} is not installed.");

    /// <summary>Which of <paramref name="names"/> are missing and how to get them, in a sentence; null when none is.</summary>
    public static string? Missing(IEnumerable<string> names, string packages)
    {
        var missing = names.Where(name => Find(name) is null).ToList();
        return missing.Count == 0
            ? null
            : $"Not installed: {string.Join(", ", missing)}. On Debian and Ubuntu: apt-get install {packages}.";
    }

    /// <summary>Puts a script that this assembly carries into <paramref name="directory"/>; its path.</summary>
    public static string Unpack(string script, string directory)
    {
        var path = Path.Combine(directory, script);
        using var source = typeof(Tools).Assembly.GetManifestResourceStream(script)
            ?? throw new InvalidOperationException($"The assembly carries no {script}.");
        using var target = File.Create(path);
        source.CopyTo(target);
        return path;
    }
}
