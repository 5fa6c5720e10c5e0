using System.Security.Cryptography;
using System.Text;

namespace RemoteDispatch.Fleet.Tests.Canaries;

/// <summary>Secrets that nothing else on this machine can hold, and the search for where they have got to.</summary>
internal sealed class Canaries
{
    private readonly byte[] _mark;

    public Canaries(int count = 20)
    {
        Mark = "canary" + RandomNumberGenerator.GetHexString(20);
        _mark = Encoding.UTF8.GetBytes(Mark);
        Values = [.. Enumerable.Range(0, count).Select(i => (Name: $"CANARY_{i}", Value: Mark + RandomNumberGenerator.GetHexString(20)))];
    }

    /// <summary>What all of them begin with: a look for one is a look for all.</summary>
    public string Mark { get; }

    /// <summary>The name of each as a variable, and its value.</summary>
    public IReadOnlyList<(string Name, string Value)> Values { get; }

    /// <summary>Does this text hold one?</summary>
    public bool AreIn(string text) => text.Contains(Mark, StringComparison.Ordinal);

    /// <summary>The files below these folders that hold one, links not followed.</summary>
    public IReadOnlyList<string> FilesWith(params IEnumerable<string> folders) =>
        [.. folders.SelectMany(f => Directory.EnumerateFiles(f, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = true }))
            // What is empty may be a pipe, which would be waited for.
            .Where(f => new FileInfo(f) is { Exists: true, Length: > 0 } && AreIn(Read(f))).Order(StringComparer.Ordinal)];

    /// <summary>
    /// Reads the command line and the environment of every process of this machine again and again, those of hosts and containers
    /// included: they are all its own. Only the environment of a task, which carries its mark, may hold one.
    /// </summary>
    /// <returns>What was found, and how many rounds there were.</returns>
    public async Task<(IReadOnlySet<string> Found, int Rounds)> WatchProcessesAsync(CancellationToken end)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        var rounds = 0;
        while (!end.IsCancellationRequested)
        {
            foreach (var folder in Directory.EnumerateDirectories("/proc").Where(d => char.IsAsciiDigit(Path.GetFileName(d)[0])))
                Look(folder, found);
            rounds++;
            await Task.Delay(5, CancellationToken.None);
        }

        return (found, rounds);
    }

    private void Look(string folder, HashSet<string> found)
    {
        var words = Read(folder + "/cmdline");
        if (AreIn(words))
            found.Add("command line: " + Encoding.UTF8.GetString(words).Replace('\0', ' '));
        var variables = Read(folder + "/environ");
        if (AreIn(variables) && variables.AsSpan().IndexOf("REMOTE_DISPATCH_MARK="u8) < 0)
            found.Add("environment of: " + Encoding.UTF8.GetString(words).Replace('\0', ' '));
    }

    private bool AreIn(ReadOnlySpan<byte> bytes) => bytes.IndexOf(_mark) >= 0;

    private static byte[] Read(string file)
    {
        try
        {
            return File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
