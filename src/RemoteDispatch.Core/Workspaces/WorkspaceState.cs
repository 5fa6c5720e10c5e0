using System.Globalization;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Workspaces;

/// <summary>What a workspace says of its task. Times are the host's own clock, to the second.</summary>
internal abstract record WorkspaceState
{
    private static readonly char[] Blank = [' '];

    /// <summary>What the task's sandbox is, as its wrapper found it; null where it has none, or has not begun.</summary>
    public TaskSandbox? Sandbox { get; init; }

    /// <summary>Reads what <c>rd_state</c> prints.</summary>
    /// <exception cref="FormatException">It is none of the states.</exception>
    public static WorkspaceState Parse(string line)
    {
        // running+bwrap PID …
        var end = line.IndexOf(' ', StringComparison.Ordinal) is >= 0 and var blank ? blank : line.Length;
        return line.IndexOf('+', 0, end) is >= 0 and var plus
            ? ParseBare(line[..plus] + line[end..]) with { Sandbox = TaskSandbox.Parse(line[(plus + 1)..end]) }
            : ParseBare(line);
    }

    private static WorkspaceState ParseBare(string line)
    {
        var words = line.Split(' ');
        return words[0] switch
        {
            "absent" => new Absent(),
            "claimed" => new Claimed(Time(words[2]), ThisBoot: words[1] == "yes"),
            "running" => new Running(ProcessIdentity.Parse(words.AsSpan(1, 4)), Time(words[5])),
            "lost" => new Lost(Time(words[1])),
            "ended" => ParseEnded(line),
            _ => throw new FormatException($"The host reported the state {Text.Show(line)}."),
        };
    }

    /// <summary>The same, where one task's damaged records must not hide the others.</summary>
    public static WorkspaceState ParseOrUnreadable(string line)
    {
        try
        {
            return Parse(line);
        }
        catch (Exception e) when (e is FormatException or OverflowException or IndexOutOfRangeException or ArgumentException)
        {
            return new Unreadable(Text.Show(line));
        }
    }

    internal static DateTimeOffset Time(string seconds) => DateTimeOffset.FromUnixTimeSeconds(long.Parse(seconds, CultureInfo.InvariantCulture));

    private static Ended ParseEnded(string line)
    {
        var words = line.Split(Blank, 6);
        var kind = words[1] switch
        {
            "exited" => EndKind.Exited,
            "timed-out" => EndKind.TimedOut,
            "stopped" => EndKind.Stopped,
            "launch-failed" => EndKind.LaunchFailed,
            _ => throw new FormatException($"The host reported the end {Text.Show(words[1])}."),
        };
        return new Ended(kind, int.Parse(words[2], CultureInfo.InvariantCulture), Time(words[3]), Time(words[4]), Text.OneLine(words.ElementAtOrDefault(5)?.Trim() ?? "", 400));
    }
}

/// <summary>There is no such workspace.</summary>
internal sealed record Absent : WorkspaceState;

/// <summary>The id is taken, and the wrapper has not passed its gate: it is about to, or its launch died.</summary>
internal sealed record Claimed(DateTimeOffset At, bool ThisBoot) : WorkspaceState;

/// <summary>The wrapper lives.</summary>
internal sealed record Running(ProcessIdentity Process, DateTimeOffset Started) : WorkspaceState;

/// <summary>The wrapper is gone and left no record: a reboot, a kill -9.</summary>
internal sealed record Lost(DateTimeOffset Started) : WorkspaceState;

/// <summary>The exit record is there.</summary>
internal sealed record Ended(EndKind Kind, int ExitCode, DateTimeOffset Started, DateTimeOffset Finished, string Why) : WorkspaceState;

/// <summary>Its records are damaged: what it is cannot be said.</summary>
internal sealed record Unreadable(string Said) : WorkspaceState;

/// <summary>How a task ended.</summary>
internal enum EndKind
{
    Exited,
    TimedOut,
    Stopped,
    LaunchFailed,
}

/// <summary>What tells a process from a later one with the same number.</summary>
/// <param name="Pid">Its number on the host (in a container: the container's own).</param>
/// <param name="ProcessGroup">Its process group and session.</param>
/// <param name="StartTime">When it started, as the host counts: clock ticks since boot on Linux.</param>
/// <param name="BootId">Which boot of the host it belongs to.</param>
public sealed record ProcessIdentity(int Pid, int ProcessGroup, string StartTime, string BootId)
{
    internal static ProcessIdentity Parse(ReadOnlySpan<string> words) => new(
        int.Parse(words[0], CultureInfo.InvariantCulture), int.Parse(words[1], CultureInfo.InvariantCulture), Plain(words[2]), Plain(words[3]));

    // They are shown to people: nothing that could move a terminal's cursor.
    private static string Plain(string word) =>
        word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || c is ':' or '_' or '-') ? word : throw new FormatException($"{Text.Show(word)} is no part of a process record.");
}
