using System.Text;
using System.Text.RegularExpressions;

namespace RemoteDispatch.Credentials;

/// <summary>
/// One secret that a task may have: the name of the variable and its value. The value prints as <c>***</c>, is in no equality, no hash and
/// no JSON, and leaves this object by one door (<see cref="Reveal"/>): on the way into the request.
/// </summary>
public sealed partial class CredentialGrant
{
    /// <summary>The largest value: 64 KiB as UTF-8.</summary>
    public const int LargestValue = 64 << 10;

    private readonly string _value;

    private CredentialGrant(string name, string value) => (Name, _value) = (name, value);

    /// <summary>The name of the variable in the task's environment.</summary>
    public string Name { get; }

    /// <summary>Makes a grant.</summary>
    /// <param name="name">The variable: letters, digits and <c>_</c>, the first no digit.</param>
    /// <param name="value">Its value: any text without NUL, of at most <see cref="LargestValue"/> bytes; newlines and quotes arrive as they are.</param>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: one of the two cannot be used. The value is not in the message.</exception>
    public static CredentialGrant Create(string name, string value)
    {
        if (!NamePattern().IsMatch(name))
            throw Invalid($"{Text.Show(name)} cannot be the name of a credential.", "Use letters, digits and '_', the first no digit, as GH_TOKEN.");
        if (value.Length == 0)
            throw Invalid($"The credential {name} is empty.", "Leave it out, or give it a value.");
        if (value.Contains('\0', StringComparison.Ordinal))
            throw Invalid($"The credential {name} holds a NUL character, which no environment can carry.", "Encode the value.");
        if (value.Length > LargestValue || Encoding.UTF8.GetByteCount(value) > LargestValue)
            throw Invalid($"The credential {name} is larger than 64 KiB.", "Hand over a reference to it, and fetch it in the task.");
        if (!IsWellFormed(value))
            throw Invalid($"The credential {name} is no valid Unicode.", "Encode the value.");
        return new CredentialGrant(name, value);
    }

    /// <summary>Can a variable be called that?</summary>
    internal static bool IsName(string text) => NamePattern().IsMatch(text);

    /// <summary>The name, and stars for the value.</summary>
    public override string ToString() => $"{Name}=***";

    /// <summary>The value. Whoever calls this puts it into a request, or into a mask.</summary>
    internal string Reveal() => _value;

    private static bool IsWellFormed(string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            // What a lone surrogate is read as; a real U+FFFD in a secret is a text that was decoded wrongly.
            if (rune == Rune.ReplacementChar)
                return false;
        }

        return true;
    }

    private static DispatchException Invalid(string message, string remedy) => new(FailureReason.InvalidInput, message, remedy);

    [GeneratedRegex(@"\A[A-Za-z_][A-Za-z0-9_]{0,127}\z")]
    private static partial Regex NamePattern();
}
