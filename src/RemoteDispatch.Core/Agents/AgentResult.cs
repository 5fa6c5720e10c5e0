namespace RemoteDispatch.Agents;

/// <summary>What came of an agent's run. Everything but <see cref="Why"/> is what the agent said of itself: data, and not proven.</summary>
public sealed record AgentResult
{
    /// <summary>Why it ended: the exit record, explained by the agent's profile.</summary>
    public required AgentEnd Why { get; init; }

    /// <summary>Its last answer; null where it gave none. At most <see cref="AgentOutput.LongestAnswer"/> characters.</summary>
    public string? Answer { get; init; }

    /// <summary>The session, to be resumed; null where none was told.</summary>
    public string? Session { get; init; }

    /// <summary>The model that answered; null where it is not told.</summary>
    public string? Model { get; init; }

    /// <summary>How many turns it took.</summary>
    public long? Turns { get; init; }

    /// <summary>How many tokens it read, those from a cache included.</summary>
    public long? InputTokens { get; init; }

    /// <summary>How many tokens it wrote.</summary>
    public long? OutputTokens { get; init; }

    /// <summary>What it cost, in US dollars, by the agent's own count.</summary>
    public decimal? CostUsd { get; init; }

    /// <summary>What it needs to know before it can go on, where it ended as <see cref="AgentEnd.Blocked"/>.</summary>
    public string? Question { get; init; }

    /// <summary>What the agent or its service said of the error; null where it said nothing or there was none. One line.</summary>
    public string? Error { get; init; }

    /// <summary>Results print as one line that is fit to be shown: why it ended, and what was said of that.</summary>
    public override string ToString() => (Question ?? Error ?? FirstLine) is { } said ? $"{Why}: {Text.OneLine(said.Trim(), 200)}" : Why.ToString();

    private string? FirstLine => Answer?.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).FirstOrDefault();
}
