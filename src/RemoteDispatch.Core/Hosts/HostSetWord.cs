using System.Globalization;
using System.Text.RegularExpressions;

namespace RemoteDispatch.Hosts;

/// <summary>
/// One word with brackets and the words it stands for: <c>web[1-3]</c>, <c>r[1-2]n[01-10]</c>, <c>h[1,3,5-9/2]</c>. Brackets that hold a
/// colon are an IPv6 address's.
/// </summary>
internal static partial class HostSetWord
{
    /// <summary>All words, the last bracket changing fastest.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: a range cannot be used, or the words are too many.</exception>
    public static IReadOnlyList<string> Expand(string set, string word)
    {
        IReadOnlyList<string> words = [""];
        var start = 0;
        foreach (Match group in GroupPattern().Matches(word))
        {
            var before = word[start..group.Index];
            var ends = ValuesOf(set, group.Value[1..^1]);
            if ((long)words.Count * ends.Count > HostSets.Most)
                throw TooMany(set);
            words = [.. words.SelectMany(w => ends.Select(end => w + before + end))];
            start = group.Index + group.Length;
        }

        return start == 0 ? [word] : [.. words.Select(w => w + word[start..])];
    }

    /// <summary>The failure that says that a set is too large.</summary>
    public static DispatchException TooMany(string set) => HostSetTerm.Invalid(set, $"it has more than {HostSets.Most} hosts");

    private static List<string> ValuesOf(string set, string ranges)
    {
        var values = new List<string>();
        foreach (var range in ranges.Split(','))
        {
            var match = RangePattern().Match(range);
            if (!match.Success)
                throw HostSetTerm.Invalid(set, $"{Text.Show(range)} is no range: brackets hold numbers, as [1-20], [01-10], [1,3,5-7] or [0-10/2]");
            var (first, last) = (match.Groups["first"].Value, match.Groups["last"].Value is { Length: > 0 } end ? end : match.Groups["first"].Value);
            if (first.Length != last.Length && (IsPadded(first) || IsPadded(last)))
                throw HostSetTerm.Invalid(set, $"the ends of the range '{range}' are padded to different lengths");
            var (from, to) = (Number(first), Number(last));
            var step = match.Groups["step"].Value is { Length: > 0 } text ? Number(text) : 1;
            if (from > to || step == 0)
                throw HostSetTerm.Invalid(set, from > to ? $"the range '{range}' runs backwards" : $"the range '{range}' takes no step");
            if ((to - from) / step >= HostSets.Most - values.Count)
                throw TooMany(set);
            var form = IsPadded(first) ? new string('0', first.Length) : "0";
            for (var at = from; at <= to; at += step)
                values.Add(at.ToString(form, CultureInfo.InvariantCulture));
        }

        return values;
    }

    private static bool IsPadded(string number) => number.Length > 1 && number[0] == '0';

    private static long Number(string digits) => long.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\[[^\]:]*\]")]
    private static partial Regex GroupPattern();

    // At most 17 digits, so that no sum of two runs over.
    [GeneratedRegex(@"\A(?<first>[0-9]{1,17})(-(?<last>[0-9]{1,17})(/(?<step>[0-9]{1,17}))?)?\z")]
    private static partial Regex RangePattern();
}
