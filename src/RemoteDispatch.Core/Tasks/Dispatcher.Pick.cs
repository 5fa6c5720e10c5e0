using RemoteDispatch.Health;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Tasks;

public sealed partial class Dispatcher
{
    // What decides on health, and what the order is made of.
    private static readonly HostCheckOptions WhatAPickNeeds = new() { Checks = ["connect", "workspace", "detach", "survival", "disk", "tasks", "load"] };

    /// <summary>
    /// Chooses among hosts: asks all of them side by side, leaves out those that are not healthy, and takes those with the fewest running tasks; among
    /// equals those with the least load per processor, then by name. Two that choose at the same moment may choose the same.
    /// </summary>
    /// <param name="hosts">The candidates.</param>
    /// <param name="count">How many are wanted.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>As many as were wanted, the idlest first.</returns>
    /// <exception cref="DispatchException"><see cref="FailureReason.NoHealthyHost"/>: fewer are healthy. The message says why each of the others is not.</exception>
    public async Task<IReadOnlyList<DispatchHost>> PickAsync(IReadOnlyList<DispatchHost> hosts, int count, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        var candidates = hosts.DistinctBy(h => h.Name, StringComparer.OrdinalIgnoreCase).ToArray();
        var healths = await Task.WhenAll(candidates.Select(h => CheckAsync(h, WhatAPickNeeds, cancellationToken))).ConfigureAwait(false);
        var fit = candidates.Zip(healths).Where(c => c.Second.Healthy)
            .OrderBy(c => c.Second.TasksRunning ?? int.MaxValue)
            .ThenBy(c => c.Second.LoadAverage / c.Second.Processors ?? double.MaxValue)
            .ThenBy(c => c.First.Name, StringComparer.OrdinalIgnoreCase)
            .Select(c => c.First).Take(count).ToArray();
        return fit.Length == count ? fit : throw TooFew(count, fit.Length, healths);
    }

    private static DispatchException TooFew(int wanted, int fit, HostHealth[] healths)
    {
        var whyNot = healths.Where(h => !h.Healthy).Select(h =>
        {
            var check = h.Checks.First(c => c.Required && c.Status != CheckStatus.Pass);
            return $"{h.HostName} ({check.Name}: {Text.OneLine(check.Detail, 200)})";
        }).ToArray();
        var reasons = whyNot.Length > 0 ? $" Left out: {string.Join("; ", whyNot)}." : "";
        return new DispatchException(
            FailureReason.NoHealthyHost, $"Of {healths.Length} hosts that could be taken, {fit} are healthy, and {wanted} are wanted.{reasons}",
            "Mend what is said of them (Test-DispatchHost, 'rdispatch check'), ask for fewer, or name a host yourself.");
    }
}
