using System.Text.Json;
using System.Text.Json.Nodes;
using RemoteDispatch.Hosts;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Logs;

/// <summary>Whose log a copy is.</summary>
internal sealed record CopyOwner
{
    public required TaskFile File { get; init; }

    /// <summary>When the task was dispatched, to the millisecond; null where that is not known here.</summary>
    public DateTimeOffset? Dispatched { get; init; }

    /// <summary>When the task started: a given id may be used again after a clean-up.</summary>
    public DateTimeOffset? Started { get; init; }

    /// <summary>When it ended; null while it has not.</summary>
    public DateTimeOffset? Finished { get; init; }
}

/// <summary>
/// What is known of a copy of a log, in a small file beside it (<c>….log.proof</c>): whose it is, and what proves it. Without it, or where it
/// does not fit the copy, the log is fetched whole: it saves bytes, and no copy needs it to be read.
/// </summary>
internal sealed record CopyRecord
{
    private const string Extension = ".proof";

    public required CopyOwner Owner { get; init; }

    /// <summary>Had the task ended when the last byte was read?</summary>
    public required bool IsComplete { get; init; }

    /// <summary>
    /// Is nothing masked in it? Then its own bytes prove that the host's log begins with it. No hash of the host's bytes is kept here: where a secret
    /// is masked, it would tell whoever guesses at that when he is right.
    /// </summary>
    public required bool IsExact { get; init; }

    /// <summary>How long the copy is: an offset in the log, too.</summary>
    public required long Length { get; init; }

    /// <summary>The SHA-256 of the copy.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Did the host prove it?</summary>
    public required bool IsProven { get; init; }

    /// <summary>Is it of the same log? The clock of a host tells seconds.</summary>
    public bool IsOf(CopyOwner owner) =>
        Owner.File.Id == owner.File.Id && Owner.File.What == owner.File.What
        && string.Equals(Owner.File.Host.Name, owner.File.Host.Name, StringComparison.OrdinalIgnoreCase)
        && Owner.File.Host.Container == owner.File.Host.Container
        && (Owner.Started is null || owner.Started is null || Owner.Started == owner.Started);

    /// <summary>
    /// Is it all of the log that there will ever be? Two tasks of one id can start and end in the same seconds: only one of them was dispatched
    /// at that millisecond.
    /// </summary>
    public bool IsAllOf(CopyOwner owner) =>
        IsComplete && IsProven && IsOf(owner) && owner.Dispatched is not null && JsonTime.Write(Owner.Dispatched) == JsonTime.Write(owner.Dispatched) && Owner.Started == owner.Started && owner.Finished is not null && Owner.Finished == owner.Finished;

    /// <summary>Writes it beside a copy.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.LocalFile"/>.</exception>
    public void Write(string copy) => SafeFile.Write(copy + Extension, JsonSerializer.SerializeToUtf8Bytes(new JsonObject
    {
        ["version"] = 1,
        ["id"] = Owner.File.Id,
        ["host"] = Owner.File.Host.Name,
        ["container"] = Owner.File.Host.Container.Value,
        ["file"] = Owner.File.What.ToString(),
        ["dispatched"] = JsonTime.Write(Owner.Dispatched),
        ["started"] = JsonTime.Write(Owner.Started),
        ["finished"] = JsonTime.Write(Owner.Finished),
        ["complete"] = IsComplete,
        ["exact"] = IsExact,
        ["length"] = Length,
        ["sha256"] = Sha256,
        ["proven"] = IsProven,
    }));

    /// <summary>Reads the one beside a copy. One that is missing, damaged or of a later version is none.</summary>
    public static CopyRecord? Read(string copy, TaskFile asked)
    {
        try
        {
            var json = JsonNode.Parse(File.ReadAllBytes(copy + Extension))!;
            var host = asked.Host with { Name = (string)json["host"]!, Container = ContainerChoice.Parse((string?)json["container"]) };
            return (int)json["version"]! != 1 ? null : new CopyRecord
            {
                Owner = new CopyOwner
                {
                    File = new TaskFile(host, (string)json["id"]!, Enum.Parse<FeedWhat>((string)json["file"]!)),
                    Dispatched = JsonTime.Read(json["dispatched"]),
                    Started = JsonTime.Read(json["started"]),
                    Finished = JsonTime.Read(json["finished"]),
                },
                IsComplete = (bool)json["complete"]!,
                IsExact = (bool)json["exact"]!,
                Length = (long)json["length"]!,
                Sha256 = (string)json["sha256"]!,
                IsProven = (bool)json["proven"]!,
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or FormatException or InvalidOperationException
            or ArgumentException or NullReferenceException or DispatchException)
        {
            return null;
        }
    }
}
