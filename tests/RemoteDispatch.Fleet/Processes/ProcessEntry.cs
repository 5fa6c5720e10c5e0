using System.Globalization;

namespace RemoteDispatch.Fleet;

/// <summary>One process as /proc shows it; the start time tells it from a later one with the same id.</summary>
internal sealed record ProcessEntry(int Id, int Parent, string Name, ulong StartTime)
{
    /// <summary>Whether this very process still runs; a zombie does not.</summary>
    public bool IsAlive => Read(Id)?.StartTime == StartTime;

    /// <summary>The sshd processes below <paramref name="listener"/>: one or two for each connection.</summary>
    public static IReadOnlyList<ProcessEntry> ConnectionsOf(int listener)
    {
        var servers = All().Where(entry => entry.Name.StartsWith("sshd", StringComparison.Ordinal)).ToLookup(entry => entry.Parent);
        var found = servers[listener].ToList();
        for (var i = 0; i < found.Count; i++)
            found.AddRange(servers[found[i].Id]);
        return found;
    }

    /// <summary>Sends SIGKILL to all of them and returns when none is alive.</summary>
    public static async Task KillAsync(IReadOnlyList<ProcessEntry> entries, CancellationToken cancellationToken)
    {
        foreach (var entry in entries)
            Signals.Send(entry.Id, Signals.Kill);
        await Condition.WaitAsync(
            () => !entries.Any(entry => entry.IsAlive), "the killed processes are gone", TimeSpan.FromSeconds(5), cancellationToken)
            .ConfigureAwait(false);
    }

    private static IEnumerable<ProcessEntry> All() =>
        Directory.EnumerateDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id) ? Read(id) : null)
            .OfType<ProcessEntry>();

    private static ProcessEntry? Read(int id)
    {
        try
        {
            // "ID (NAME) STATE PARENT …", see proc_pid_stat(5); the name may hold spaces and parentheses.
            var stat = File.ReadAllText($"/proc/{id}/stat");
            var end = stat.LastIndexOf(')');
            var fields = stat[(end + 2)..].Split(' ');
            return fields[0] is "Z" or "X"
                ? null
                : new ProcessEntry(
                    id,
                    int.Parse(fields[1], CultureInfo.InvariantCulture),
                    stat[(stat.IndexOf('(', StringComparison.Ordinal) + 1)..end],
                    ulong.Parse(fields[19], CultureInfo.InvariantCulture));
        }
        catch (IOException)
        {
            return null; // It has gone in the meantime.
        }
    }
}
