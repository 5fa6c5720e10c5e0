using System.Text.Json.Nodes;
using RemoteDispatch.Cli.Output;

namespace RemoteDispatch.Cli;

/// <summary>
/// The way of every verb that acts on tasks: side by side, each outcome shown as it comes, none stopping the others; with
/// <c>--json</c> one document at the end; and the first exit code that is not 0, in the order in which the tasks were named.
/// </summary>
internal static class Results
{
    /// <summary>How many work side by side where nobody says.</summary>
    public const int DefaultThrottle = 20;

    /// <summary>Does the work for each item.</summary>
    /// <param name="run">The invocation.</param>
    /// <param name="items">What there is to do.</param>
    /// <param name="work">Does it for one.</param>
    /// <param name="show">Shows a task as text; null shows none.</param>
    /// <param name="throttle">How many at once.</param>
    /// <param name="isStreamed">The work itself writes JSON lines: only failures are added to them.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> ShowEachAsync<T>(
        this Invocation run, IReadOnlyList<T> items, Func<T, Task<Outcome>> work, Action<Outcome>? show, int throttle = DefaultThrottle, bool isStreamed = false)
    {
        var outcomes = new Outcome[items.Count];
        await Parallel.ForAsync(0, items.Count, new ParallelOptions { MaxDegreeOfParallelism = throttle }, async (at, _) =>
        {
            try
            {
                outcomes[at] = await GuardAsync(run, () => work(items[at])).ConfigureAwait(false);
                Show(run, outcomes[at], show, isStreamed);
            }
            catch (OutputClosedException)
            {
                await run.EndAsync().ConfigureAwait(false);
                throw;
            }
        }).ConfigureAwait(false);
        if (run.IsJson && !isStreamed)
            run.Screen.Document(ToJson(outcomes));
        return outcomes.Select(o => o.ExitCode).FirstOrDefault(c => c != ExitCodes.Success);
    }

    /// <summary>Shows a task as one line: its id, its host and its state, with tabs between.</summary>
    public static void ShowLine(this Invocation run, Outcome outcome)
    {
        if (outcome.Task is { } task)
            run.Screen.Line($"{task.Id}\t{task.HostName}\t{task.State}");
    }

    private static async Task<Outcome> GuardAsync(Invocation run, Func<Task<Outcome>> work)
    {
        try
        {
            run.Token.ThrowIfCancellationRequested();
            return await work().ConfigureAwait(false);
        }
        catch (DispatchException e)
        {
            return Outcome.Failed(Failure.Of(e));
        }
        catch (OperationCanceledException) when (run.Token.IsCancellationRequested)
        {
            return Outcome.Failed(run.Interrupted());
        }
    }

    private static void Show(Invocation run, Outcome outcome, Action<Outcome>? show, bool isStreamed)
    {
        // Nobody reads the output any more, and what ended the work is not worth a word.
        if (run.Token.IsCancellationRequested && !run.IsInterrupted)
            return;
        if (!run.IsJson)
            show?.Invoke(outcome);
        if (outcome.Failure is { } failure)
        {
            run.Screen.Fail(failure);
            if (run.IsJson && isStreamed)
                run.Screen.Document(failure.ToJson());
        }
        else if (outcome is { ExitCode: not 0, Task: { } task } && Failure.OfEnd(task) is { } end)
            run.Screen.Fail(end);
    }

    private static JsonNode ToJson(Outcome[] outcomes) => outcomes is [var only]
        ? only.ToJson(amongSeveral: false)
        : new JsonArray([.. outcomes.Select(o => o.ToJson(amongSeveral: true))]);
}
