using System.Globalization;
using System.Text;

namespace RemoteDispatch;

/// <summary>Names from outside as names of files.</summary>
internal static class FileNames
{
    /// <summary>Everything but letters, digits, '.', '_' and '-' as the codes of its bytes. The first character is never a dot.</summary>
    public static string Escape(string name)
    {
        var text = new StringBuilder(name.Length);
        foreach (var b in Encoding.UTF8.GetBytes(name))
        {
            var c = (char)b;
            if (char.IsAsciiLetterOrDigit(c) || c is '_' or '-' || (c == '.' && text.Length > 0))
                text.Append(c);
            else
                text.Append(CultureInfo.InvariantCulture, $"%{b:x2}");
        }

        return text.ToString();
    }
}
