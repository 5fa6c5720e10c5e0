using System.Globalization;
using RemoteDispatch.Health;

namespace RemoteDispatch.Cli.Output;

/// <summary>The health of hosts as people read it: first whether each is fit, then what was found, and what to do about it.</summary>
internal static class HealthText
{
    /// <summary>One line for each host: is it healthy, and if not, which required checks say so.</summary>
    public static IEnumerable<string> Verdicts(IReadOnlyCollection<HostHealth> healths)
    {
        var width = healths.Max(h => h.HostName.Length);
        return healths.Select(h => $"{h.HostName.PadRight(width)}  {Verdict(h)}  {Duration.Show(h.Duration)}");
    }

    /// <summary>A row for each check, with the remedy below it. Where nobody answered, what was not asked is one row.</summary>
    public static Table Checks(IEnumerable<HostHealth> healths, bool isEachShown)
    {
        var table = new Table("HOST", "CHECK", "STATUS", "REQUIRED", "MS", "DETAIL");
        foreach (var health in healths)
        {
            var shown = health.Failure is null || isEachShown ? health.Checks : [.. health.Checks.Take(1)];
            foreach (var check in shown)
                Add(table, health.HostName, check);
            if (health.Checks.Count > shown.Count)
                table.Add(health.HostName, $"{health.Checks.Count - shown.Count} more", nameof(CheckStatus.Skip), "", "", "not connected");
        }

        return table;
    }

    private static string Verdict(HostHealth health) => health.Healthy ? "healthy"
        : $"NOT healthy: {string.Join(", ", health.Checks.Where(c => c.Required && c.Status != CheckStatus.Pass).Select(c => c.Name))}";

    private static void Add(Table table, string host, HostCheck check)
    {
        var duration = check.Status == CheckStatus.Skip ? "" : check.Duration.TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture);
        table.Add(host, check.Name, check.Status.ToString(), check.Required ? "yes" : "", duration, check.Detail);
        if (check.Remedy is { } remedy)
            table.Note($"  → {remedy}");
    }
}
