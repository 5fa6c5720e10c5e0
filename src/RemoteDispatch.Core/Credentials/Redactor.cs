using System.Text;

namespace RemoteDispatch.Credentials;

/// <summary>
/// Masks granted values in a stream of bytes, however it is cut into pieces: the value itself, its lines, its base64 (also in the middle of a
/// longer text) and its URL-encoded form. Each byte becomes a star, so that every other byte keeps its offset. One redactor is for one stream.
/// </summary>
internal sealed class Redactor
{
    /// <summary>A value of fewer bytes is not masked: it would be found everywhere, and say by its stars what it is.</summary>
    public const int ShortestValue = 6;

    // How many line ends may stand in an encoded value: base64(1) wraps at 76 columns, MIME at 64, each with CR LF at most.
    private const int WrapColumn = 64;

    private readonly byte[][] _secrets;
    private readonly byte[][] _encoded;
    private byte[] _held = [];
    private int _maskedOfHeld;

    public Redactor(IEnumerable<CredentialGrant> grants)
    {
        var values = grants.Select(g => g.Reveal()).Distinct(StringComparer.Ordinal).ToArray();
        _secrets = Long(values.SelectMany(FormsOf));
        _encoded = Long(values.SelectMany(EncodedFormsOf));
        var longest = _secrets.Concat(_encoded).Select(s => s.Length).DefaultIfEmpty(0).Max();
        Longest = longest + 2 * (longest / WrapColumn + 1);
    }

    /// <summary>The length of the longest form: so many bytes before a place may belong to a value that ends behind it.</summary>
    public int Longest { get; }

    /// <summary>Was anything found?</summary>
    public bool HasMasked { get; private set; }

    /// <summary>How many bytes are held back, since a value may have begun in them.</summary>
    public int Held => _held.Length;

    /// <summary>Takes the next bytes and gives what can be shown by now: what was held back comes first.</summary>
    public byte[] Add(ReadOnlySpan<byte> bytes)
    {
        byte[] text = [.. _held, .. bytes];
        var lines = Unwrapped.Of(text);
        var shown = Math.Min(text.Length - Begun(text, _secrets), lines.PlaceOf(lines.Text.Length - Begun(lines.Text, _encoded)));
        var found = Find(text, lines);
        // What is held back stays as it is, since a longer form may begin in it; how much of it is masked already is kept beside it.
        _held = text[shown..];
        Mask(text, found);
        _maskedOfHeld = found.Where(f => f.Start.Value <= shown).Select(f => Math.Max(0, f.End.Value - shown)).DefaultIfEmpty(0).Max();
        return text[..shown];
    }

    /// <summary>What is held back when no more bytes come.</summary>
    public byte[] Finish()
    {
        var rest = _held;
        Mask(rest, Find(rest, Unwrapped.Of(rest)));
        (_held, _maskedOfHeld) = ([], 0);
        return rest;
    }

    private static byte[][] Long(IEnumerable<byte[]> forms) =>
        [.. forms.Where(f => f.Length >= ShortestValue).DistinctBy(Convert.ToHexString).OrderByDescending(f => f.Length)];

    /// <summary>Where values stand. Found in the text as it was: where two overlap both are masked whole.</summary>
    private List<Range> Find(ReadOnlySpan<byte> text, Unwrapped lines)
    {
        var found = new List<Range>();
        if (_maskedOfHeld > 0)
            found.Add(.._maskedOfHeld);
        foreach (var secret in _secrets)
        {
            for (int from = 0, at; (at = text[from..].IndexOf(secret)) >= 0; from += at + 1)
                found.Add((from + at)..(from + at + secret.Length));
        }

        foreach (var secret in _encoded)
        {
            for (int from = 0, at; (at = lines.Text.AsSpan(from).IndexOf(secret)) >= 0; from += at + 1)
                found.Add(lines.PlaceOf(from + at)..(lines.PlaceOf(from + at + secret.Length - 1) + 1));
        }

        return found;
    }

    /// <summary>Stars; a line end within a wrapped value stays one.</summary>
    private void Mask(Span<byte> text, List<Range> found)
    {
        HasMasked |= found.Count > 0;
        foreach (var range in found)
        {
            foreach (ref var one in text[range])
                one = one is (byte)'\n' or (byte)'\r' ? one : (byte)'*';
        }
    }

    /// <summary>How many bytes at the end may be the beginning of a value.</summary>
    private static int Begun(ReadOnlySpan<byte> text, byte[][] secrets)
    {
        var most = 0;
        foreach (var secret in secrets)
        {
            var from = Math.Max(0, text.Length - (secret.Length - 1));
            while (text.Length - from > most && text[from..].IndexOf(secret[0]) is >= 0 and var at)
            {
                from += at;
                if (text.Length - from > most && secret.AsSpan().StartsWith(text[from..]))
                    most = text.Length - from;
                from++;
            }
        }

        return most;
    }

    private static IEnumerable<byte[]> FormsOf(string value)
    {
        foreach (var text in Texts(value))
        {
            var plain = Encoding.UTF8.GetBytes(text);
            yield return plain;
            var url = Uri.EscapeDataString(text);
            yield return Encoding.ASCII.GetBytes(url);
            yield return Encoding.ASCII.GetBytes(url.Replace("%20", "+", StringComparison.Ordinal));
        }
    }

    private static IEnumerable<byte[]> EncodedFormsOf(string value) =>
        Texts(value).SelectMany(t => Base64Of(Encoding.UTF8.GetBytes(t))).SelectMany(form => new[] { form, form.Replace('+', '-').Replace('/', '_') })
            .Select(Encoding.ASCII.GetBytes);

    /// <summary>The value, and its lines.</summary>
    private static IEnumerable<string> Texts(string value) =>
        value.Split('\n', StringSplitOptions.TrimEntries).Append(value).Where(l => Encoding.UTF8.GetByteCount(l) >= ShortestValue);

    /// <summary>
    /// The base64 of a value that stands somewhere in a longer text ("user:value", as in HTTP's Basic authentication): three bytes are four
    /// characters, so that there are three ways to fall, and the characters at both ends belong to the neighbours too.
    /// </summary>
    private static IEnumerable<string> Base64Of(byte[] value)
    {
        for (var before = 0; before < 3; before++)
        {
            var text = Convert.ToBase64String([.. new byte[before], .. value]);
            var first = (before * 4 + 2) / 3;
            var last = (before + value.Length) * 4 / 3;
            yield return text[first..last];
        }

        yield return Convert.ToBase64String(value);
        yield return Convert.ToBase64String(value).TrimEnd('=');
    }

    /// <summary>A text without its line ends, and where each of its bytes stood.</summary>
    private sealed record Unwrapped(byte[] Text, int[] Places, int End)
    {
        public static Unwrapped Of(ReadOnlySpan<byte> text)
        {
            var kept = new byte[text.Length];
            var places = new int[text.Length];
            var count = 0;
            for (var at = 0; at < text.Length; at++)
            {
                if (text[at] is (byte)'\n' or (byte)'\r')
                    continue;
                (kept[count], places[count]) = (text[at], at);
                count++;
            }

            return new Unwrapped(kept[..count], places, text.Length);
        }

        public int PlaceOf(int at) => at < Text.Length ? Places[at] : End;
    }
}
