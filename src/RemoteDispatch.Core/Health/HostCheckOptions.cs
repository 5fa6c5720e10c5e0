namespace RemoteDispatch.Health;

/// <summary>What is asked of a host, and what its health depends on.</summary>
public sealed record HostCheckOptions
{
    /// <summary>The names of the checks that are wanted, in any case; empty for all. <c>connect</c>, and what is required by name, is always among them.</summary>
    public IReadOnlyList<string> Checks { get; init; } = [];

    /// <summary>The names of checks that must pass, beside those that must anyway: what is not there then fails the host.</summary>
    public IReadOnlyList<string> Required { get; init; } = [];

    /// <summary>How long a program on the host may take for its answer, in whole seconds. What takes longer is ended and fails.</summary>
    public TimeSpan AnswerTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Finds a wrong name before anything is asked.</summary>
    /// <param name="names">The names of all checks: <see cref="Tasks.Dispatcher.CheckNames"/>.</param>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: there is no check of a name.</exception>
    public void Validate(IReadOnlyList<string> names)
    {
        if (Checks.Concat(Required).FirstOrDefault(n => !names.Contains(n, StringComparer.OrdinalIgnoreCase)) is { } unknown)
            throw new DispatchException(FailureReason.InvalidInput, $"There is no check {Text.Show(unknown)}.", $"The checks are {string.Join(", ", names)}.");
    }

    /// <summary>The checks that were selected, in the order of the catalog.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: there is no check of a name.</exception>
    internal IReadOnlyList<(KnownCheck Check, bool IsRequired)> Select(IReadOnlyList<KnownCheck> catalog)
    {
        Validate([.. catalog.Select(c => c.Name)]);
        return catalog.Select(c => (Check: c, IsNamed: Has(Required, c)))
            .Where(c => Checks.Count == 0 || c.IsNamed || c.Check.Name == CheckCatalog.Connect || Has(Checks, c.Check))
            .Select(c => (c.Check, c.IsNamed || c.Check.IsRequired)).ToArray();
    }

    private static bool Has(IReadOnlyList<string> names, KnownCheck check) => names.Contains(check.Name, StringComparer.OrdinalIgnoreCase);
}
