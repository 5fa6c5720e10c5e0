using System.Text.Json;
using System.Text.Json.Nodes;
using RemoteDispatch.Tasks;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Watching;

/// <summary>What watches have done about one task.</summary>
internal sealed record WatchRecord
{
    /// <summary>Was its end announced?</summary>
    public bool IsAnnounced { get; init; }

    /// <summary>Was its log collected, or is there none to be had?</summary>
    public bool IsCollected { get; init; }

    /// <summary>What its pulses told.</summary>
    public Silence? Silence { get; init; }

    /// <summary>Is there nothing left to be done?</summary>
    public bool IsSettled => IsAnnounced && IsCollected;

    public byte[] Write(RemoteTask task)
    {
        var json = new JsonObject { ["version"] = 1, ["dispatched"] = Stamp(task), ["announced"] = IsAnnounced, ["collected"] = IsCollected };
        if (Silence is { Last: var last } silence)
        {
            json["silence"] = new JsonObject
            {
                ["uptime"] = last.Uptime.Ticks, ["logBytes"] = last.LogBytes, ["cpu"] = last.Cpu.Ticks, ["processes"] = last.Processes, ["family"] = last.Family,
                ["for"] = silence.For.Ticks, ["stalled"] = silence.IsStalled,
            };
        }

        return JsonSerializer.SerializeToUtf8Bytes(json);
    }

    /// <summary>Reads one. What cannot be read, or belongs to an earlier task of that id, is as good as none: what was done is done again.</summary>
    public static WatchRecord Read(ReadOnlySpan<byte> content, RemoteTask task)
    {
        try
        {
            if (content.IsEmpty || JsonNode.Parse(content) is not JsonObject json || (string?)json["dispatched"] != Stamp(task))
                return new WatchRecord();
            var silence = json["silence"] is JsonObject s ? new Silence(
                new TaskPulse(new TimeSpan((long)s["uptime"]!), (long)s["logBytes"]!, new TimeSpan((long)s["cpu"]!), (int)s["processes"]!, (string)s["family"]!),
                new TimeSpan((long)s["for"]!), (bool)s["stalled"]!) : null;
            return new WatchRecord { IsAnnounced = (bool?)json["announced"] ?? false, IsCollected = (bool?)json["collected"] ?? false, Silence = silence };
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or ArgumentException)
        {
            return new WatchRecord();
        }
    }

    // Which of the tasks that had this id: the ledger's own time of the dispatch.
    internal static string Stamp(RemoteTask task) => (task.Dispatched ?? task.Started)?.ToUnixTimeMilliseconds().ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "";
}
