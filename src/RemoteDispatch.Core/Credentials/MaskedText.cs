using System.Text;

namespace RemoteDispatch.Credentials;

/// <summary>Masks granted values in a short text, which may have been cut in the middle of one.</summary>
internal static class MaskedText
{
    public static string? Of(string? text, IReadOnlyList<CredentialGrant> secrets)
    {
        if (string.IsNullOrEmpty(text) || secrets.Count == 0)
            return text;
        var redactor = new Redactor(secrets);
        var masked = Encoding.UTF8.GetString([.. redactor.Add(Encoding.UTF8.GetBytes(text)), .. redactor.Finish()]);
        if (!masked.EndsWith('…'))
            return masked;
        // What stands before the cut may be the beginning of a value.
        var shown = masked[..^1];
        foreach (var line in secrets.SelectMany(s => s.Reveal().Split('\n', StringSplitOptions.TrimEntries)))
        {
            for (var length = Math.Min(line.Length, shown.Length); length >= Redactor.ShortestValue; length--)
            {
                if (shown.EndsWith(line[..length], StringComparison.Ordinal))
                    shown = shown[..^length] + new string('*', length);
            }
        }

        return shown + '…';
    }
}
