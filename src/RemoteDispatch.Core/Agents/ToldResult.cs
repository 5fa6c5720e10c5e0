using System.Text;
using System.Text.Json;

namespace RemoteDispatch.Agents;

/// <summary>What an agent has told of its run so far.</summary>
internal sealed class ToldResult
{
    public const int LongestWord = 500;

    private readonly Dictionary<string, decimal> _numbers = new(StringComparer.Ordinal);
    private readonly StringBuilder _answer = new();
    private bool _hasAnswer;
    private string? _model;

    public string? Session { get; private set; }

    public string? Error { get; private set; }

    public AgentEnd? End { get; private set; }

    public AgentResult Result(AgentEnd why) => new()
    {
        Why = why,
        Answer = _hasAnswer ? Tail().TrimEnd('\n') : null,
        Session = Session,
        Model = _model,
        Turns = Count("turns"),
        InputTokens = Count("inputTokens"),
        OutputTokens = Count("outputTokens"),
        CostUsd = _numbers.TryGetValue("cost", out var cost) ? cost : null,
    };

    public void Take(OutputRule rule, JsonElement line)
    {
        foreach (var member in rule.Clears)
            Clear(member);
        End = rule.End ?? End;
        foreach (var (member, constant) in rule.Constants)
            Add(member, constant, rule.Adds);
        foreach (var (member, paths) in rule.Paths)
        {
            if (member is "turns" or "inputTokens" or "outputTokens" or "cost")
            {
                var found = paths.Select(p => Number(OutputRule.At(line, p))).OfType<decimal>().ToArray();
                if (found.Length > 0)
                    Add(member, found.Aggregate(0m, Sum), rule.Adds);
            }
            else if (paths.Select(p => OutputRule.TextAt(line, p)).FirstOrDefault(t => t is not null) is { } text)
            {
                Say(member, text, rule.Adds);
            }
        }
    }

    /// <summary>Puts text behind the answer, and lets go of its beginning when it grows too long.</summary>
    public void Append(string text)
    {
        _hasAnswer = true;
        _answer.Append(text);
        if (_answer.Length > 2 * AgentOutput.LongestAnswer)
            _answer.Remove(0, _answer.Length - AgentOutput.LongestAnswer);
    }

    private void Say(string member, string text, bool adds)
    {
        switch (member)
        {
            case "answer":
                if (!adds)
                    Clear(member);
                Append(text);
                break;
            case "session" when AgentProfile.IsSession(text):
                Session = text;
                break;
            case "model":
                _model = Text.OneLine(text, 200);
                break;
            case "error":
                Error = Text.OneLine(text, LongestWord);
                break;
        }
    }

    private void Clear(string member)
    {
        _numbers.Remove(member);
        switch (member)
        {
            case "answer":
                _answer.Clear();
                _hasAnswer = false;
                break;
            case "error":
                Error = null;
                break;
            case "end":
                End = null;
                break;
        }
    }

    private void Add(string member, decimal value, bool adds) => _numbers[member] = adds ? Sum(_numbers.GetValueOrDefault(member), value) : value;

    private static decimal Sum(decimal one, decimal other) => Math.Min(one + other, long.MaxValue);

    private static decimal? Number(JsonElement? value) =>
        value is { ValueKind: JsonValueKind.Number } number && number.TryGetDecimal(out var read) && read is >= 0 and <= long.MaxValue ? read : null;

    private long? Count(string member) => _numbers.TryGetValue(member, out var value) ? (long)value : null;

    private string Tail()
    {
        var text = _answer.Length > AgentOutput.LongestAnswer ? _answer.ToString(_answer.Length - AgentOutput.LongestAnswer, AgentOutput.LongestAnswer) : _answer.ToString();
        return text.Length > 0 && char.IsLowSurrogate(text[0]) ? text[1..] : text;
    }
}
