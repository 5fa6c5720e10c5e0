namespace RemoteDispatch.Fleet.Tests.Canaries;

/// <summary>Where the program takes them from: files that are outside of everything that is searched, so that no environment has them.</summary>
internal sealed class SecretFiles : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rd-secrets-").FullName;

    public SecretFiles(Canaries canaries)
    {
        foreach (var (name, value) in canaries.Values)
            File.WriteAllText(Path.Combine(_folder, name), value);
        Options = [.. canaries.Values.SelectMany(c => (string[])["--secret-file", $"{c.Name}={Path.Combine(_folder, c.Name)}"])];
    }

    /// <summary>For <c>rdispatch run</c>.</summary>
    public IReadOnlyList<string> Options { get; }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
