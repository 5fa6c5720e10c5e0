namespace RemoteDispatch.Credentials;

/// <summary>What a host's entry says of secrets: names of variables, and the word that stands for the default set.</summary>
internal static class ForwardedCredentials
{
    /// <summary>Checks what is to stand in an entry. The default set is one word in any case.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: one is no name.</exception>
    public static IReadOnlyList<string> Check(IEnumerable<string> words) =>
        [.. words.Select(w => w.Equals(CredentialSource.SetWord, StringComparison.OrdinalIgnoreCase) ? CredentialSource.SetWord : CheckName(w)).Distinct(StringComparer.Ordinal)];

    /// <summary>Fetches them from this environment, but for those that the task is given already.</summary>
    /// <param name="words">What stands in the entry.</param>
    /// <param name="given">The names that the task is given.</param>
    /// <exception cref="DispatchException"><see cref="FailureReason.CredentialUnavailable"/>: one that the entry names is not set. Of the default set, what is not set is left out.</exception>
    public static IReadOnlyList<CredentialGrant> Fetch(IReadOnlyList<string> words, IEnumerable<string> given)
    {
        var taken = given.ToHashSet(StringComparer.Ordinal);
        var grants = words.Where(w => w != CredentialSource.SetWord && taken.Add(w)).Select(CredentialSource.FromEnvironment).ToList();
        if (words.Contains(CredentialSource.SetWord))
            grants.AddRange(CredentialSource.FromEnvironment().Where(g => taken.Add(g.Name)));
        return grants;
    }

    /// <summary>The names of those, without asking for a value of what the entry names.</summary>
    public static IEnumerable<string> Names(IReadOnlyList<string> words, IEnumerable<string> given) =>
        words.Where(w => w != CredentialSource.SetWord)
            .Concat(words.Contains(CredentialSource.SetWord) ? CredentialSource.FromEnvironment().Select(g => g.Name) : [])
            .Except(given, StringComparer.Ordinal);

    private static string CheckName(string word) => CredentialGrant.IsName(word) ? word : throw new DispatchException(
        FailureReason.InvalidInput, $"{Text.Show(word)} cannot be the name of a credential.", $"Use names of variables, as GH_TOKEN, or the word '{CredentialSource.SetWord}'.");
}
