using System.Globalization;
using System.Text;

namespace RemoteDispatch.Agents;

/// <summary>Where a task stands among others, by ids with dots: <c>t1408.2</c> is a part of <c>t1408</c>, beside <c>t1408.1</c>.</summary>
internal static class AgentLineage
{
    private const int MostSiblings = 50;

    /// <summary>The ids above one, the nearest last; none where it has no dots.</summary>
    public static IReadOnlyList<string> Above(string id) =>
        [.. id.Select((c, i) => (c, i)).Where(p => p.c == '.' && p.i > 0 && p.i < id.Length - 1).Select(p => id[..p.i])];

    /// <summary>The block for a prompt; empty where the id has no dots.</summary>
    /// <param name="id">The task.</param>
    /// <param name="title">What it is about, in one line.</param>
    /// <param name="known">The tasks that are known here, with what they are about; titles are data.</param>
    public static string Of(string id, string title, IReadOnlyDictionary<string, string> known)
    {
        var above = Above(id);
        if (above.Count == 0)
            return "";
        var parent = above[^1];
        var siblings = known.Keys.Where(k => k != id && Above(k) is [.., var last] && last == parent).Append(id)
            .OrderBy(k => Number(k, parent)).ThenBy(k => k, StringComparer.Ordinal).ToList();
        // Of very many the nearest: the block is there to be read.
        var from = Math.Clamp(siblings.IndexOf(id) - (MostSiblings / 2), 0, Math.Max(0, siblings.Count - MostSiblings));
        var block = new StringBuilder("\nThe task is a part of a larger one:\n\n");
        for (var level = 0; level < above.Count; level++)
            Add(above[level], level, known.GetValueOrDefault(above[level], ""), false);
        foreach (var sibling in siblings.Skip(from).Take(MostSiblings))
            Add(sibling, above.Count, sibling == id ? title : known[sibling], sibling == id);
        return block.Append(CultureInfo.InvariantCulture, $"""

            Do what is marked and nothing else. What a sibling does is the sibling's: where you need it, put a stub in its place and say so. Where you
            cannot go on without a sibling's work (a hard dependency), run `rd blocked "needs {parent}.N: what of it"` with the sibling's id, and stop.

            """).ToString();

        void Add(string one, int level, string about, bool isThis) =>
            block.Append(' ', 2 * (level + 1)).Append(one).Append(about.Length > 0 ? "  " : "").Append(Text.OneLine(about, 100)).Append(isThis ? "  <-- THIS TASK" : "").Append('\n');
    }

    private static long Number(string id, string parent) =>
        long.TryParse(id.AsSpan(parent.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : long.MaxValue;
}
