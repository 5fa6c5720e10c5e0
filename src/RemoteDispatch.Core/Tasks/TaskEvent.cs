namespace RemoteDispatch.Tasks;

/// <summary>What an event is about.</summary>
public enum TaskEventKind
{
    /// <summary>What the task is doing now (<c>rd status</c>).</summary>
    Status,

    /// <summary>A text for people (<c>rd message</c>).</summary>
    Message,

    /// <summary>The use of a tool: data with a key <c>tool</c> (<c>rd event tool=…</c>, <c>rd hook</c>).</summary>
    Tool,

    /// <summary>Other data (<c>rd event</c>).</summary>
    Data,

    /// <summary>A person is needed, and for what (<c>rd blocked</c>).</summary>
    Blocked,

    /// <summary>The task says that its work is done (<c>rd done</c>). How it ended, its state alone tells.</summary>
    Done,

    /// <summary>The limit of what is kept was reached: what the task reported after this is lost.</summary>
    Dropped,

    /// <summary>A line that is no event; its text is shown as it is.</summary>
    Unknown,
}

/// <summary>
/// One thing that a task reported of itself. It is a claim from outside: it decides nothing about the task's state, and its texts
/// may hold anything.
/// </summary>
public sealed record TaskEvent
{
    /// <summary>The task.</summary>
    public required string TaskId { get; init; }

    /// <summary>Its host.</summary>
    public required string HostName { get; init; }

    /// <summary>What it is about.</summary>
    public required TaskEventKind Kind { get; init; }

    /// <summary>When, by the host's clock, to the second; null where that is not known.</summary>
    public DateTimeOffset? Time { get; init; }

    /// <summary>What was said; of data, a summary of it.</summary>
    public required string Text { get; init; }

    /// <summary>The data, by key; empty where there is none.</summary>
    public IReadOnlyDictionary<string, string> Data { get; init; } = new Dictionary<string, string>();

    /// <summary>Was there more than an event can hold?</summary>
    public bool IsCut { get; init; }

    /// <summary>The offset of its line among the events of the task, in bytes.</summary>
    public long Offset { get; init; }

    /// <summary>The offset behind its line: a cursor for ever, for <see cref="EventQuery.Offset"/>.</summary>
    public long NextOffset { get; init; }

    /// <summary>The text as one line of at most 200 characters, none of which moves a terminal's cursor.</summary>
    public string Summary => RemoteDispatch.Text.OneLine(Text, 200);

    /// <summary>Events print as what they are about and their text, in one line.</summary>
    public override string ToString() => $"{Kind}: {Summary}";
}
