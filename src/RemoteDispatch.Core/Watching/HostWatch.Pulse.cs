using System.Globalization;
using RemoteDispatch.Tasks;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Watching;

/// <summary>Who is silent for too long.</summary>
internal sealed partial class HostWatch
{
    // So many pulses in a limit.
    private const int PerLimit = 4;

    private TimeSpan LimitOf(Followed one) => one.Task.StallLimit ?? run.Options.StallLimit;

    /// <summary>How long until its pulse is due; null where nobody asks for it.</summary>
    private TimeSpan? UntilPulse(Followed one)
    {
        var limit = LimitOf(one);
        if (limit <= TimeSpan.Zero || one.Task.State != TaskState.Running)
            return null;
        return one.Felt is { } felt ? limit / PerLimit - run.Time.GetElapsedTime(felt) : TimeSpan.Zero;
    }

    /// <summary>Feels the pulses that are due, and those that soon will be, in one request.</summary>
    private async Task PulseAsync()
    {
        var running = _followed.Values.Where(f => UntilPulse(f) is not null).ToArray();
        if (!running.Any(f => UntilPulse(f) <= TimeSpan.Zero))
            return;
        var due = running.Where(f => UntilPulse(f) <= LimitOf(f) / PerLimit / 2).ToArray();
        var pulses = await run.Dispatcher.PulseAsync(host, [.. due.Select(f => f.Task.Id)], run.Token).ConfigureAwait(false);
        await NoteAnswerAsync().ConfigureAwait(false);
        foreach (var (one, pulse) in due.Zip(pulses))
        {
            one.Felt = run.Time.GetTimestamp();
            if (pulse is not null)
                await NoteAsync(one, pulse).ConfigureAwait(false);
        }
    }

    private async Task NoteAsync(Followed one, TaskPulse pulse)
    {
        Silence before, now;
        // Whoever else has it feels the same pulse.
        using (var claim = run.Records.TryTake(one.Task))
        {
            if (claim is null)
                return;
            now = Silence.After(claim.Record.Silence, pulse, LimitOf(one));
            before = claim.Record.Silence ?? now;
            // Noted before it is told, so that a stall is told once at most: the flag stays in any case.
            claim.Save(claim.Record with { Silence = now });
        }

        var at = run.Time.GetUtcNow();
        if (now.IsStalled && one.Task.StalledSince is null)
            one.Task = run.Dispatcher.Find(one.Task, at - now.For);
        else if (!now.IsStalled && one.Task.StalledSince is not null)
            one.Task = run.Dispatcher.Find(one.Task, null);
        if (now.IsStalled != before.IsStalled)
        {
            var kind = now.IsStalled ? TaskChangeKind.Stalled : TaskChangeKind.Resumed;
            var silence = now.IsStalled ? now.Evidence : null;
            await run.TellAsync(new TaskChange(kind, host.Name, at) { Task = one.Task, Silence = silence, Detail = silence?.ToString() }).ConfigureAwait(false);
        }

        if (now.IsStalled && run.Options.StopStalled && !one.IsStopping)
        {
            one.IsStopping = true;
            var stop = StopAsync(one, now.Evidence);
            if (run.Options.Until == WatchUntil.Once)
                await stop.ConfigureAwait(false);
        }
    }

    private async Task StopAsync(Followed one, TaskSilence silence)
    {
        try
        {
            var why = string.Create(CultureInfo.InvariantCulture, $"stopped by a watch: silent for {Duration.Show(silence.For)}, its limit is {Duration.Show(LimitOf(one))}");
            var ended = await run.Dispatcher.StopAsync(one.Task, null, why, run.Token).ConfigureAwait(false);
            if (ended.State.IsFinal())
                run.End(ended);
        }
        catch (DispatchException e)
        {
            // The next pulse that is silent tries again.
            run.Warn($"The stalled task '{one.Task.Id}' was not stopped: {e.Message}");
        }
        catch (OperationCanceledException)
        {
            // The watch has ended.
        }
        finally
        {
            one.IsStopping = false;
        }
    }
}
