using System.Text;
using System.Text.Json;

namespace RemoteDispatch.Agents;

/// <summary>
/// Reads an agent's log as it comes and keeps what its profile looks for. However long the log is, no more than a line and an answer is kept; what
/// cannot be understood is passed over. Not for two threads at once.
/// </summary>
/// <param name="profile">The agent's profile.</param>
/// <param name="call">What the run was to have, where that is known: some agents say nothing of a limit of turns that they have reached.</param>
public sealed class AgentOutput(AgentProfile profile, AgentCall? call = null)
{
    /// <summary>The longest answer that is kept, in characters: 1 Mi. Of a longer one, the end is.</summary>
    public const int LongestAnswer = 1 << 20;

    private const int LongestLine = 16 << 20;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 64 };

    private readonly LogLines _log = new(LongestLine);
    private readonly LogLines _error = new(LongestLine);
    private readonly ToldResult _told = new();
    private readonly bool _isText = profile.Output.All(r => r.Line is not null);
    private AgentEnd? _lineEnd;
    private string? _lineError;

    /// <summary>The session, as soon as it was told; null before.</summary>
    public string? Session => _told.Session;

    /// <summary>Takes the next bytes of the log, cut anywhere.</summary>
    public void Read(ReadOnlySpan<byte> log) => _log.Read(log, ReadLine);

    /// <summary>Takes the next bytes of a stderr that has a log of its own.</summary>
    public void ReadError(ReadOnlySpan<byte> log) => _error.Read(log, ReadErrorLine);

    /// <summary>What came of it. The exit record decides; what was printed only explains it.</summary>
    public AgentResult Finish(AgentExit exit)
    {
        ArgumentNullException.ThrowIfNull(exit);
        _log.Finish(ReadLine);
        _error.Finish(ReadErrorLine);
        var why = Why(exit);
        return _told.Result(why) with
        {
            Question = why == AgentEnd.Blocked ? exit.Question : null,
            Error = why == AgentEnd.Completed ? null : _told.Error ?? _lineError,
        };
    }

    private bool HasReachedLimit => profile.CountsTurns && call?.MaxTurns is { } limit && _told.Result(AgentEnd.Completed).Turns >= limit;

    private AgentEnd Why(AgentExit exit)
    {
        if (exit.Stopped)
            return AgentEnd.Stopped;
        if (exit.TimedOut)
            return AgentEnd.TimedOut;
        if (exit.Code == 0)
            return exit.Question is not null ? AgentEnd.Blocked : _told.End ?? (HasReachedLimit ? AgentEnd.TurnLimit : AgentEnd.Completed);
        if (exit.Code is { } code && profile.Exits.TryGetValue(code, out var known))
            return known;
        // Whatever it says of its success, it has failed. A line that is no JSON may be anybody's: it only explains what nothing else does.
        return _told.End is { } end and not AgentEnd.Completed ? end : _lineEnd ?? AgentEnd.Crashed;
    }

    private void ReadLine(ReadOnlyMemory<byte> line)
    {
        if (!ReadJson(line))
            ReadText(line, isAnswer: _isText);
    }

    private void ReadErrorLine(ReadOnlyMemory<byte> line)
    {
        if (!ReadJson(line))
            ReadText(line, isAnswer: false);
    }

    private bool ReadJson(ReadOnlyMemory<byte> line)
    {
        var start = line.Span.IndexOfAnyExcept((byte)' ', (byte)'\t');
        if (_isText || start < 0 || line.Span[start] != (byte)'{')
            return false;
        try
        {
            using var document = JsonDocument.Parse(line, Options);
            foreach (var rule in profile.Output.Where(r => r.IsAbout(document.RootElement)))
                _told.Take(rule, document.RootElement);
            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            return false;
        }
    }

    private void ReadText(ReadOnlyMemory<byte> line, bool isAnswer)
    {
        // Nothing that explains anything is longer.
        var text = Encoding.UTF8.GetString(isAnswer ? line.Span : line.Span[..Math.Min(line.Length, 4096)]).TrimEnd('\r');
        if (isAnswer)
            _told.Append(text + "\n");
        var rule = profile.Output.LastOrDefault(r => r.Line?.Any(p => text.Contains(p, StringComparison.OrdinalIgnoreCase)) == true);
        if (rule is not null)
            (_lineEnd, _lineError) = (rule.End ?? _lineEnd, Text.OneLine(text.Trim(), ToldResult.LongestWord));
    }
}
