namespace RemoteDispatch.Hosts;

/// <summary>Hosts as a table: a heading line that names the columns, then a host in each line.</summary>
internal static class CsvHosts
{
    // What Windows PowerShell's Export-Csv writes above the headings.
    private const string TypeLine = "#TYPE ";

    public static bool IsLikely(string text)
    {
        var columns = HeadingLine(text) is { } line ? line.Split(SeparatorOf(line)).Select(h => HostColumns.Find(h.Trim().Trim('"'))).ToArray() : [];
        return columns.Contains("Name") && columns.Contains("Address");
    }

    public static void Read(HostImport import, string text, string path)
    {
        var rows = CsvText.Read(text, SeparatorOf(HeadingLine(text) ?? "")).SkipWhile(r => r.Fields[0].StartsWith(TypeLine, StringComparison.Ordinal)).GetEnumerator();
        try
        {
            if (!rows.MoveNext() || !IsLikely(text))
            {
                import.Problem($"'{path}', line 1", $"The first line of a table names its columns: {string.Join(", ", HostColumns.Names)}; Name and Address must be among them.");
                return;
            }

            var headings = rows.Current.Fields;
            while (rows.MoveNext())
            {
                var (line, fields) = rows.Current;
                import.Try($"'{path}', line {line}", () => new HostOffer(HostColumns.Read(Pairs(headings, fields), import.Remark), null));
            }
        }
        catch (FormatException e)
        {
            import.Problem($"'{path}'", $"The rest of the table cannot be read: {e.Message}.");
        }
    }

    public static string Write(IEnumerable<DispatchHost> hosts) =>
        string.Concat(hosts.Select(HostColumns.Write).Prepend(HostColumns.Names).Select(row => CsvText.Write(row) + "\n"));

    private static IEnumerable<KeyValuePair<string, string?>> Pairs(IReadOnlyList<string> headings, IReadOnlyList<string> fields) =>
        fields.Count <= headings.Count ? headings.Zip(fields, (h, f) => KeyValuePair.Create(h, (string?)f)) : throw new DispatchException(
            FailureReason.InvalidInput, $"The line has {fields.Count} fields, and there are {headings.Count} columns.", "Put a value that has commas in it into quotation marks.");

    private static string? HeadingLine(string text) =>
        text.Split('\n').Select(l => l.Trim('\r', ' ')).FirstOrDefault(l => l.Length > 0 && !l.StartsWith(TypeLine, StringComparison.Ordinal));

    /// <summary>A spreadsheet writes what the machine's language has between the items of a list.</summary>
    private static char SeparatorOf(string headings) =>
        headings.Contains(',', StringComparison.Ordinal) ? ',' : headings.Contains(';', StringComparison.Ordinal) ? ';'
        : headings.Contains('\t', StringComparison.Ordinal) ? '\t' : ',';
}
