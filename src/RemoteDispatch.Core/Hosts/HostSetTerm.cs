namespace RemoteDispatch.Hosts;

/// <summary>One operand of a set of hosts, and how it joins what stands before it.</summary>
/// <param name="Operator">The sign in front; <see cref="And"/> for the first.</param>
/// <param name="Text">The operand, without blanks around it.</param>
internal readonly record struct HostSetTerm(char Operator, string Text)
{
    public const char And = ',';
    public const char Except = '!';
    public const char Both = '&';
    public const char Either = '^';

    /// <summary>Takes a set apart. Signs in brackets belong to the operand.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: an operand is missing, or brackets do not match.</exception>
    public static IEnumerable<HostSetTerm> Split(string set)
    {
        var (sign, start, open) = (And, 0, -1);
        for (var at = 0; at <= set.Length; at++)
        {
            var c = at < set.Length ? set[at] : And;
            if (at < set.Length && c == '[')
                open = open < 0 ? at : throw Invalid(set, $"the bracket at {at + 1} stands in another");
            else if (at < set.Length && c == ']')
                open = open >= 0 ? -1 : throw Invalid(set, $"the bracket at {at + 1} closes nothing");
            else if (at == set.Length && open >= 0)
                throw Invalid(set, $"the bracket at {open + 1} is not closed");
            else if (open < 0 && IsOperator(c))
            {
                var text = set[start..at].Trim();
                if (text.Length == 0)
                    throw Invalid(set, start > 0 ? $"nothing stands behind the '{sign}' at {start}" : at < set.Length ? $"nothing stands before the '{c}' at 1" : "it is empty");
                yield return new HostSetTerm(sign, text);
                (sign, start) = (c, at + 1);
            }
        }
    }

    /// <summary>Where the last operand begins, whatever else is wrong with the set.</summary>
    public static int LastOperand(string typed)
    {
        var (start, isOpen) = (0, false);
        for (var at = 0; at < typed.Length; at++)
        {
            isOpen = typed[at] == '[' || (isOpen && typed[at] != ']');
            if (!isOpen && IsOperator(typed[at]))
                start = at + 1;
        }

        return start;
    }

    /// <summary>The failure that says what is wrong with a set, and where (counted from 1).</summary>
    public static DispatchException Invalid(string set, string why) => new(
        FailureReason.InvalidInput, $"{RemoteDispatch.Text.Show(set)} is no set of hosts: {why}.",
        "Write names, web[1-20], web* or @gpu, and between them ',' (and), '!' (but not), '&' (that are also) or '^' (in one of both).");

    private static bool IsOperator(char c) => c is And or Except or Both or Either;
}
