using RemoteDispatch.Hosts;

namespace RemoteDispatch.Health;

/// <summary>What a host is fit for: the checks, and the facts behind them as values. A fact that was not asked for, or that the host does not have, is null.</summary>
public sealed record HostHealth
{
    /// <summary>The host, as it was asked.</summary>
    public required DispatchHost Host { get; init; }

    /// <summary>The host's name.</summary>
    public string HostName => Host.Name;

    /// <summary>Did every required check pass?</summary>
    public bool Healthy => Checks.All(c => !c.Required || c.Status == CheckStatus.Pass);

    /// <summary>The questions and answers, in the order of the table in <c>docs/checks.md</c>.</summary>
    public required IReadOnlyList<HostCheck> Checks { get; init; }

    /// <summary>The steps of the connect, in the order in which they were taken; where it failed, the failed one is the last.</summary>
    public IReadOnlyList<PreflightStep> Preflight { get; init; } = [];

    /// <summary>The check of that name, in any case; null where it was not selected.</summary>
    public HostCheck? this[string name] => Checks.FirstOrDefault(c => c.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>Its system: kernel, release and machine, as <c>uname</c> prints them; null where nobody answered.</summary>
    public string? System { get; init; }

    /// <summary>Its distribution and version, as it calls itself.</summary>
    public string? Release { get; init; }

    /// <summary>The user there.</summary>
    public string? User { get; init; }

    /// <summary>That user's login shell.</summary>
    public string? LoginShell { get; init; }

    /// <summary>What is free where the workspaces are.</summary>
    public long? FreeBytes { get; init; }

    /// <summary>How many files there is still room for there; null also where the file system sets no such limit.</summary>
    public long? FreeInodes { get; init; }

    /// <summary>Its memory.</summary>
    public long? MemoryTotalBytes { get; init; }

    /// <summary>What of it programs could still get.</summary>
    public long? MemoryAvailableBytes { get; init; }

    /// <summary>How many processes ran or wanted to, on average over the last minute.</summary>
    public double? LoadAverage { get; init; }

    /// <summary>How many processors it has.</summary>
    public int? Processors { get; init; }

    /// <summary>How far its clock is ahead of the one here; negative where it is behind. See <see cref="ClockUncertainty"/>.</summary>
    public TimeSpan? ClockOffset { get; init; }

    /// <summary>By how much <see cref="ClockOffset"/> may be wrong: half of the round trip, and up to half a second more where the host's date knows only whole ones.</summary>
    public TimeSpan? ClockUncertainty { get; init; }

    /// <summary>Its GPUs.</summary>
    public IReadOnlyList<HostGpu> Gpus { get; init; } = [];

    /// <summary>The AI agents it has.</summary>
    public IReadOnlyList<HostAgent> Agents { get; init; } = [];

    /// <summary>How many keys can be used there through the forwarded SSH agent; null without one that answers.</summary>
    public int? ForwardedKeys { get; init; }

    /// <summary>Does the host end what a user leaves behind at logout? Null where it does not say.</summary>
    public bool? KillsAtLogout { get; init; }

    /// <summary>How many tasks run there, whoever sent them.</summary>
    public int? TasksRunning { get; init; }

    /// <summary>How many workspaces of tasks that do not run any more are still there.</summary>
    public int? TasksLeft { get; init; }

    /// <summary>How long the whole check took.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>Why nobody answered; null where somebody did.</summary>
    public DispatchException? Failure { get; init; }
}
